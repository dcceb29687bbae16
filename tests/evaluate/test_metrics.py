"""The metrics against the paper's printed numbers, and the intervals against known ones."""

from __future__ import annotations

import math
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.evaluate.metrics import (
    control,
    least_difference,
    paired_difference,
    performance,
    resolution,
    scaling,
    wilson,
)

BUDGETS = [1024, 2048, 4096, 8192, 16384]
AIME24 = 30
"""Questions. The paper prints percents; behind them are counts of right answers."""
TCC_TOKENS, TCC_RIGHT = [7939, 7158, 8263, 7108, 7500], [8, 9, 10, 10, 12]
TCC_BF_TOKENS, TCC_BF_RIGHT = [1024, 2048, 4031, 5664, 6330], [1, 9, 10, 10, 12]
BF_TOKENS, BF_RIGHT = [500, 1000, 2000, 3933, 5302, 6656, 7323], [0, 4, 9, 13, 15, 16, 17]


def percent(right: list[int], questions: int = AIME24) -> list[float]:
    return [100 * count / questions for count in right]


def test_the_counts_are_the_printed_accuracies() -> None:
    assert [round(value, 1) for value in percent(TCC_RIGHT)] == [26.7, 30.0, 33.3, 33.3, 40.0]
    assert [round(value, 1) for value in percent(TCC_BF_RIGHT)] == [3.3, 30.0, 33.3, 33.3, 40.0]
    assert [round(value, 1) for value in percent(BF_RIGHT)] == [0.0, 13.3, 30.0, 43.3, 50.0, 53.3, 56.7]


@pytest.mark.parametrize(
    ("tokens", "right", "upper", "printed"),
    [
        (TCC_TOKENS, TCC_RIGHT, BUDGETS, ("40", "-24", "40.0")),
        (TCC_BF_TOKENS, TCC_BF_RIGHT, BUDGETS, ("100", "13", "40.0")),
        (BF_TOKENS, BF_RIGHT, max(BF_TOKENS), ("100", "15", "56.7")),  # each cap was kept, the last one is `auto`
    ],
)
def test_table_3_to_the_printed_digit(
    tokens: list[int], right: list[int], upper: float | list[int], printed: tuple[str, str, str]
) -> None:
    accuracy = percent(right)
    found = control(tokens, 0, upper), scaling(tokens, accuracy), performance(accuracy)
    assert (f"{100 * found[0]:.0f}", f"{found[1]:.0f}", f"{found[2]:.1f}") == printed


def test_a_linear_axis_does_not_give_the_printed_scaling() -> None:
    assert f"{scaling(TCC_TOKENS, percent(TCC_RIGHT), axis='linear'):.1f}" == "-4.8"


@pytest.mark.parametrize(
    ("won", "lost", "printed"),
    [
        (0, 4, "-13.3: -26.7 to -3.3"),  # 1K-random, 36.7
        (0, 7, "-23.3: -40.0 to -10.0"),  # 1K-diverse, 26.7
        (2, 7, "-16.7: -36.7 to +0.0"),  # 1K-longest, 33.3
        (4, 3, "+3.3: -13.3 to +20.0"),  # 59K-full, 53.3
    ],
)
def test_table_2_to_the_printed_digit(won: int, lost: int, printed: str) -> None:
    # Against s1K's 15 of 30. The paper prints no questions; these are the only counts that give what it prints.
    assert intervals_of(won - lost)[won] == printed
    assert [split for split, interval in intervals_of(won - lost).items() if interval == printed] == [won]


@cache
def intervals_of(net: int) -> dict[int, str]:
    """For each number of won questions the paired interval, where as many more were won than lost."""
    made = {}
    for won in range(max(0, net), 9):
        a = [1.0] * won + [0.0] * (AIME24 - won)
        b = [0.0] * (AIME24 - (won - net)) + [1.0] * (won - net)
        found = paired_difference(a, b, seed=0)
        made[won] = f"{100 * found.value:+.1f}: {100 * found.low:+.1f} to {100 * found.high:+.1f}"
    return made


PRINTED = {
    30: [26.7, 50.0, 56.7, 36.7, 33.3, 53.3, 40.0],
    500: [84.0, 90.6, 92.6, 93.0, 91.2, 90.4, 92.8, 90.2, 92.2],
    198: [49.0, 54.5, 56.6, 59.6, 52.0, 54.6, 58.1, 57.6, 55.1],
}
"""Accuracies of Tables 1, 2 and 4 on AIME24, MATH500 and GPQA Diamond."""


def test_printed_accuracies_are_counts_of_their_benchmark() -> None:
    odd = {
        (questions, value)
        for questions, values in PRINTED.items()
        for value in values
        if f"{value}" not in {f"{accuracy:.1f}" for accuracy in percent(list(range(questions + 1)), questions)}
    }
    assert odd == {(198, 54.6)}, "108 of 198 is 54.545, printed as 54.5 in Table 1 and as 54.6 in Table 2"


def test_control_counts_both_ends_and_takes_one_bound_for_all() -> None:
    assert control([10, 20, 30, 40], 20, 30) == 0.5
    assert control([10, 20], [10, 21], [10, 30]) == 0.5


def test_scaling_is_points_per_doubling_and_per_thousand_tokens() -> None:
    assert scaling([100, 200, 400], [10, 20, 30]) == pytest.approx(10)
    assert scaling([0, 500, 1000], [10, 20, 30], axis="linear") == pytest.approx(20)


def test_runs_of_equal_length_make_no_pair() -> None:
    assert scaling([100, 200, 200], [10, 20, 40]) == pytest.approx(20)


@settings(deadline=None)
@given(st.permutations(list(zip(BF_TOKENS, percent(BF_RIGHT), strict=True))))
def test_scaling_does_not_depend_on_the_order_of_runs(runs: list[tuple[float, float]]) -> None:
    tokens, accuracy = zip(*runs, strict=True)
    assert scaling(tokens, accuracy) == pytest.approx(scaling(BF_TOKENS, percent(BF_RIGHT)))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: control([], 0, 1), "at least one run"),
        (lambda: control([1, 2], 0, [1]), "1 bounds for 2 runs"),
        (lambda: scaling([1], [1]), "two runs of different length"),
        (lambda: scaling([5, 5], [1, 2]), "two runs of different length"),
        (lambda: scaling([1, 2], [1]), "2 mean token counts"),
        (lambda: scaling([0, 2], [1, 2]), "log2 axis"),
        (lambda: performance([]), "at least one run"),
        (lambda: wilson(1, 0), "no fraction"),
        (lambda: wilson(3, 2), "no fraction"),
        (lambda: paired_difference([1], [1, 0], seed=0), "1 and 2"),
        (lambda: paired_difference([], [], seed=0), "0 and 0"),
        (lambda: resolution([1], [1, 0]), "1 and 2"),
        (lambda: least_difference(0), "give 1 or more"),
    ],
)
def test_what_has_no_value_is_refused(call: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        call()  # type: ignore[operator]


def test_wilson_against_published_values() -> None:
    interval = wilson(17, 30)  # 56.7 % of AIME24's 30 questions
    assert (interval.value, interval.low, interval.high) == pytest.approx((17 / 30, 0.3920, 0.7262), abs=2e-4)
    none, all_ = wilson(0, 10), wilson(10, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert (all_.low, all_.high) == pytest.approx((0.7225, 1.0), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n))))
def test_wilson_holds_its_fraction(case: tuple[float, int]) -> None:
    interval = wilson(*case)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


def test_paired_bootstrap_uses_the_pairing() -> None:
    a, b = [1.0] * 15 + [0.0] * 15, [1.0] * 10 + [0.0] * 20
    paired = paired_difference(a, b, seed=0)
    crossed = paired_difference(a, b[::-1], seed=0)
    assert paired.value == crossed.value == pytest.approx(5 / 30)
    assert paired.high - paired.low < crossed.high - crossed.low
    # 5 of 30 differ, all one way: the resampled mean is binomial, sd = sqrt(p (1 - p) / 30).
    sd = math.sqrt(5 / 30 * 25 / 30 / 30)
    assert (paired.low, paired.high) == pytest.approx((5 / 30 - 1.96 * sd, 5 / 30 + 1.96 * sd), abs=0.04)


def test_paired_bootstrap_is_seeded_and_its_resamples_count() -> None:
    a, b = [1.0, 0.0, 1.0, 1.0, 0.0] * 7, [0.0, 0.0, 1.0, 0.0, 1.0] * 7
    assert paired_difference(a, b, seed=1) == paired_difference(a, b, seed=1)
    assert paired_difference(a, b, seed=1, resamples=50) != paired_difference(a, b, seed=2, resamples=50)
    assert paired_difference(a, a, seed=0).low == paired_difference(a, a, seed=0).high == 0


def changed(won: int, lost: int, questions: int) -> tuple[list[float], list[float]]:
    """Scores of two runs, of which the first wins and loses that many questions against the second."""
    a = [1.0] * won + [0.0] * (questions - won)
    return a, [0.0] * (questions - lost) + [1.0] * lost


@pytest.mark.parametrize(("questions", "at_least"), [(30, 4), (198, 4), (250, 4), (500, 4), (1000, 4), (3, 3)])
def test_the_least_difference_is_where_the_bootstrap_leaves_zero_out(questions: int, at_least: int) -> None:
    assert least_difference(questions) == pytest.approx(at_least / questions)
    if questions > 3:
        assert paired_difference(*changed(at_least, 0, questions), seed=0).low > 0
        assert paired_difference(*changed(at_least - 1, 0, questions), seed=0).low == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 14), st.integers(0, 14))
def test_resolution_says_which_intervals_hold_zero(won: int, lost: int) -> None:
    a, b = changed(won, lost, AIME24)
    difference = paired_difference(a, b, seed=0, resamples=4000)
    # A question is the grain; where the mean is within one of the limit, both may be right.
    if abs(abs(difference.value) - resolution(a, b)) > 1 / AIME24:
        assert (abs(difference.value) > resolution(a, b)) == (not difference.low <= 0 <= difference.high)


@pytest.mark.parametrize("won", [1, 2, 3])
def test_few_changed_answers_resolve_no_less_than_the_questions_do(won: int) -> None:
    assert resolution(*changed(won, 0, AIME24)) == least_difference(AIME24)
    assert paired_difference(*changed(won, 0, AIME24), seed=0).low == 0


def test_scores_that_do_not_differ_resolve_everything() -> None:
    assert resolution([1.0, 0.5], [1.0, 0.5]) == 0
