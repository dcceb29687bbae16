"""What a model is told about its thinking is true of the trace that follows."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from s1repro.control import CONTROLS, Control, Countdown, Length, controlled, instruct

INK = st.text(alphabet="ab .é=", min_size=1, max_size=6).filter(str.strip)
SPACE = st.sampled_from([" ", "\t", "\r", "\n", "\n\n", "\n \n", "\r\n\r\n", "\n\n\n  ", "\u2028", "\x0c"])
TRACES = st.lists(INK | SPACE, max_size=12).map("".join) | st.text(max_size=30)


def told(question: str) -> int:
    """The bound in an instruction."""
    found = re.search(r"Think for up to (\d+) (?:tokens|steps)\.$", question)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    ("control", "amount", "instruction"),
    [
        ("token", 1024, "Think for up to 1024 tokens."),
        ("step", 16, "Think for up to 16 steps."),
        ("step", 1, "Think for up to 1 steps."),
        (
            "class",
            "short",
            "Answer after a short amount of thinking. Do not spend excessive time double-checking your work.",
        ),
        (
            "class",
            "long",
            "Answer after a long amount of thinking. If you feel like you are finished early, spend the extra time "
            "trying to double-check your work until you are absolutely sure that you have the correct answer.",
        ),
    ],
)
def test_the_instructions_are_the_papers(control: Control, amount: int | Length, instruction: str) -> None:
    assert instruct("What is 2+2?", control, amount) == f"What is 2+2?\n\n{instruction}"
    assert instruct("What is 2+2?", "none", amount) == "What is 2+2?"


def test_every_choice_is_known() -> None:
    assert CONTROLS == ("none", "token", "step", "class")


@pytest.mark.parametrize(
    ("control", "amount", "message"),
    [
        ("token", 0, "number of tokens, 1 or more, not 0"),
        ("step", -3, "number of steps, 1 or more, not -3"),
        ("token", "short", "number of tokens, 1 or more, not 'short'"),
        ("class", 512, "'short' or 'long', not 512"),
    ],
)
def test_an_amount_of_another_kind_is_refused(control: Control, amount: int | Length, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        instruct("What is 2+2?", control, amount)


@pytest.mark.parametrize(
    ("trace", "steps", "bound"),
    [
        ("Two.", ("Two.",), 1),
        ("Two.\nAnd two.\nFour.", ("Two.", "And two.", "Four."), 4),
        ("Two.\nAnd two.\n\nFour.\n", ("Two.\nAnd two.", "Four."), 2),
        ("a\n\n\n  b\n \nc", ("a", "  b", "c"), 4),
        ("", ("",), 1),
    ],
    ids=["one", "lines", "paragraphs", "white space", "nothing"],
)
def test_steps_are_paragraphs_or_else_lines(trace: str, steps: tuple[str, ...], bound: int) -> None:
    question = f"Why?\n\nThink for up to {bound} steps."
    assert controlled("Why?", trace, 0, "step", short_below=0) == (question, Countdown(bound, steps))


@given(trace=TRACES)
def test_the_count_goes_down_from_what_was_told_and_never_to_zero(trace: str) -> None:
    question, counted = controlled("Why?", trace, 0, "step", short_below=0)
    assert isinstance(counted, Countdown) and counted.told == told(question)
    numbers, steps = zip(*counted.numbered(), strict=True)
    assert numbers == tuple(range(counted.told, counted.told - len(steps), -1)) and numbers[-1] >= 1
    assert len(steps) <= counted.told < 2 * len(steps)
    assert "".join("".join(steps).split()) == "".join(trace.split())


@given(trace=TRACES)
def test_every_step_says_something(trace: str) -> None:
    assume(trace.strip())
    _, counted = controlled("Why?", trace, 0, "step", short_below=0)
    assert isinstance(counted, Countdown) and all(step.strip() for step in counted.steps)


@given(tokens=st.integers(1, 10**6))
def test_the_token_bound_holds_the_trace_and_is_less_than_twice_as_long(tokens: int) -> None:
    question, trace = controlled("Why?", " So.\n\nSo. ", tokens, "token", short_below=0)
    bound = told(question)
    assert tokens <= bound < 2 * tokens
    assert bound & (bound - 1) == 0, "a power of two"
    assert trace == " So.\n\nSo. "


@given(tokens=st.integers(0, 50), short_below=st.integers(0, 50))
def test_a_trace_is_short_below_the_limit_and_long_from_there(tokens: int, short_below: int) -> None:
    length: Length = "short" if tokens < short_below else "long"
    expected = (instruct("Why?", "class", length), "So.\n")
    assert controlled("Why?", "So.\n", tokens, "class", short_below=short_below) == expected


@given(question=st.text(max_size=20), trace=TRACES, tokens=st.integers(0, 99))
def test_without_control_nothing_is_touched(question: str, trace: str, tokens: int) -> None:
    assert controlled(question, trace, tokens, "none", short_below=50) == (question, trace)
