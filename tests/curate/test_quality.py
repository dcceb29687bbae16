import pytest

from s1repro.curate.quality import formatting, teacher_failures, unfeatured


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"question": ""}, "no question"),
        ({"solution": " \n"}, "no solution"),
        ({"trace": ""}, "no trace"),
        ({"attempt": ""}, "no attempt"),
        ({"attempt": "Answer: 5"}, None),  # wrong is not failed
    ],
)
def test_teacher_failures(make_row, fields, reason):
    result = teacher_failures([make_row("other"), make_row("this", **fields)])
    assert [row.id for row in result.kept] == (["other", "this"] if reason is None else ["other"])
    assert [(drop.row.id, drop.reason) for drop in result.dropped] == (
        [] if reason is None else [("this", f"teacher failure: {reason}")]
    )


WHOLE = {"teacher": True, "solver1": False, "solver2": False}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"grades": WHOLE}, None),
        ({"grades": WHOLE, "domain": ""}, "domain"),
        ({"grades": {"teacher": True, "solver2": False}}, "grade of solver1"),
        ({"grades": {}}, "grade of teacher"),
        ({"grades": {"solver1": True, "solver2": True}}, "grade of teacher"),
        ({"grades": {"solver1": True, "solver2": True}, "trace": ""}, None),  # a teacher is yet to be asked
    ],
)
def test_unfeatured(make_row, fields, reason):
    result = unfeatured([make_row(**fields)])
    assert [drop.reason for drop in result.dropped] == ([] if reason is None else [f"missing feature: {reason}"])
    assert len(result.kept) == (reason is None)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("A plain question about p and 2.", None),
        ("See [asy] draw(A--B); [/asy].", "[asy] figure"),
        ("See ![Image](x.png).", "image"),
        ("See ![image](x.png).", None),
        ("p1. Prove it.", "numbered part"),
        ("Then p37. and so on", "numbered part"),
        ("p999.", "numbered part"),
        ("step7. go", "numbered part"),
        ("p1000.", None),
        ("p0.", None),
        ("p05.", None),
        ("p12", None),
        ("P1.", None),
        ("**12** eggs", "bold number"),
        ("**Problem 4.** Show", None),
        ("**5. (10 points)** Show", None),
        ("**(a)** Let n=3", "bold number"),
        ("**(a)** Let n be\n3", None),
        ("**(a]** Let n=3", None),
        ("Let n=3 **(a)**", None),
        ("**one** 2 **three**", "bold number"),
        ("a ** 2 + b ** 2", None),
        ("**no\n2 lines**", None),
    ],
)
def test_formatting(make_row, question, reason):
    result = formatting([make_row(question=question)])
    assert [drop.reason for drop in result.dropped] == ([] if reason is None else [f"bad formatting: {reason}"])
    assert len(result.kept) == (reason is None)


@pytest.mark.parametrize(
    ("source", "question", "kept"),
    [
        ("qq8933/AIME_1983_2024", "[asy] x [/asy]", True),
        ("AIME", "[asy] x [/asy]", True),
        ("qfq/openaimath/Geometry", "[asy] x [/asy]", False),
        ("AIME", "[asy] pair p1.x; [/asy] ![Image]", True),  # as the public code goes: figures are looked at first
        ("AIME", "p1. ![Image]", False),
    ],
)
def test_figures_of_aime_are_kept(make_row, source, question, kept):
    assert bool(formatting([make_row(question=question, source_type=source)]).kept) == kept


def test_what_a_teacher_is_yet_to_be_asked_for_is_no_failure(make_row):
    rows = [
        make_row("asked", trace="", attempt=""),
        make_row("traced"),
        make_row("torn", trace=" ", attempt="Answer: 4"),
        make_row("mute", attempt=""),
        make_row("blank", trace="", question=" "),
        make_row("unsolved", trace="", solution=""),
    ]
    filtered = teacher_failures(rows, asking=True)
    assert [row.id for row in filtered.kept] == ["asked", "traced", "torn"]
    assert {drop.row.id: drop.reason for drop in filtered.dropped} == {
        "mute": "teacher failure: no attempt",
        "blank": "teacher failure: no question",
        "unsolved": "teacher failure: no solution",
    }
