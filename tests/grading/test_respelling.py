"""Answers re-spelt by rules: none wrongly right, and next to none wrongly wrong."""

from __future__ import annotations

import pytest

from s1repro.grading import grade
from tests.grading.respelling import FAMILIES, Case, respelt


def judged_otherwise(seed: int, count: int) -> tuple[list[Case], list[Case]]:
    """The cases that are wrongly right, and those that are wrongly wrong."""
    missed = [
        case for case in respelt(seed, count) if grade(case.response, case.reference, "math").correct != case.correct
    ]
    return [case for case in missed if not case.correct], [case for case in missed if case.correct]


def check(seed: int, count: int) -> None:
    wrongly_right, wrongly_wrong = judged_otherwise(seed, count)
    print(f"{count} generated answers: {len(wrongly_right)} wrongly right, {len(wrongly_wrong)} wrongly wrong")
    assert wrongly_right == []
    assert len(wrongly_wrong) < 0.005 * count / 2, wrongly_wrong[:10]


def test_some_answers() -> None:
    check(seed=0, count=2400)


@pytest.mark.slow
def test_twenty_thousand_answers() -> None:
    check(seed=1, count=20_000)


def test_half_are_right_and_all_families_are_there_both_ways() -> None:
    cases = list(respelt(seed=0, count=4 * len(FAMILIES)))
    assert sum(case.correct for case in cases) == len(cases) / 2
    assert {(case.family, case.correct) for case in cases} == {
        (family.__name__, right) for family in FAMILIES for right in (True, False)
    }
