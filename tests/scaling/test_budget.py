"""Budgets refuse what makes no sense, and what does not fit."""

from __future__ import annotations

import pytest

from s1repro.scaling import Budget, require_fits


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_thinking_tokens": 0}, "thinking budget of 0"),
        ({"max_thinking_tokens": -5}, "thinking budget of -5"),
        ({"waits": -1}, "-1 waits"),
        ({"answer_tokens": 0}, "answer_tokens is 0"),
    ],
)
def test_counts_that_make_no_sense_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Budget(**arguments)  # type: ignore[arg-type]


def test_the_default_is_the_papers() -> None:
    assert Budget() == Budget(None, 0, "Wait", "Final Answer:", 100)


def test_a_budget_that_just_fits() -> None:
    budget = Budget(50, answer_tokens=20)
    assert require_fits(25, budget, 100, marker_tokens=5) == 50
    with pytest.raises(ValueError, match=r"26 prompt tokens, 50 thinking tokens and 25 answer tokens .* 100"):
        require_fits(26, budget, 100, marker_tokens=5)


def test_without_a_cap_thinking_takes_what_is_left() -> None:
    assert require_fits(30, Budget(answer_tokens=20), 100, marker_tokens=5) == 45
    assert require_fits(74, Budget(answer_tokens=20), 100, marker_tokens=5) == 1
    with pytest.raises(ValueError, match="75 prompt tokens"):
        require_fits(75, Budget(answer_tokens=20), 100, marker_tokens=5)
