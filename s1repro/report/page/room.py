"""Which samples are on the page: all points of as many questions as there is room for.

A page of all samples of a large run would be gigabytes. Questions are taken whole and of all runs, by id and from each
benchmark in turn, so that the pages of other runs begin with the same ones. The curve and the tables know no limit.

    shown, notes = with_room(runs, megabytes=100)   # {"demo": [samples]}; no note where all are shown
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby

from s1repro.records import Kept
from s1repro.report.curves import Evaluated

MEGABYTE = 1_000_000

Asked = tuple[str, str]
"""A question: its benchmark and its id."""


def with_room(runs: Sequence[Evaluated], megabytes: int) -> tuple[dict[str, list[Kept]], list[str]]:
    """The samples of each run that are shown, at most `megabytes` of their files, and a note where that is not all."""
    sizes: Counter[Asked] = Counter()
    for run in runs:
        for sample in run.samples:
            sizes[_asked(sample)] += sample.line.size
    order = _in_turn(sizes)
    taken = accumulate(sizes[asked] for asked in order)
    chosen = {asked for asked, so_far in zip(order, taken, strict=True) if so_far <= megabytes * MEGABYTE}
    shown = {run.name: [sample for sample in run.samples if _asked(sample) in chosen] for run in runs}
    if len(chosen) == len(sizes):
        return shown, []
    count, total = sum(map(len, shown.values())), sum(len(run.samples) for run in runs)
    return shown, [
        f"index.html has room for {count:,} of {total:,} samples, all points of {len(chosen):,} of {len(sizes):,} "
        "questions, and counts what a Wait changed over these; the curve and the tables are of all samples. "
        f"report.page_mb={math.ceil(sizes.total() / MEGABYTE)} shows all"
    ]


def _asked(sample: Kept) -> Asked:
    return sample.key.benchmark, sample.key.question


def _in_turn(questions: Iterable[Asked]) -> list[Asked]:
    """The first question of each benchmark, then the second of each, and so on."""
    benchmarks = groupby(sorted(questions), key=lambda asked: asked[0])
    return [asked for _, asked in sorted(ranked for _, group in benchmarks for ranked in enumerate(group))]
