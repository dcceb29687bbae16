"""Parallel scaling: what one of k samples, a majority vote over them, or the best of them scores (section 6.2).

Read off the samples that are there, without sampling again: k goes through the powers of two up to the samples a
question, and each figure is the mean over all ways to draw k of them (`s1repro.scaling.voting`). Intervals count
questions, as the curve's do. Samples for which no try fitted the budget are in no figure (`s1repro.report.ends`).

    vote_rows(samples, run="demo", seed=0)      # one row a point and k; none where each question has one sample
    votes_of(samples, seed=0)                   # the scores behind them, question by question
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import answered, question_scores
from s1repro.evaluate.vouched import PointKey, point_key
from s1repro.grading import same_answer
from s1repro.records import Sample
from s1repro.scaling.voting import joined, majority_at_k, pass_at_k

HEAD = (
    "run",
    "benchmark",
    "method",
    "budget",
    "Waits",
    "k",
    "avg@k (95 % interval)",
    "majority@k (95 % interval)",
    "pass@k (95 % interval)",
    "thinking tokens",
)


@dataclass(frozen=True)
class Votes:
    """What k samples score at one point: for each question a number from 0 to 1, by its id.

    `average` is of one sample, and so the same for each k; `majority` of the vote; `any_right` is pass@k. `thinking`
    are the tokens of k samples together.
    """

    point: PointKey
    k: int
    average: Mapping[str, float]
    majority: Mapping[str, float]
    any_right: Mapping[str, float]
    thinking: float


def votes_of(samples: Sequence[Sample], seed: int) -> list[Votes]:
    """One for each point and each k, in their order."""
    points: dict[PointKey, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in sorted(answered(samples), key=lambda sample: sample.key.sample):
        points[point_key(sample.key)][sample.key.question].append(sample)
    return [votes for key, questions in sorted(points.items()) for votes in _at_each_k(key, questions, seed)]


def vote_rows(samples: Sequence[Sample], run: str, seed: int) -> list[tuple[str, ...]]:
    """A row for each point and each k, as text."""
    rows: list[tuple[str, ...]] = []
    for votes in votes_of(samples, seed):
        benchmark, method, budget, waits = votes.point
        figures = (_with_interval(scores) for scores in (votes.average, votes.majority, votes.any_right))
        rows.append(
            (run, benchmark, method, f"{budget:,}", str(waits), f"{votes.k}", *figures, f"{votes.thinking:,.1f}")
        )
    return rows


def _at_each_k(point: PointKey, questions: Mapping[str, Sequence[Sample]], seed: int) -> list[Votes]:
    fewest = min(len(drawn) for drawn in questions.values())
    everything = [sample for drawn in questions.values() for sample in drawn]
    tokens, average = fmean(sample.thinking_tokens for sample in everything), question_scores(everything)
    ballots = {name: (_answers(drawn), [sample.correct for sample in drawn]) for name, drawn in questions.items()}
    return [
        Votes(
            point,
            k,
            average,
            {name: majority_at_k(*ballot, k, seed=seed) for name, ballot in ballots.items()},
            {name: pass_at_k(len(marks), sum(marks), k) for name, (_, marks) in ballots.items()},
            k * tokens,
        )
        for k in _powers(fewest)
    ]


def _with_interval(scores: Mapping[str, float]) -> str:
    found = wilson(sum(scores.values()), len(scores))
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def _powers(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`; none where there is nothing to vote on."""
    return [2**i for i in range(most.bit_length()) if 2**i <= most] if most > 1 else []


def _answers(drawn: Sequence[Sample]) -> list[str]:
    """The answers of one question, equal ones spelt alike. A right one and a wrong one are never equal.

    What a benchmark compares letter for letter is joined as mathematics as well, since a sample does not say which it
    was; it can only join wrong answers.
    """
    wrong = {sample.extracted for sample in drawn if not sample.correct}
    right = {sample.extracted for sample in drawn if sample.correct}

    def same(first: str, second: str) -> bool:
        apart = (first in right and second in wrong) or (first in wrong and second in right)
        return not apart and same_answer(first, second, "math")

    return joined([sample.extracted for sample in drawn], same)
