"""A published set is taken as it is: what nobody can train on goes, the rest is looked at and told, not selected.

Rows without a question, a trace or an attempt are dropped and counted. A row may lack its solution, which training does
not need. Questions that share words with a benchmark are listed, by benchmark, and stay: whoever compares with a
published result needs the set that gave it. Of a benchmark question its number is written, and the words that the row
holds itself.

    kept = trainable(rows).kept
    overlaps(kept, {"math500": ["What is ...?"]}, n=8, match="words")[0].benchmark     # "math500"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1repro.curate.decontamination import contaminated
from s1repro.curate.funnel import Dropped, Filtered
from s1repro.records import Row


@dataclass(frozen=True)
class Overlap:
    """A row whose question is not told apart from a question of `benchmark`, and in what they agree."""

    row: Row
    benchmark: str
    reason: str
    detail: str

    def to_json(self) -> dict[str, str]:
        """A line of `contaminated.jsonl`."""
        return {"id": self.row.id, "benchmark": self.benchmark, "reason": self.reason, "detail": self.detail}


def trainable(rows: Sequence[Row]) -> Filtered:
    """Drop rows whose question, trace or attempt is null or blank."""
    lacking = {row.id: _lacks(row) for row in rows}
    return Filtered(
        [row for row in rows if not lacking[row.id]],
        [Dropped(row, f"nothing to train on: no {lacking[row.id]}") for row in rows if lacking[row.id]],
    )


def overlaps(rows: Sequence[Row], benchmarks: Mapping[str, Sequence[str]], n: int, match: str) -> list[Overlap]:
    """The rows that decontamination against each of the `benchmarks`' questions would drop, benchmark by benchmark."""
    return [
        Overlap(drop.row, name, drop.reason, drop.detail)
        for name, questions in benchmarks.items()
        for drop in contaminated(rows, {name: questions}, n, match=match).dropped
    ]


def _lacks(row: Row) -> str:
    parts = {"question": row.question, "trace": row.trace, "attempt": row.attempt}
    return next((name for name, text in parts.items() if not text.strip()), "")
