"""Budgets refuse what makes no sense, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from s1repro.scaling import Budget, require_fits


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_thinking_tokens": 0}, "thinking budget of 0"),
        ({"max_thinking_tokens": -5}, "thinking budget of -5"),
        ({"waits": -1}, "-1 waits"),
        ({"max_answer_tokens": 0}, "max_answer_tokens is 0"),
        ({"loop_repeats": 1}, r"loop_repeats is 1: give 0 \(off\) or 2 and more"),
        ({"loop_repeats": -2}, "loop_repeats is -2"),
        ({"waits": 1, "wait_string": ()}, "wait_string is an empty rotation: give at least one string"),
    ],
)
def test_counts_that_make_no_sense_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Budget(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_thinking_tokens": 1},
        {"max_answer_tokens": 1},
        {"loop_repeats": 0},
        {"loop_repeats": 2},
        {"waits": 0, "wait_string": ()},
        {"waits": 3, "wait_string": ""},
        {"waits": 3, "wait_string": ("", "Hmm")},
    ],
)
def test_the_least_counts_are_accepted(arguments: dict[str, Any]) -> None:
    budget = Budget(**arguments)
    assert {name: getattr(budget, name) for name in arguments} == arguments


@pytest.mark.parametrize(
    ("wait_string", "strings"),
    [("Wait", ("Wait",)), ("", ("",)), (("Wait", "Hmm"), ("Wait", "Hmm")), ((), ())],
)
def test_wait_strings_are_a_rotation_of_one_or_more(
    wait_string: str | tuple[str, ...], strings: tuple[str, ...]
) -> None:
    assert Budget(wait_string=wait_string).wait_strings == strings


def test_the_default_is_the_papers() -> None:
    assert Budget() == Budget(None, 0, "Wait", "Final Answer:", 100, None, 0)


def test_a_budget_that_just_fits() -> None:
    budget = Budget(50, max_answer_tokens=20)
    assert require_fits(25, budget, 100, marker_tokens=5) == 50
    with pytest.raises(ValueError, match=r"26 prompt tokens, 50 thinking tokens and 25 answer tokens .* 100"):
        require_fits(26, budget, 100, marker_tokens=5)


def test_without_a_cap_thinking_takes_what_is_left() -> None:
    assert require_fits(30, Budget(max_answer_tokens=20), 100, marker_tokens=5) == 45
    assert require_fits(74, Budget(max_answer_tokens=20), 100, marker_tokens=5) == 1
    with pytest.raises(ValueError, match="75 prompt tokens"):
        require_fits(75, Budget(max_answer_tokens=20), 100, marker_tokens=5)
