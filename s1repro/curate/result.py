"""What curation makes, whichever way it went, and the lengths of traces that all ways need.

Result(chosen, funnel, {"rows": len(chosen)})
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s1repro.curate.funnel import Funnel
from s1repro.curate.teacher import Taught
from s1repro.records import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BATCH = 256
"""Traces handed to the tokenizer at once."""


@dataclass(frozen=True)
class Result:
    """What the funnel made: the set in the order it was taken, its account, and what a teacher that was asked gave."""

    chosen: list[Row]
    funnel: Funnel
    facts: dict[str, Any]
    taught: Taught | None = None
    reports: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What else there is to write: the lines of each file by its name."""


def with_lengths(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """The rows with their traces' lengths in tokens, without special tokens at the ends."""
    counted: list[Row] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        ids = tokenizer([row.trace for row in batch], add_special_tokens=False, verbose=False)["input_ids"]
        counted += [replace(row, length=len(part)) for row, part in zip(batch, ids, strict=True)]
    return counted
