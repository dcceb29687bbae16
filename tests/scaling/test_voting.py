"""Votes against counting by hand, and the estimators against going through every subset."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.grading import same_answer
from s1repro.scaling import joined, majority, majority_at_k, pass_at_k, weighted_majority

answer_lists = st.lists(st.sampled_from(["", "1", "2", "3"]), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("answers", "winner"),
    [
        (["7"], "7"),
        (["3", "7", "7"], "7"),
        (["3", "7", "7", "3"], "3"),  # a tie: the first one
        (["7", "3", "3", "7"], "7"),
        (["", "", "", "5"], "5"),  # no answer is no vote
        (["", "5", "4", "", "4"], "4"),
        (["", ""], ""),
    ],
)
def test_the_majority(answers: list[str], winner: str) -> None:
    assert majority(answers) == winner
    assert weighted_majority(answers, [0.25] * len(answers)) == winner


@pytest.mark.parametrize(
    ("answers", "weights", "winner"),
    [
        (["7", "3", "3"], [0.9, 0.3, 0.4], "7"),
        (["7", "3", "3"], [0.6, 0.3, 0.4], "3"),
        (["", "3"], [1.0, 0.0], "3"),
        (["7", "3"], [0.0, 0.0], "7"),
        # 0.1 + 0.2 + 0.3 is 0.6 in any order, though not for a running sum.
        (["a", "b", "a", "b", "a", "b"], [0.3, 0.1, 0.2, 0.2, 0.1, 0.3], "a"),
        (["a", "b", "a", "b", "a", "b"], [0.1, 0.3, 0.2, 0.2, 0.3, 0.1], "a"),
    ],
)
def test_the_weighted_majority(answers: list[str], weights: list[float], winner: str) -> None:
    assert weighted_majority(answers, weights) == winner


def test_a_vote_needs_answers_and_weights() -> None:
    with pytest.raises(ValueError, match="not 0 and 0"):
        majority([])
    with pytest.raises(ValueError, match="not 2 and 1"):
        weighted_majority(["1", "2"], [1.0])
    for wrong in (-0.5, math.nan):
        with pytest.raises(ValueError, match="give 0 or more"):
            weighted_majority(["1", "2"], [wrong, 1.0])


def by_every_subset(answers: Sequence[str], correct: Sequence[bool], k: int) -> Fraction:
    """Majority@k by `majority` itself."""
    subsets = list(itertools.combinations(range(len(answers)), k))
    hits = 0
    for subset in subsets:
        winner = majority([answers[index] for index in subset])
        hits += next(correct[index] for index in subset if answers[index] == winner)
    return Fraction(hits, len(subsets))


@given(answers=answer_lists, data=st.data())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_majority_at_k_is_the_mean_over_all_subsets(answers: list[str], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(answers)))
    correct = [answer == "2" for answer in answers]
    assert majority_at_k(answers, correct, k) == pytest.approx(float(by_every_subset(answers, correct, k)), abs=1e-12)


def test_majority_at_all_is_the_majority_and_at_one_the_mean() -> None:
    answers = ["1", "2", "2", "", "1", "2"]
    correct = [answer == "2" for answer in answers]
    assert majority_at_k(answers, correct, 6) == 1.0
    assert majority_at_k(answers, correct, 1) == pytest.approx(0.5)
    assert majority_at_k(answers, [answer == "1" for answer in answers], 6) == 0.0


def test_many_subsets_are_sampled_seeded_and_close() -> None:
    answers = ["1", "2", "2", "", "3", "2", "1", "1", "3", "1", "2", "2"] * 2
    correct = [answer == "2" for answer in answers]
    exact = majority_at_k(answers, correct, 4, draws=20_000)
    assert exact == pytest.approx(float(by_every_subset(answers, correct, 4)))
    drawn = [majority_at_k(answers, correct, 4, seed=seed, draws=2000) for seed in range(4)]
    assert drawn[0] == majority_at_k(answers, correct, 4, draws=2000)
    assert len(set(drawn)) > 1
    error = 0.5 / math.sqrt(2000)
    assert all(abs(value - exact) < 4 * error for value in drawn)
    assert 0 < exact < 1


def test_sampled_subsets_keep_the_order_of_the_samples() -> None:
    answers = ["2"] * 12 + ["1"] * 12
    correct = [answer == "2" for answer in answers]
    exact = 1 - math.comb(12, 2) / math.comb(24, 2)  # of two that differ, the first one wins
    assert majority_at_k(answers, correct, 2) == pytest.approx(exact)
    assert majority_at_k(answers, correct, 2, draws=250) == pytest.approx(exact, abs=4 * 0.5 / math.sqrt(250))


def test_majority_at_k_of_a_whole_benchmark_sample_is_quick_and_sane() -> None:
    correct = [index % 3 != 0 for index in range(64)]  # two thirds are right, and give the same answer
    answers = ["7" if right else "8" for right in correct]
    values = [majority_at_k(answers, correct, k) for k in (1, 5, 17, 33, 64)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(42 / 64)
    assert values[-1] == 1.0


@pytest.mark.parametrize(("answers", "grades", "k"), [(3, 3, 4), (3, 3, 0), (3, 2, 1), (0, 0, 1)])
def test_majority_at_k_refuses_what_it_cannot_take(answers: int, grades: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"majority@{k} of {answers} answers and {grades} grades"):
        majority_at_k(["1"] * answers, [True] * grades, k)


@given(n=st.integers(1, 9), data=st.data())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(n: int, data: st.DataObject) -> None:
    correct, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    subsets = list(itertools.combinations(range(n), k))
    share = sum(min(subset) < correct for subset in subsets) / len(subsets)
    assert pass_at_k(n, correct, k) == pytest.approx(share, abs=1e-12)


def test_pass_at_k_is_stable_for_many_samples() -> None:
    assert pass_at_k(1_000_000, 1, 500_000) == pytest.approx(0.5, rel=1e-12)
    assert pass_at_k(2000, 1000, 1000) == 1.0  # 1 - 1 / C(2000, 1000), which no float holds
    assert pass_at_k(10, 3, 8) == 1.0
    assert pass_at_k(10, 0, 10) == 0.0


@pytest.mark.parametrize(("n", "correct", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 1), (3, -1, 1), (0, 0, 1)])
def test_pass_at_k_refuses_what_cannot_be(n: int, correct: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"samples|right of"):
        pass_at_k(n, correct, k)


def test_equal_answers_vote_together() -> None:
    def same(first: str, second: str) -> bool:
        return same_answer(first, second, "math")

    answers = ["7", "1/2", "7", "0.5", r"\frac12", "", ""]
    assert majority(answers) == "7"
    assert joined(answers, same) == ["7", "1/2", "7", "1/2", "1/2", "", ""]
    assert majority(joined(answers, same)) == "1/2"


def test_each_spelling_is_compared_once() -> None:
    asked: list[tuple[str, str]] = []

    def same(first: str, second: str) -> bool:
        asked.append((first, second))
        return first.lower() == second.lower()

    assert joined(["a", "b", "A", "b", "B", "a", ""], same) == ["a", "b", "a", "b", "b", "a", ""]
    assert asked == [("a", "b"), ("a", "A"), ("a", "B"), ("b", "B")]
