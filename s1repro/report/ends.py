"""How samples ended: why their thinking did, how many answers were cut, and how many questions no try fitted.

A cut answer may have lost its last line, so a point with many of them says more about the limit than about the model.
Where rejection sampling found no trace that fits there is no answer to be right or wrong: those samples are counted
here and are in no accuracy.

    end_rows(samples, run="demo")       # one row a point, for a table with `HEAD`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from s1repro.evaluate.points import by_point
from s1repro.evaluate.vouched import PointKey
from s1repro.records import Finish, Sample

ENDS: tuple[Finish, ...] = get_args(Finish)

HEAD = ("run", "benchmark", "method", "budget", "Waits", "samples", *ENDS, "answers cut")


def end_rows(samples: Iterable[Sample], run: str) -> list[tuple[str, ...]]:
    """A row for each point: its samples, how many ended in each way, and how many answers were cut."""
    return [_row(run, key, group) for key, group in by_point(samples).items()]


def _row(run: str, key: PointKey, samples: Sequence[Sample]) -> tuple[str, ...]:
    benchmark, method, budget, waits = key
    ends = Counter(sample.finish for sample in samples)
    counts = [len(samples), *(ends[end] for end in ENDS), sum(sample.answer_cut for sample in samples)]
    return (run, benchmark, method, f"{budget:,}", str(waits), *(f"{count:,}" for count in counts))
