"""What the runs gave: their samples and points as far as they are there, and why they are not.

A run that cannot be read does not keep the others from being shown: its reason stands in its cells.

    runs = Measured.read(config, failed={})
    runs.at(["own"], waits=2)       # {"demo": At(samples of the largest budget with 2 Waits)}, or a reason
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from s1repro.artifacts import stage_folder
from s1repro.config import Config
from s1repro.evaluate.points import answered, question_scores, to_points
from s1repro.paper.plan import run_names
from s1repro.records import Point, Sample
from s1repro.report.curves import read_run


@dataclass(frozen=True)
class Missing:
    """Why there is no number."""

    reason: str


@dataclass(frozen=True)
class Measured:
    """The runs of `paper.runs`: for each key its folders, for each folder its samples or why there are none."""

    names: Mapping[str, Sequence[str]]
    samples: Mapping[str, Sequence[Sample] | Missing]

    @classmethod
    def read(cls, config: Config, failed: Mapping[str, str]) -> Measured:
        """Read all runs; `failed` says what is known of those that could not be run."""
        names = {key: run_names(config, key) for key in config.paper.runs}
        told = {name: plan.missing for key, plan in config.paper.runs.items() if plan.missing for name in names[key]}
        return cls(names, {n: _read(config.runs, n, {**failed, **told}) for own in names.values() for n in own})

    def of(self, name: str) -> Sequence[Sample]:
        """The samples of a folder; none where there are none."""
        samples = self.samples[name]
        return [] if isinstance(samples, Missing) else samples

    def points(self, key: str) -> list[Point]:
        """The points of all folders of a key."""
        return [point for name in self.names[key] for point in to_points(self.of(name), name)]

    def why_not(self, keys: Iterable[str]) -> Missing | None:
        """Why the first run of `keys` that cannot be shown cannot."""
        found = [self.samples[name] for key in keys for name in self.names[key]]
        return next((reason for reason in found if isinstance(reason, Missing)), None)

    def benchmarks(self) -> list[str]:
        """All that was measured on, in the order of the runs."""
        every = [sample.key.benchmark for name in self.samples for sample in self.of(name)]
        return list(dict.fromkeys(every))

    def at(self, keys: Sequence[str], benchmark: str, waits: int) -> dict[str, list[Sample]] | Missing:
        """The samples of each folder of `keys` at its largest budget, with that many Waits.

        A reason where one of the folders cannot be shown or has no such point.
        """
        missing = self.why_not(keys)
        if missing:
            return missing
        taken: dict[str, list[Sample]] = {}
        for name in (name for key in keys for name in self.names[key]):
            own = [sample for sample in answered(self.of(name)) if sample.key.benchmark == benchmark]
            if not own:
                return Missing(f"{name} was not measured on {benchmark}")
            largest = max(sample.key.budget for sample in own)
            taken[name] = [sample for sample in own if (sample.key.budget, sample.key.waits) == (largest, waits)]
            if not taken[name]:
                return Missing(f"{name} has no point with {waits} Waits at its largest budget, {largest:,}")
        return taken


def mean_scores(taken: Mapping[str, Sequence[Sample]]) -> dict[str, float]:
    """The score of each question, the mean over runs (seeds) that all have it."""
    scores = [question_scores(samples) for samples in taken.values()]
    common = set.intersection(*(set(one) for one in scores))
    return {question: fmean(one[question] for one in scores) for question in sorted(common)}


def _read(runs: str, name: str, known: Mapping[str, str]) -> Sequence[Sample] | Missing:
    if name not in known and not stage_folder(runs, name, "evaluate").exists():
        return Missing(f"{name} was not run yet")
    try:
        finished = read_run(runs, name).finished
    except ValueError as error:
        return Missing(known.get(name, str(error)))
    return finished or Missing(known.get(name, f"{name} has no finished point yet: run its evaluate stage to the end"))
