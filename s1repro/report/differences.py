"""Every comparison that a report shows, paired over the same questions, and whether its benchmark is large enough.

This run against each baseline at the largest budget both have, whatever their methods (Tables 1 and 2 of the paper);
the largest budget against the smallest (Figure 1); Waits against none (Table 4); majority votes against one sample
(Figure 4). Intervals are the paper's: 10,000 paired bootstrap resamples of the questions.

A difference whose interval holds zero is not one that was found, and on few questions most are like that: `warnings`
says so of each, with the least difference that these questions would tell.

    compared = differences({"demo": samples, "base": other}, seed=0)
    warnings(compared)      # ["Warning: 30 questions of aime24 are too few for demo - base at 8,192 tokens: ..."]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from s1repro.evaluate.metrics import Interval, least_difference, paired_difference, resolution
from s1repro.evaluate.points import answered, by_point, question_scores
from s1repro.evaluate.vouched import PointKey
from s1repro.records import Sample
from s1repro.report.votes import votes_of

Runs = Mapping[str, Sequence[Sample]]
"""The samples of each run, by its name; the first is the run itself, the others are its baselines."""

Scores = Mapping[str, float]
"""For each question, by its id, the share of its samples that are correct."""

HEAD = ("benchmark", "difference", "budget", "questions", "points", "95 % interval", "told from zero from")


@dataclass(frozen=True)
class Difference:
    """One comparison: mean score of the first side less the second's, over the questions that both answered.

    `interval` and `resolved`, the least difference that this interval could tell from zero, are fractions; where no
    question was answered by both there are none.
    """

    benchmark: str
    name: str
    budget: int
    questions: int
    interval: Interval | None
    resolved: float | None

    @property
    def is_told(self) -> bool:
        """Whether the interval leaves zero out, or there is no difference to tell."""
        return self.interval is None or self.interval.value == 0 or not self.interval.low <= 0 <= self.interval.high


def differences(runs: Runs, seed: int, votes: bool = True) -> list[Difference]:
    """All comparisons: against the baselines, then within the run, then votes, where its samples are of one run."""
    (run, own), *baselines = runs.items()
    scores = _scores(own)
    pairs = [pair for name, samples in baselines for pair in _against(run, scores, name, _scores(samples))]
    pairs += [*_largest_and_smallest(scores), *_waits(scores), *(_votes(own, seed) if votes else ())]
    return [_paired(*pair, seed=seed) for pair in pairs]


def difference_rows(compared: Sequence[Difference]) -> list[tuple[str, ...]]:
    """A row for each comparison, in points, for a table with `HEAD`."""
    return [
        (one.benchmark, one.name, f"{one.budget:,}", f"{one.questions:,}", *_figures(one.interval, one.resolved))
        for one in compared
    ]


def warnings(compared: Sequence[Difference]) -> list[str]:
    """A line for each difference that its benchmark is too small to tell from zero; none where all are told."""
    lines = []
    for one in compared:
        if not one.is_told:
            value, interval, resolved = _figures(one.interval, one.resolved)
            lines.append(
                f"Warning: {one.questions:,} questions of {one.benchmark} are too few for {one.name} at "
                f"{one.budget:,} tokens: {value} points ({interval}) is not told from zero; where as many answers "
                f"differ, it takes about {resolved} points"
            )
    return lines


def at_best(compared: Sequence[Difference]) -> str:
    """What each benchmark can tell at all, as a sentence: the number of questions alone sets a floor."""
    sizes = sorted({(one.benchmark, one.questions) for one in compared if one.questions})
    floors = [f"{name} ({count:,} questions) {100 * least_difference(count):.1f}" for name, count in sizes]
    return f"With one answer a question the least difference that can be told, in points: {', '.join(floors)}."


class _Pair(NamedTuple):
    name: str
    point: PointKey
    first: Scores
    second: Scores


def _scores(samples: Sequence[Sample]) -> dict[PointKey, Scores]:
    """For each point, the score of each question."""
    return {key: question_scores(group) for key, group in by_point(answered(samples)).items()}


def _against(run: str, scores: Mapping[PointKey, Scores], name: str, others: Mapping[PointKey, Scores]) -> list[_Pair]:
    """The run and a baseline, at the largest budget both have without Waits; methods are named where they differ."""
    there = {(benchmark, budget): key for key in others for benchmark, _, budget, waits in [key] if waits == 0}
    common = [key for key in sorted(scores) if key[3] == 0 and (key[0], key[2]) in there]
    pairs = []
    for _, keys in groupby(common, key=lambda key: key[0]):
        largest = max(keys, key=lambda key: key[2])
        other = there[largest[0], largest[2]]
        methods = ("", "") if largest[1] == other[1] else (f" ({largest[1]})", f" ({other[1]})")
        pairs.append(_Pair(f"{run}{methods[0]} - {name}{methods[1]}", largest, scores[largest], others[other]))
    return pairs


def _largest_and_smallest(scores: Mapping[PointKey, Scores]) -> Iterator[_Pair]:
    """The ends of each curve: what more thinking is worth in all."""
    for _, keys in groupby(sorted(key for key in scores if key[3] == 0), key=lambda key: key[:2]):
        curve = list(keys)
        smallest, largest = curve[0], curve[-1]
        if smallest != largest:
            yield _Pair(f"budget {largest[2]:,} - {smallest[2]:,}", largest, scores[largest], scores[smallest])


def _waits(scores: Mapping[PointKey, Scores]) -> Iterator[_Pair]:
    for key in sorted(scores):
        none = (*key[:3], 0)
        if key[3] > 0 and none in scores:
            yield _Pair(f"{key[3]} Wait{'s' if key[3] > 1 else ''} - none", key, scores[key], scores[none])


def _votes(samples: Sequence[Sample], seed: int) -> Iterator[_Pair]:
    for votes in votes_of(samples, seed):
        waits = votes.point[3]
        if votes.k > 1:
            behind = f", {waits} Wait{'s' if waits > 1 else ''}" if waits else ""
            yield _Pair(f"majority@{votes.k} - one sample{behind}", votes.point, votes.majority, votes.average)


def _paired(name: str, point: PointKey, first: Scores, second: Scores, seed: int) -> Difference:
    common = sorted(first.keys() & second.keys())
    if not common:
        return Difference(point[0], name, point[2], 0, None, None)
    a, b = [first[question] for question in common], [second[question] for question in common]
    interval = paired_difference(a, b, seed)
    return Difference(point[0], name, point[2], len(common), interval, resolution(a, b))


def _figures(interval: Interval | None, resolved: float | None) -> tuple[str, ...]:
    if interval is None or resolved is None:
        return ("-", "-", "-")
    value, low, high = (100 * number for number in (interval.value, interval.low, interval.high))
    return (f"{value:+.1f}", f"{low:+.1f} to {high:+.1f}", f"{100 * resolved:.1f}")
