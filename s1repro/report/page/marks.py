"""Where in a sample's text an injected Wait stands, and how much of its answer the final string is.

A sample keeps texts and counts. The points of one question share a trace (`s1repro.scaling.trace`): where a sample
with fewer Waits ended by itself, the next one has its Wait. So that place is known exactly wherever such a sibling was
measured. Where none was, the Wait is looked for behind the last known place; it is then `guessed`, since a model may
say "Wait" of its own accord. What cannot be found is not marked.

    wait_marks(siblings, sample, ("Wait",))     # (WaitMark(start=118, end=122, guessed=False),)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s1repro.records import Transcript

FORCED_ENDS = ("budget", "loop", "turn_end")
"""Ends of thinking after which the final string was injected."""


@dataclass(frozen=True)
class WaitMark:
    """Characters `start` to `end` of a thinking are an injected Wait."""

    start: int
    end: int
    guessed: bool


def wait_marks(siblings: Iterable[Transcript], sample: Transcript, wait_strings: Sequence[str]) -> tuple[WaitMark, ...]:
    """The injected Waits of `sample`, in order; `siblings` are the samples of its trace.

    A Wait of no letters has no place in the text and is not marked.
    """
    ends = {other.waits_used: other.thinking for other in siblings if other.finish not in ("budget", "loop")}
    marks: list[WaitMark] = []
    position = 0
    for number in range(sample.waits_used):
        said = wait_strings[number % len(wait_strings)].strip() if wait_strings else ""
        before = ends.get(number)
        known = before is not None and len(before) >= position and sample.thinking.startswith(before)
        start = sample.thinking.find(said, len(before) if known and before is not None else position)
        if not said or start < 0:
            return tuple(marks)
        position = start + len(said)
        # Between the end of the sibling's thinking and its Wait there is white space at most.
        exact = known and before is not None and not sample.thinking[len(before) : start].strip()
        marks.append(WaitMark(start, position, guessed=not exact))
    return tuple(marks)


def final_length(sample: Transcript, final_string: str) -> int:
    """How many characters at the beginning of the answer are the injected final string."""
    if sample.finish not in FORCED_ENDS or not final_string:
        return 0
    start = len(sample.answer) - len(sample.answer.lstrip())
    return start + len(final_string) if sample.answer.startswith(final_string, start) else 0
