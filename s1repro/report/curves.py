"""A finished evaluation is read, and its curve (Figure 1 of the paper) is written as a table.

Only points that the evaluation lists as complete are read, so a half-finished sweep never shows. How samples become
points is `s1repro.evaluate.points`, drawing them `s1repro.report.picture`.

    samples = read_run("runs", "demo")
    write_curve(Path("curve.csv"), to_points(samples, run="demo"))
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from s1repro.artifacts import stage_folder, write_text
from s1repro.evaluate.journal import SAMPLES, listed_points, vouched
from s1repro.evaluate.vouched import PointKey
from s1repro.records import Point, Sample
from s1repro.scaling.methods import METHODS

COLUMNS = tuple(Point.__dataclass_fields__)
"""The columns of `curve.csv`, in order."""


def read_run(runs: str, name: str) -> list[Sample]:
    """The samples of a run's complete points, sorted by key; a line is printed where it has others.

    Raises `ValueError` where it has none, and, with file and line, where `s1repro.evaluate.journal.vouched` does or a
    method is unknown.
    """
    folder = stage_folder(runs, name, "evaluate")
    listed = listed_points(folder)
    if not listed:
        raise ValueError(f"{folder}: no finished evaluation of run {name!r}; run the evaluate stage with name={name}")
    samples = list(vouched(folder).values())
    for line, sample in enumerate(samples, start=1):
        if sample.key.method not in METHODS:
            raise ValueError(
                f"{folder / SAMPLES}:{line}: unknown method {sample.key.method!r}; known are {', '.join(METHODS)}"
            )
    taken = [sample for sample in samples if sample.key.sample < listed.get(point_key(sample), 0)]
    if len(taken) < len(samples):
        print(f"{name}: {len(samples) - len(taken):,} samples of points that are not complete are left out")
    return sorted(taken, key=lambda sample: tuple(vars(sample.key).values()))


def point_key(sample: Sample) -> PointKey:
    """The point that a sample belongs to: benchmark, method, budget, waits."""
    key = sample.key
    return key.benchmark, key.method, key.budget, key.waits


def write_curve(path: Path, points: Sequence[Point]) -> None:
    """Write `curve.csv`: `COLUMNS`, one row a point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in points:
        writer.writerow(_plain(value) for value in vars(point).values())
    write_text(path, text.getvalue())


def _plain(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value
