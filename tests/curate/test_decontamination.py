import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.curate.decontamination import contaminated, duplicates

TEXT = st.lists(st.sampled_from(["a", "b", "A", "c", "\n", "  "]), max_size=12).map(" ".join)


def slow(question, measured, n):
    """The rule as a person would check it: lay every run of words beside every other."""
    mine, theirs = question.lower().split(), measured.lower().split()
    n = min(n, len(theirs))
    return n > 0 and any(
        mine[i : i + n] == theirs[j : j + n] for i in range(len(mine) - n + 1) for j in range(len(theirs) - n + 1)
    )


@given(st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=5), st.integers(1, 5))
def test_agrees_with_the_slow_reference(make_row, questions, measured, n):
    rows = [make_row(str(i), question=question) for i, question in enumerate(questions)]
    result = contaminated(rows, {"toy": measured}, n, match="words")
    bad = [row for row in rows if any(slow(row.question, text, n) for text in measured)]
    assert [drop.row for drop in result.dropped] == bad
    assert result.kept == [row for row in rows if row not in bad]


EIGHT = "one two three four five six seven eight"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (EIGHT, "shares 8 words in a row with"),
        (f"So: {EIGHT.upper()} nine", "shares 8 words in a row with"),
        (EIGHT.replace(" ", "\n\t "), "shares 8 words in a row with"),
        (f"short one {EIGHT}", "shares 8 words in a row with"),
        ("one two three four five six seven", None),
        ("one two three four FIVE six seven, eight", None),
        ("short one", "holds the whole of"),
        ("here is a Short  one for you", "holds the whole of"),
        ("short and one", None),
        ("one", None),
    ],
)
def test_eight_words_in_a_row(make_row, question, reason):
    result = contaminated([make_row(question=question)], {"toy": [f"zero {EIGHT}", "short one", ""]}, 8, match="words")
    assert [drop.reason for drop in result.dropped] == ([f"{reason} a benchmark question"] if reason else [])


@pytest.mark.parametrize(
    ("source", "stays"),
    [("qq8933/AIME_1983_2024", True), ("qq8933/aime_1983_2024/x", True), ("AI-MO/NuminaMath-CoT/amc_aime", False)],
)
def test_exempt_sources_stay(make_row, source, stays):
    row = make_row(question=EIGHT, source_type=source)
    assert (contaminated([row], {"toy": [EIGHT]}, 8, exempt=["qq8933/AIME_1983_2024"]).kept == [row]) == stays
    assert contaminated([row], {"toy": [EIGHT]}, 8).kept == []


def test_the_first_of_equal_questions_stays(make_row):
    rows = [make_row("b", question="x y"), make_row("a", question="x\n y "), make_row("c", question="X y")]
    result = duplicates(rows)
    assert [row.id for row in result.kept] == ["b", "c"]
    assert [(drop.row.id, drop.reason) for drop in result.dropped] == [("a", "exact duplicate")]


def test_a_senseless_n_is_refused():
    with pytest.raises(ValueError, match=r"selection\.ngram is 0"):
        contaminated([], {}, 0)


MEASURED = "What is the value of $x + \\frac{1}{2}$ where x's naïve inverse is 3?"


@pytest.mark.parametrize(
    "respelt",
    [
        MEASURED.replace("x + \\frac", " x+ \\frac").replace("}{", "} {"),
        MEASURED.replace("value", "va\u200blue").replace("What", "\ufeffWhat"),
        MEASURED.replace("ï", "i\u0308"),
        MEASURED.replace("where", ", where:").rstrip("?"),
        MEASURED.replace("'", "\u2019").upper().replace("\\FRAC", "\\frac"),
        MEASURED.replace("$x + \\frac{1}{2}$", "\\(x + \\frac{1}{2}\\)"),
    ],
    ids=[
        "spaces in a formula",
        "invisible characters",
        "accents composed",
        "punctuation",
        "quotes and case",
        "delimiters",
    ],
)
def test_another_spelling_is_the_same_question_but_for_the_public_rule(make_row, respelt):
    row = make_row(question=respelt)
    (drop,) = contaminated([row], {"toy": ["another", MEASURED]}, 20).dropped
    assert drop.detail.startswith("question 2 of toy: what is the value of ")
    assert contaminated([row], {"toy": ["another", MEASURED]}, 20, match="words").kept == [row]


def test_a_short_question_is_not_found_in_a_longer_one_by_its_bare_words(make_row):
    longer, same = make_row(question="What is 1 plus 1?"), make_row(question="what is 1")
    assert contaminated([longer, same], {"toy": ["What is 1?"]}, 8).kept == [longer]


def test_another_formula_is_another_question(make_row):
    row = make_row(question=MEASURED.replace("{2}", "{3}"))
    assert contaminated([row], {"toy": [MEASURED]}, 20).kept == [row]


def test_the_words_and_the_question_that_are_shared_are_told(make_row):
    row = make_row(question=f"So: {EIGHT.upper()} nine")
    (drop,) = contaminated([row], {"first": ["x"], "second": ["y", f"zero {EIGHT}"]}, 8).dropped
    assert (drop.reason, drop.detail) == (
        "shares 8 words in a row with a benchmark question",
        f"question 2 of second: {EIGHT}",
    )


@given(st.text("ab $\n.", max_size=30), st.text("ab $\n.", max_size=30), st.integers(1, 5))
def test_what_the_public_rule_finds_is_found(make_row, question, measured, n):
    row = make_row(question=question)
    if contaminated([row], {"toy": [measured]}, n, match="words").dropped:
        assert contaminated([row], {"toy": [measured]}, n).dropped
