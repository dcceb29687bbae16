"""Several runs become one curve: of seeds the mean with a band, of budgets that were runs of their own the points.

Runs are merged where they differ in their seed and in their points alone: the same questions, method and settings, and
the same model, or models that `train` made of the same base, set and settings with other seeds. A point is the mean
over trainings where these are several, all samples of one taken together, and else over the seeds of sampling. What
its interval says depends on how many there are: one, then it is the Wilson interval over questions as ever; more, then
it is the 95 % band of a bootstrap that draws questions and seeds, both with replacement. With two or three seeds the
part of the seeds in it is too small rather than too large.

    parts = [read_part("runs", name) for name in named("runs", ["demo-s*"])]
    require_mergeable(parts)
    merged_points(parts, run="demo-seeds", seed=0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from s1repro.artifacts import stage_folder
from s1repro.evaluate.journal import identity_of
from s1repro.evaluate.metrics import Interval, wilson
from s1repro.evaluate.points import answered, by_point, point_of, question_scores
from s1repro.evaluate.vouched import PointKey
from s1repro.records import Kept, Point, Sample
from s1repro.report.curves import Evaluated, curve_of, marked, read_run

RESAMPLES = 2_000
"""Draws of the bootstrap."""
CHUNK = 100
"""Draws at once: few enough to keep the table of what was drawn small, whatever the benchmark's size."""


@dataclass(frozen=True)
class Part:
    """A run that is one of several, and all that shaped its samples."""

    evaluated: Evaluated
    identity: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The run's name."""
        return self.evaluated.name

    @property
    def samples(self) -> Sequence[Kept]:
        """The run's samples."""
        return self.evaluated.samples

    @property
    def seed(self) -> int:
        """The seed of its sampling."""
        return int(self.identity["seed"])

    @property
    def training(self) -> int:
        """The seed that its model was trained with; 0 where the model does not say."""
        return int(self.identity.get("training.seed", 0))


def named(runs: str, wanted: Sequence[str], setting: str = "report.merge") -> list[str]:
    """The runs that a setting names, those of a pattern sorted. Raises `ValueError` where one names none."""
    there = sorted(path.parent.name for path in Path(runs).glob("*/evaluate"))
    names: list[str] = []
    for name in wanted:
        found = [run for run in there if fnmatchcase(run, name)] if "*" in name else [name]
        if not found:
            raise ValueError(f"{setting}: no run in {runs} is named {name}; it has {', '.join(there) or 'none'}")
        names += [run for run in found if run not in names]
    return names


def read_part(runs: str, name: str) -> Part:
    """A run. Raises `ValueError` where it has no sample, as `s1repro.report.curves.read_run` does."""
    evaluated = read_run(runs, name)
    return Part(evaluated, identity_of(stage_folder(runs, name, "evaluate")))


def require_mergeable(parts: Sequence[Part]) -> None:
    """Raise `ValueError` where two parts differ in more than seed and points, or hold the same point of one seed."""
    if len(parts) == 1:
        return
    first = parts[0]
    for part in parts[1:]:
        different = _different(first.identity, part.identity)
        if different:
            raise ValueError(
                f"report.merge: {first.name} and {part.name} differ in {', '.join(different)}; only runs that differ "
                "in seed or budgets are one curve, show the other beside it (report.baselines)"
            )
    held: dict[tuple[int, int, PointKey], str] = {}
    for part in parts:
        for key in by_point(part.samples):
            other = held.setdefault((part.training, part.seed, key), part.name)
            if other != part.name:
                benchmark, method, budget, waits = key
                raise ValueError(
                    f"report.merge: {other} and {part.name} both have {benchmark}, {method}, budget {budget}, {waits} "
                    f"Waits, of seed {part.seed}; leave one of them out, or give it another seed"
                )


def merged(parts: Sequence[Part], run: str) -> Evaluated:
    """All parts as one run, its samples numbered on from seed to seed; its points are finished where all theirs are."""
    unfinished = frozenset().union(*(part.evaluated.unfinished for part in parts))
    notes = tuple(note for part in parts for note in part.evaluated.notes)
    return Evaluated(run, _numbered(parts), unfinished, notes)


def _numbered(parts: Sequence[Part]) -> list[Kept]:
    if len(parts) == 1:
        return list(parts[0].samples)
    seeds = sorted({(part.training, part.seed) for part in parts})
    most = 1 + max(sample.key.sample for part in parts for sample in part.samples)
    renumbered = [
        replace(
            sample, key=replace(sample.key, sample=sample.key.sample + most * seeds.index((part.training, part.seed)))
        )
        for part in parts
        for sample in part.samples
    ]
    return sorted(renumbered, key=lambda sample: sample.key)


def points_of(runs: Sequence[Evaluated], parts: Sequence[Part], seed: int) -> list[Point]:
    """The points of all `runs`; the first one consists of `parts` where these are several."""
    own, *others = runs
    several = len(parts) > 1
    points = marked(merged_points(parts, own.name, seed), own.unfinished) if several else curve_of(own)
    return points + [point for other in others for point in curve_of(other)]


def merged_points(parts: Sequence[Part], run: str, seed: int) -> list[Point]:
    """The points of all parts: the mean over the seeds that have it, with its band. `seed` seeds the bootstrap."""
    points = []
    for key, by_seed in seeds_of(parts).items():
        samples = [sample for drawn in by_seed.values() for sample in drawn]
        scores = [question_scores(drawn) for drawn in by_seed.values()]
        points.append(point_of(key, samples, run, band(scores, seed), seeds=len(scores)))
    return points


def seeds_of(parts: Sequence[Part]) -> dict[PointKey, dict[int, list[Sample]]]:
    """For each point, sorted, the answered samples of each seed: of training, where trainings are several."""
    points: dict[PointKey, dict[int, list[Sample]]] = {}
    apart = trainings(parts) > 1
    for part in sorted(parts, key=lambda part: (part.training, part.seed)):
        for key, samples in by_point(answered(part.samples)).items():
            by_seed = points.setdefault(key, {})
            by_seed.setdefault(part.training if apart else part.seed, []).extend(samples)
    return dict(sorted(points.items()))


def trainings(parts: Sequence[Part]) -> int:
    """Of how many trainings the models of the parts are."""
    return len({part.training for part in parts})


def band(scores: Sequence[Mapping[str, float]], seed: int) -> Interval:
    """The mean over seeds of their accuracies, with its 95 % band; `scores` are the questions' scores of each seed.

    Questions and seeds are drawn with replacement, each draw the same questions for all seeds. Where all answers are
    right, or all wrong, nothing can be drawn: then, as for one seed, it is the Wilson interval.
    """
    questions = sorted(set().union(*scores))
    table = np.array([[one.get(question, np.nan) for question in questions] for one in scores])
    value = float(np.mean(np.nanmean(table, axis=1)))
    if len(scores) == 1 or value in (0.0, 1.0):
        return wilson(float(np.nanmean(table, axis=0).sum()), len(questions))
    generator = np.random.default_rng(seed)
    means = []
    for _ in range(RESAMPLES // CHUNK):
        asked = generator.integers(len(questions), size=(CHUNK, 1, len(questions)))
        seeds = generator.integers(len(scores), size=(CHUNK, len(scores), 1))
        means.append(np.nanmean(table[seeds, asked], axis=(1, 2)))
    low, high = np.nanquantile(np.concatenate(means), [0.025, 0.975])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def _different(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two runs differ in beside their seeds, of sampling and of training."""
    free = {"seed", "benchmarks", "training.seed"}
    recipe = first.get("training")
    if recipe and recipe == other.get("training") and first["training.seed"] != other["training.seed"]:
        free |= {"model"}
    names = sorted((first.keys() | other.keys()) - free)
    different = [name for name in names if first.get(name) != other.get(name)]
    asked, also = first["benchmarks"], other["benchmarks"]
    return different + [name for name in sorted(asked.keys() | also.keys()) if asked.get(name) != also.get(name)]
