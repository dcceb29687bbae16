"""Parallel scaling: what a majority vote over k samples, or the best of k, would score (section 6.2 of the paper).

Read off the samples that are there, without sampling again: k goes through the powers of two up to the samples a
question, and each figure is the mean over all ways to draw k of them (`s1repro.scaling.voting`).

    vote_rows(samples, run="demo", seed=0)      # one row a point and k; none where each question has one sample
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from s1repro.evaluate.vouched import PointKey
from s1repro.grading import same_answer
from s1repro.records import Sample
from s1repro.report.curves import point_key
from s1repro.scaling.voting import joined, majority_at_k, pass_at_k

HEAD = ("run", "benchmark", "method", "budget", "Waits", "k", "majority@k", "pass@k", "thinking tokens")


def vote_rows(samples: Sequence[Sample], run: str, seed: int) -> list[tuple[str, ...]]:
    """A row for each point and each k; thinking tokens are those of k samples together."""
    points: dict[PointKey, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in sorted(samples, key=lambda sample: sample.key.sample):
        points[point_key(sample)][sample.key.question].append(sample)
    rows: list[tuple[str, ...]] = []
    for (benchmark, method, budget, waits), questions in sorted(points.items()):
        fewest = min(len(drawn) for drawn in questions.values())
        tokens = fmean(sample.thinking_tokens for drawn in questions.values() for sample in drawn)
        ballots = [(_answers(drawn), [sample.correct for sample in drawn]) for drawn in questions.values()]
        for k in _powers(fewest):
            votes = fmean(majority_at_k(*ballot, k, seed=seed) for ballot in ballots)
            passes = fmean(pass_at_k(len(drawn), sum(s.correct for s in drawn), k) for drawn in questions.values())
            figures = (f"{k}", f"{100 * votes:.1f}", f"{100 * passes:.1f}", f"{k * tokens:,.1f}")
            rows.append((run, benchmark, method, f"{budget:,}", str(waits), *figures))
    return rows


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
