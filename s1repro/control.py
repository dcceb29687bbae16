"""Conditional length control: a model is told how long to think (section 4 of the paper, Table 3: TCC, SCC, CCC).

Budget forcing stops a model from outside; these methods ask it to stop by itself. The words are the same in training
text and in evaluation prompts, which is why they have a module of their own. What is enforced (TCC + BF, SCC + BF) is
`s1repro.scaling`'s business; whether the model listens is measured by `s1repro.evaluate.metrics.control`.

The paper gives the instructions, and its public code the form of a step (`<|im_start|>13 steps left`), counted down
from what the question says; how training text is labelled is our choice:

- A bound is the least power of two that holds the trace. So the trace uses more than half of it, and a training set
  has few different bounds, each with several examples.
- A step is a paragraph, or a line where a trace has no blank lines. A trace that is done before its steps are used up
  ends there, as the paper's do; 0 left is never trained, it is where forcing ends the thinking.
- Short and long are told apart by a length that the caller chooses: the median of its set.

    instruct("What is 2+2?", "token", 512)      # 'What is 2+2?\\n\\nThink for up to 512 tokens.'
    controlled("What is 2+2?", "Two.\\nAnd two.\\nFour.", 9, "step", short_below=9)
    # ('What is 2+2?\\n\\nThink for up to 4 steps.', Countdown(4, ('Two.', 'And two.', 'Four.')))
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Control = Literal["none", "token", "step", "class"]
"""What a question says about thinking: nothing, a bound in tokens (TCC), one in steps (SCC), or a class (CCC)."""

Length = Literal["short", "long"]
"""The classes of class-conditional control."""

CONTROLS: tuple[Control, ...] = get_args(Control)
"""Names that a setting may have."""

_CLASSES = {
    "short": "Do not spend excessive time double-checking your work.",
    "long": "If you feel like you are finished early, spend the extra time trying to double-check your work until you "
    "are absolutely sure that you have the correct answer.",
}
"""The second sentence of each class's instruction, as in the public code's prompts."""

_BLANK_LINES = r"\n(?:[^\S\n]*\n)+"
"""What stands between two paragraphs."""


@dataclass(frozen=True)
class Countdown:
    """A trace in steps, of which the question allows `told`; `s1repro.chat` writes each with how many are left."""

    told: int
    steps: tuple[str, ...]

    def numbered(self) -> list[tuple[int, str]]:
        """The steps, each behind how many are left with it: from `told` down."""
        return [(self.told - index, step) for index, step in enumerate(self.steps)]


def instruct(question: str, control: Control, amount: int | Length) -> str:
    """The question with the instruction behind it; with control `none` the question as it is, whatever the amount.

    Between them are two newlines, as in the public code's prompts. Raises `ValueError` where
    `amount` is not what `control` takes: 1 or more for `token` and `step`, `short` or `long` for `class`.
    """
    if control == "none":
        return question
    return f"{question}\n\n{_instruction(control, amount)}"


def controlled(
    question: str, trace: str, trace_tokens: int, control: Control, *, short_below: int
) -> tuple[str, str | Countdown]:
    """A training question with the instruction that its trace obeys, and the trace.

    Only `step` changes the trace: into its steps. `trace_tokens` is its length, for `token` and `class`; a trace of
    fewer than `short_below` tokens is short, any other long.
    """
    if control == "step":
        steps = _steps(trace.strip())
        bound = _bound(len(steps))
        return instruct(question, control, bound), Countdown(bound, steps)
    if control == "class":
        return instruct(question, control, "short" if trace_tokens < short_below else "long"), trace
    return instruct(question, control, _bound(trace_tokens)), trace


def _instruction(control: Literal["token", "step", "class"], amount: int | Length) -> str:
    if control == "class":
        if amount not in get_args(Length):
            raise ValueError(f"control by class says 'short' or 'long', not {amount!r}")
        return f"Answer after a {amount} amount of thinking. {_CLASSES[str(amount)]}"
    if not isinstance(amount, int) or amount < 1:
        raise ValueError(f"control by {control} says a number of {control}s, 1 or more, not {amount!r}")
    return f"Think for up to {amount} {control}s."


def _bound(amount: int) -> int:
    """The least power of two that is not below `amount`."""
    return 1 << max(amount - 1, 0).bit_length()


def _steps(text: str) -> tuple[str, ...]:
    """The paragraphs of a text, or its lines where it has no blank ones; one step where it is empty."""
    between = _BLANK_LINES if re.search(_BLANK_LINES, text) else r"\n"
    return tuple(re.split(between, text))
