"""Rows of the curated set as token ids and labels, for fine-tuning (appendix D of the paper).

The loss is on the thinking and the answer, never on the question: a prompt's labels are -100. The ids come from the
model's thinking format, segment by segment, so that a training prompt is exactly the evaluation prompt. Nothing is
ever cut: a row that is too long is refused, because training on cut traces teaches endless thinking (the paper's
sequence-length ablation: 30.0 instead of 50.0 on AIME24). Packing is not covered.

    examples = load_examples(Path("runs/demo/curate/s1k.jsonl"), tokenizer, FORMATS["qwen"], max_length=4096)
    examples[0].labels[: examples[0].prompt_length]     # (-100, -100, ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1repro.artifacts import read_jsonl
from s1repro.chat import ThinkingFormat

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

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


def load_examples(
    path: Path, tokenizer: PreTrainedTokenizerBase, thinking_format: ThinkingFormat, max_length: int
) -> list[Example]:
    """All rows of `path` as examples, in the file's order.

    Raises `ValueError` with file and line where a row lacks a field or is longer than `max_length` tokens, and when
    there are no rows.
    """
    examples = []
    for line, row in read_jsonl(path):
        question, trace, attempt = _fields(row, f"{path}:{line}")
        prompt, completion = thinking_format.example_ids(tokenizer, question, trace, attempt)
        length = len(prompt) + len(completion)
        if length > max_length:
            raise ValueError(
                f"{path}:{line}: the example is {length} tokens long and sft.max_length is {max_length}; examples "
                "are never cut: raise sft.max_length or drop the row"
            )
        examples.append(Example((*prompt, *completion), (IGNORED,) * len(prompt) + tuple(completion)))
    if not examples:
        raise ValueError(f"{path}: no rows to train on; run the curate stage again")
    return examples


def _fields(row: dict[str, Any], where: str) -> tuple[str, str, str]:
    """Question, first trace and attempt of a row in the s1K schema."""
    for name in ("question", "attempt"):
        if not isinstance(row.get(name), str):
            raise ValueError(f"{where}: field {name!r} must be a string; run the curate stage again")
    traces = row.get("thinking_trajectories")
    if not isinstance(traces, list) or not traces or not isinstance(traces[0], str):
        raise ValueError(f"{where}: field 'thinking_trajectories' must be a list of strings; run curate again")
    return row["question"], traces[0], row["attempt"]
