"""The metrics against the paper's printed numbers, and the intervals against known ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.evaluate.metrics import control, paired_difference, performance, scaling, wilson

BUDGETS = [1024, 2048, 4096, 8192, 16384]
TCC_TOKENS, TCC_ACCURACY = [7939, 7158, 8263, 7108, 7500], [26.7, 30.0, 33.3, 33.3, 40.0]
TCC_BF_TOKENS, TCC_BF_ACCURACY = [1024, 2048, 4031, 5664, 6330], [3.3, 30.0, 33.3, 33.3, 40.0]
BF_TOKENS, BF_ACCURACY = [500, 1000, 2000, 3933, 5302, 6656, 7323], [0, 13.3, 30, 43.3, 50, 53.3, 56.7]


def test_token_conditional_control_as_printed_in_table_3() -> None:
    assert control(TCC_TOKENS, 0, BUDGETS) == pytest.approx(0.4)
    assert round(scaling(TCC_TOKENS, TCC_ACCURACY)) in (-23, -24)
    assert scaling(TCC_TOKENS, TCC_ACCURACY) == pytest.approx(-23.5, abs=0.1)
    assert scaling(TCC_TOKENS, TCC_ACCURACY, axis="linear") == pytest.approx(-4.8, abs=0.05)
    assert performance(TCC_ACCURACY) == 40.0


def test_forced_rows_as_printed_in_table_3() -> None:
    assert control(TCC_BF_TOKENS, 0, BUDGETS) == 1.0
    assert round(scaling(TCC_BF_TOKENS, TCC_BF_ACCURACY)) == 13
    assert round(scaling(BF_TOKENS, BF_ACCURACY)) == 15
    assert performance(BF_ACCURACY) == 56.7


def test_control_counts_both_ends_and_takes_one_bound_for_all() -> None:
    assert control([10, 20, 30, 40], 20, 30) == 0.5
    assert control([10, 20], [10, 21], [10, 30]) == 0.5


def test_scaling_is_points_per_doubling_and_per_thousand_tokens() -> None:
    assert scaling([100, 200, 400], [10, 20, 30]) == pytest.approx(10)
    assert scaling([0, 500, 1000], [10, 20, 30], axis="linear") == pytest.approx(20)


def test_runs_of_equal_length_make_no_pair() -> None:
    assert scaling([100, 200, 200], [10, 20, 40]) == pytest.approx(20)


@given(st.permutations(list(zip(BF_TOKENS, BF_ACCURACY, strict=True))))
def test_scaling_does_not_depend_on_the_order_of_runs(runs: list[tuple[float, float]]) -> None:
    tokens, accuracy = zip(*runs, strict=True)
    assert scaling(tokens, accuracy) == pytest.approx(scaling(BF_TOKENS, BF_ACCURACY))


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
