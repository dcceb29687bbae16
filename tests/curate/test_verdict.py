import pytest

from s1repro.curate.verdict import Verdict, answer_kind, is_gradable, is_right, judged, reference, share_right


@pytest.mark.parametrize(
    ("solution", "attempt", "metadata", "right"),
    [
        ("12", "So it is.\nAnswer: 12", '{"kind": "exact"}', True),
        ("12", "So it is.\nAnswer: 13", '{"kind": "exact"}', False),
        ("1/2", "Answer: 0.5", '{"kind": "exact"}', False),
        ("1/2", "Answer: 0.5", '{"kind": "math"}', True),
        ("Half of it, so \\boxed{\\frac{1}{2}}.", "It is \\boxed{0.5}", "free text", True),
        ("Half of it, so \\boxed{\\frac{1}{2}}.", "It is \\boxed{0.6}", "free text", False),
        ("1.\nFirst \\boxed{7}", "Answer: 1", "free text", False),
        ("1.\nFirst \\boxed{7}", "Answer: 7", "free text", True),
        ("By the law.\n\nAnswer: C", "The answer is this.\nAnswer: C", "{'Subdomain': 'x'}", True),
        ("By the law.\n\nAnswer: C", "The answer is this.\nAnswer: (B)", "{'Subdomain': 'x'}", False),
    ],
)
def test_is_right(make_row, solution, attempt, metadata, right):
    assert is_right(make_row(solution=solution, attempt=attempt, metadata=metadata)) == right


@pytest.mark.parametrize("verdict", [True, False])
def test_a_grade_that_came_with_the_row_stands(make_row, verdict):
    attempt = f"Answer: {4 + verdict}"  # compared offline, it would be the other way round
    assert is_right(make_row(solution="4", attempt=attempt, grades={"teacher": verdict})) == verdict
    assert is_right(make_row(solution="4", attempt=attempt, grades={"solver1": verdict})) != verdict


@pytest.mark.parametrize(
    ("solution", "metadata", "gradable"),
    [
        ("Assume not. Then there is a smallest one, from which we get a smaller one.", "{}", False),
        ("Assume not.\nThat cannot be. \\boxed{3}", "{}", True),
        ("Because of the law that we all know and love. So it is the third.\n\nAnswer: C", "{}", True),
        ("one line of code and\nanother", '{"kind": "exact"}', False),
        ("one line of code and\nAnswer: another", '{"kind": "exact"}', True),
    ],
)
def test_is_gradable(make_row, solution, metadata, gradable):
    assert is_gradable(make_row(solution=solution, metadata=metadata)) == gradable


@pytest.mark.parametrize(
    ("solution", "metadata", "expected", "kind"),
    [
        ("12", '{"kind": "exact"}', "12", "exact"),
        ("12", '{"kind": "novel"}', "12", "math"),
        ("Because.\nAnswer: D", "{}", "D", "choice"),
        ("(B)", "{}", "(B)", "choice"),
        ("BAD", "{}", "BAD", "math"),
    ],
)
def test_reference_and_kind(make_row, solution, metadata, expected, kind):
    row = make_row(solution=solution, metadata=metadata)
    assert (reference(row), answer_kind(row)) == (expected, kind)


PROOF = "Assume not. Then there is a smallest one, from which we get a smaller one."
WORKED = "We see that 3 + 4 = 7.\nThen 7 + 5 = 12, which was to be shown."


@pytest.mark.parametrize(
    ("solution", "attempt", "verdict"),
    [
        ("12", "Answer: 12", Verdict.RIGHT),
        ("12", "Answer: 13", Verdict.WRONG),
        (PROOF, "Answer: 12", Verdict.CANNOT_TELL),
        (PROOF, PROOF, Verdict.CANNOT_TELL),
        (WORKED, WORKED, Verdict.CANNOT_TELL),
        (WORKED, "Answer: 12", Verdict.CANNOT_TELL),
        ("12", WORKED, Verdict.CANNOT_TELL),
        (f"{WORKED}\n\\boxed{{12}}", "So it is \\boxed{12}.", Verdict.RIGHT),
        ("12", "So we have it.\nThe final answer is 12.", Verdict.RIGHT),
        ("12", "", Verdict.WRONG),
        ("", "Answer: 12", Verdict.CANNOT_TELL),
    ],
)
def test_the_verdict_has_a_third_value(make_row, solution, attempt, verdict):
    row = make_row(solution=solution, attempt=attempt, metadata="{}")
    assert judged(row) is verdict
    assert is_right(row) == (verdict is Verdict.RIGHT)


def test_what_nobody_can_tell_is_in_no_share(make_row):
    rows = [make_row(solution="12", attempt=f"Answer: {number}", metadata="{}") for number in (12, 12, 13)]
    assert share_right(rows, is_right) == pytest.approx(2 / 3)
    assert share_right([*rows, make_row(solution=PROOF, attempt=PROOF, metadata="{}")], is_right) == pytest.approx(
        2 / 3
    )
    assert share_right([make_row(solution=PROOF, attempt=PROOF, metadata="{}")], is_right) is None
