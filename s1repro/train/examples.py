"""Rows of the curated set as token ids and labels, for fine-tuning (appendix D of the paper).

The loss is on the thinking and the answer, never on the question: a prompt's labels are -100. The ids come from the
model's thinking format, segment by segment, so that a training prompt is exactly the evaluation prompt. Nothing is
ever cut: a row that is too long is refused, because training on cut traces teaches endless thinking (the paper's
sequence-length ablation: 30.0 instead of 50.0 on AIME24). Where the set is to teach a model how long to think, each
question gets the instruction that its trace obeys (`s1repro.control`). Packing is not covered.

    fmt = FORMATS["qwen"].bind(tokenizer)
    examples = load_examples(Path("runs/demo/curate/s1k.jsonl"), fmt, max_length=4096)
    examples[0].labels[: examples[0].prompt_length]     # (-100, -100, ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median_high
from typing import Any

from s1repro.artifacts import read_jsonl
from s1repro.chat import BoundFormat
from s1repro.control import Control, Countdown, controlled
from s1repro.encoding import plain_ids

IGNORED = -100
"""The label of a token that carries no loss, as PyTorch's cross entropy has it."""


@dataclass(frozen=True)
class Example:
    """One training sequence: `input_ids` and `labels` of equal length, labels `IGNORED` on the prompt."""

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def prompt_length(self) -> int:
        """Tokens of the prompt, which carry no loss."""
        return sum(label == IGNORED for label in self.labels)


@dataclass(frozen=True)
class _Row:
    """What a row of the set gives to an example, and the file and line it comes from."""

    where: str
    question: str
    trace: str
    attempt: str


def load_examples(
    path: Path, fmt: BoundFormat, max_length: int, control: Control = "none", context: int | None = None
) -> list[Example]:
    """All rows of `path` as examples, in the file's order, each question with the instruction of `control`.

    Raises `ValueError` with file and line where a row lacks a field, has nothing in it, or is longer than `max_length`
    tokens or the `context` that the model is made for, and when there are no rows.
    """
    rows = [_row(data, f"{path}:{line}") for line, data in read_jsonl(path)]
    if not rows:
        raise ValueError(f"{path}: no rows to train on; run the curate stage again")
    examples = []
    for row, (question, trace) in zip(rows, _told(rows, fmt, control), strict=True):
        prompt, completion = fmt.example_ids(question, trace, row.attempt)
        length = len(prompt) + len(completion)
        if length > max_length:
            raise ValueError(
                f"{row.where}: the example is {length} tokens long and sft.max_length is {max_length}; examples "
                "are never cut: raise sft.max_length or drop the row"
            )
        if context is not None and length > context:
            raise ValueError(
                f"{row.where}: the example is {length} tokens long and the model is made for {context}; examples are "
                "never cut: drop the row or choose another model.base"
            )
        examples.append(Example((*prompt, *completion), (IGNORED,) * len(prompt) + tuple(completion)))
    return examples


def _told(rows: list[_Row], fmt: BoundFormat, control: Control) -> list[tuple[str, str | Countdown]]:
    """The rows' questions with their instructions, and their traces. One is short where it is below the set's median.

    Lengths are with the text that closes a trace, because the model samples that too and evaluation counts it.
    """
    lengths = [len(plain_ids(fmt.tokenizer, fmt.closed(row.trace))) for row in rows] if control != "none" else []
    if not lengths:
        return [(row.question, row.trace) for row in rows]
    median = median_high(lengths)
    return [
        controlled(row.question, row.trace, length, control, short_below=median)
        for row, length in zip(rows, lengths, strict=True)
    ]


def _row(data: dict[str, Any], where: str) -> _Row:
    """Question, trace and attempt of a row in the s1K schema; several trajectories are one trace, a line each."""
    for name in ("question", "attempt"):
        if not isinstance(data.get(name), str):
            raise ValueError(f"{where}: field {name!r} must be a string; run the curate stage again")
    traces = data.get("thinking_trajectories")
    if not isinstance(traces, list) or not traces or not all(isinstance(trace, str) for trace in traces):
        raise ValueError(f"{where}: field 'thinking_trajectories' must be a list of strings; run curate again")
    row = _Row(where, data["question"], "\n".join(traces), data["attempt"])
    for name, text in {"question": row.question, "thinking trace": row.trace, "attempt": row.attempt}.items():
        if not text.strip():
            raise ValueError(f"{where}: the {name} is empty; a model would learn that: complete the row or delete it")
    return row
