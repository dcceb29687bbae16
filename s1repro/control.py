"""Conditional length control: a model is told how long to think (section 4 of the paper, Table 3: TCC, SCC, CCC).

Budget forcing stops a model from outside; these methods ask it to stop by itself. The words are the same in training
text and in evaluation prompts, which is why they have a module of their own. What is enforced (TCC + BF, SCC + BF) is
`s1repro.scaling`'s business; whether the model listens is measured by `s1repro.evaluate.metrics.control`.

The paper gives the instructions and says that steps are counted down; how training text is labelled is our choice:

- A bound is the least power of two that holds the trace. So the trace uses more than half of it, and a training set
  has few different bounds, each with several examples.
- A step is a paragraph, or a line where a trace has no blank lines. The count goes down from the number of steps the
  trace really has, not from the bound, so that the model learns how many it is going to take and ends at 1.
- The number alone changes in a sentence ("1 steps left"): one form to learn, and one to take out again.
- Short and long are told apart by a length that the caller chooses: the median of its set.

    instruct("What is 2+2?", "token", 512)      # 'What is 2+2?\\n\\nThink for up to 512 tokens.'
    controlled("What is 2+2?", "Two.\\nAnd two.\\nFour.", 9, "step", short_below=9)
    # ('What is 2+2?\\n\\nThink for up to 4 steps.',
    #  '3 steps left\\nTwo.\\n2 steps left\\nAnd two.\\n1 steps left\\nFour.')
"""

from __future__ import annotations

import re
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


def instruct(question: str, control: Control, amount: int | Length) -> str:
    """The question with the instruction behind it; with control `none` the question as it is, whatever the amount.

    Between them are two newlines, as in the public code's prompts. Raises `ValueError` where
    `amount` is not what `control` takes: 1 or more for `token` and `step`, `short` or `long` for `class`.
    """
    if control == "none":
        return question
    return f"{question}\n\n{_instruction(control, amount)}"


def controlled(question: str, trace: str, trace_tokens: int, control: Control, *, short_below: int) -> tuple[str, str]:
    """A training question with the instruction that its trace obeys, and the trace.

    Only `step` changes the trace: it loses the white space around it and counts its steps down. `trace_tokens` is its
    length, for `token` and `class`; a trace of fewer than `short_below` tokens is short, any other long.
    """
    if control == "step":
        counted, steps = _count_down(trace.strip())
        return instruct(question, control, _bound(steps)), counted
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


def _count_down(text: str) -> tuple[str, int]:
    """The text with the number of steps left before each step, and how many steps it has: 1 where it is empty."""
    between = _BLANK_LINES if re.search(_BLANK_LINES, text) else r"\n"
    pieces = re.split(f"({between})", text)
    steps = len(pieces[::2])  # re.split puts what the group matched at the odd places
    for index in range(steps):
        pieces[2 * index] = f"{steps - index} steps left\n{pieces[2 * index]}"
    return "".join(pieces), steps
