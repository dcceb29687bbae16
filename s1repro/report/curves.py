"""An evaluation is read as far as it is, and its curve (Figure 1 of the paper) is written as a table.

Points that the evaluation does not list as complete are told apart: they are shown, and nothing is concluded from them.
How samples become points is `s1repro.evaluate.points`, drawing them `s1repro.report.picture`.

    evaluated = read_run("runs", "demo")
    write_curve(Path("curve.csv"), curve_of(evaluated))
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s1repro.artifacts import stage_folder, write_text
from s1repro.evaluate.journal import IDENTITY, SAMPLES, listed_points, vouched
from s1repro.evaluate.points import to_points
from s1repro.evaluate.vouched import PointKey, point_key
from s1repro.records import Kept, Point
from s1repro.scaling.methods import METHODS

COLUMNS = tuple(Point.__dataclass_fields__)
"""The columns of `curve.csv`, in order."""


@dataclass(frozen=True)
class Evaluated:
    """A run's samples, sorted by key, and which of its points are still being measured.

    `notes` name the lines that are left out. The evaluation may be running, or have been stopped: nothing in its files
    tells the two apart.
    """

    name: str
    samples: Sequence[Kept]
    unfinished: frozenset[PointKey]
    notes: tuple[str, ...] = ()

    @property
    def finished(self) -> list[Kept]:
        """The samples of its complete points."""
        return [sample for sample in self.samples if point_key(sample.key) not in self.unfinished]


def require_begun(runs: str, name: str) -> Path:
    """The folder of a run's evaluation. Raises `ValueError` where it has no sample yet."""
    folder = stage_folder(runs, name, "evaluate")
    if not (folder / SAMPLES).is_file() or (not listed_points(folder) and (folder / SAMPLES).stat().st_size == 0):
        raise ValueError(f"{folder}: no evaluation of run {name!r}; run the evaluate stage with name={name}")
    return folder


def read_run(runs: str, name: str) -> Evaluated:
    """A run's samples. Of a point that is complete, those that were asked for beyond it are left out.

    Raises `ValueError` where it has none, and, with file and line, where `s1repro.evaluate.journal.vouched` does or a
    method is unknown.
    """
    folder = require_begun(runs, name)
    listed = listed_points(folder)  # before the samples: what ends meanwhile is shown as if it had not
    found = vouched(folder)
    samples = list(found.samples.values())
    for line, sample in enumerate(samples, start=1):
        if sample.key.method not in METHODS:
            raise ValueError(
                f"{folder / SAMPLES}:{line}: unknown method {sample.key.method!r}; known are {', '.join(METHODS)}"
            )
    taken = [one for one in samples if one.key.sample < listed.get(point_key(one.key), math.inf)]
    notes = []
    if len(taken) < len(samples):
        notes.append(
            f"{name}: {len(samples) - len(taken):,} samples are left out, which complete points will have beyond those "
            "that they have"
        )
    if found.foreign:
        notes.append(
            f"{folder / SAMPLES}:{found.foreign[0]}: {len(found.foreign):,} samples are left out, this one first: they "
            f"are of another evaluation than {IDENTITY} beside it names"
        )
    ordered = sorted(taken, key=lambda sample: sample.key)
    return Evaluated(name, ordered, frozenset(point_key(one.key) for one in ordered) - listed.keys(), tuple(notes))


def curve_of(evaluated: Evaluated) -> list[Point]:
    """The points of a run, those that are still being measured marked."""
    return marked(to_points(evaluated.samples, evaluated.name), evaluated.unfinished)


def marked(points: Iterable[Point], unfinished: frozenset[PointKey]) -> list[Point]:
    """The points, those of `unfinished` marked."""
    return [
        replace(point, unfinished=(point.benchmark, point.method, point.budget, point.waits) in unfinished)
        for point in points
    ]


def write_curve(path: Path, points: Sequence[Point]) -> None:
    """Write `curve.csv`: `COLUMNS`, one row a point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in points:
        writer.writerow(_plain(value) for value in vars(point).values())
    write_text(path, text.getvalue())


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return round(value, 6) if isinstance(value, float) else value
