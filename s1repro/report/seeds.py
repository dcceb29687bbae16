"""What the runs that make one curve have in common and apart: each point's mean, its band, and its seeds one by one.

seed_rows(points, parts)        # one row a point, for a table with `head(parts)`
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from s1repro.evaluate.points import question_scores
from s1repro.records import Point
from s1repro.report.merge import Part, seeds_of, trainings

TEXT = (
    "The runs that this curve consists of differ in seed and budgets alone. The interval of a point with several "
    "seeds is a band: the mean over the seeds, and 95 % of 2,000 bootstrap draws of questions and seeds, both with "
    "replacement; with two or three seeds their part in it is too small rather than too large. A point with one seed "
    "has the Wilson interval over questions. Votes over samples are in each run's own report."
)


TRAININGS = (
    "It is the mean over {count} trainings: models made of the same base, set and settings with other seeds. The seeds "
    "below are those of training; what one training sampled with several seeds is taken together. "
)


def head(parts: Sequence[Part]) -> tuple[str, ...]:
    """The head of the table."""
    of = "trainings" if trainings(parts) > 1 else "seeds"
    return ("benchmark", "method", "budget", "Waits", of, "mean", "band", "lowest", "highest", "each seed")


def preface(parts: Sequence[Part]) -> str:
    """What stands above it."""
    count = trainings(parts)
    return (TRAININGS.format(count=count) if count > 1 else "") + TEXT


def seed_rows(points: Sequence[Point], parts: Sequence[Part]) -> list[tuple[str, ...]]:
    """A row for each point of the merged run, among `points`, in percent."""
    merged = {(point.benchmark, point.method, point.budget, point.waits): point for point in reversed(points)}
    rows: list[tuple[str, ...]] = []
    for key, by_seed in seeds_of(parts).items():
        scores = {seed: 100 * fmean(question_scores(samples).values()) for seed, samples in by_seed.items()}
        point, (benchmark, method, budget, waits) = merged[key], key
        each = ", ".join(f"{seed}: {score:.1f}" for seed, score in scores.items())
        figures = (f"{100 * point.accuracy:.1f}", f"{100 * point.ci_low:.1f} to {100 * point.ci_high:.1f}")
        ends = (f"{min(scores.values()):.1f}", f"{max(scores.values()):.1f}")
        rows.append((benchmark, method, f"{budget:,}", str(waits), str(len(scores)), *figures, *ends, each))
    return rows
