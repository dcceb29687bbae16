"""Samples become points: the accuracy of each (benchmark, method, budget, waits), its interval and its accounts.

Accuracies are fractions, token counts are means over the samples. Several runs of one configuration are merged by
`s1repro.report.merge`.

    to_points(samples, run="demo")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from s1repro.evaluate.metrics import Interval, wilson
from s1repro.evaluate.vouched import PointKey, point_key
from s1repro.records import Point, Sample


def answered(samples: Iterable[Sample]) -> list[Sample]:
    """The samples that have an answer: all but those for which no try fitted the budget."""
    return [sample for sample in samples if sample.finish != "rejected"]


def question_scores(samples: Iterable[Sample]) -> dict[str, float]:
    """For each question, the share of its samples that are correct."""
    correct: dict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        correct[sample.key.question].append(sample.correct)
    return {question: fmean(marks) for question, marks in correct.items()}


def to_points(samples: Iterable[Sample], run: str) -> list[Point]:
    """One `Point` for each (benchmark, method, budget, waits), sorted.

    `n` counts samples that have an answer; the interval counts questions, because samples of one question are not
    independent.
    """
    points = []
    for key, group in by_point(answered(samples)).items():
        scores = question_scores(group)
        points.append(point_of(key, group, run, wilson(sum(scores.values()), len(scores))))
    return points


def by_point(samples: Iterable[Sample]) -> dict[PointKey, list[Sample]]:
    """The samples of each point, the points sorted."""
    groups: dict[PointKey, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[point_key(sample.key)].append(sample)
    return dict(sorted(groups.items()))


def point_of(key: PointKey, samples: Sequence[Sample], run: str, accuracy: Interval, seeds: int = 1) -> Point:
    """The point with its samples' accounts and an accuracy that was taken of them."""
    benchmark, method, budget, waits = key
    return Point(
        benchmark=benchmark,
        method=method,
        budget=budget,
        waits=waits,
        n=len(samples),
        accuracy=accuracy.value,
        ci_low=accuracy.low,
        ci_high=accuracy.high,
        thinking_tokens=fmean(sample.thinking_tokens for sample in samples),
        sampled_tokens=fmean(sample.sampled_tokens for sample in samples),
        injected_tokens=fmean(sample.injected_tokens for sample in samples),
        answer_tokens=fmean(sample.answer_tokens for sample in samples),
        run=run,
        seeds=seeds,
    )
