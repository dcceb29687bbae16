import pytest

from s1repro.curate.domains import class_names, classify, msc_class


def test_the_list_is_msc_2020():
    names = class_names()
    assert len(names) == 63
    assert list(names) == sorted(names)
    assert (names["11"], names["81"]) == ("Number theory", "Quantum theory")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("11", "11"),
        (" 05 ", "05"),
        ("11A05", "11"),
        ("11-XX", "11"),
        ("92 Biology", "92"),
        ("quantum THEORY", "81"),
        ("$K$-theory", "19"),
        ("Special functions (33-XX deals with the properties of functions as functions)", "33"),
        ("Information and communication, circuits", "94"),
        ("02", None),
        ("110", None),
        ("1", None),
        ("Algebra", None),
        ("", None),
    ],
)
def test_labels(label, expected):
    assert msc_class(label) == expected


def test_every_class_has_a_name_that_leads_back_to_it():
    assert all(msc_class(name) == code for code, name in class_names().items())


def test_classify(make_row):
    rows = classify([make_row("a", domain="11A05"), make_row("b", domain="Statistics")])
    assert [(row.id, row.domain) for row in rows] == [("a", "11"), ("b", "62")]


@pytest.mark.parametrize(("label", "says"), [("Magic", "its domain is 'Magic'"), ("", "its domain is missing")])
def test_an_unknown_label_names_the_row(make_row, label, says):
    with pytest.raises(ValueError, match=f"row r9 .line 4 of the pool.: {says}; give a class"):
        classify([make_row("a"), make_row("r9", domain=label, line=4)])


def test_the_complaint_counts_all_rows_without_a_class(make_row):
    with pytest.raises(ValueError, match=r"row b .* 2 of 3 rows have none; selection=random, longest and full"):
        classify([make_row("a"), make_row("b", domain=""), make_row("c", domain="Magic")])
