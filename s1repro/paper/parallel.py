"""Sequential scaling against parallel scaling at equal compute (section 6.2).

For a majority vote over k samples, or a tree search, the opponent is the best point of the recipe's own run that takes
no more FLOPs a question; the difference is paired over the questions. A reward model's own work is not among the FLOPs.

    parallel_table(config, runs)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from s1repro.config import Config
from s1repro.evaluate.metrics import paired_difference, wilson
from s1repro.evaluate.points import answered, by_point, question_scores
from s1repro.evaluate.vouched import PointKey
from s1repro.paper.costs import evaluation, sample_flops
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Entry, Number, Table, percent
from s1repro.report.votes import votes_of
from s1repro.settings.paper import OWN


@dataclass(frozen=True)
class Effort:
    """A way to spend compute on a question: what it scores, and its mean thinking tokens and FLOPs (None: unknown)."""

    run: str
    point: PointKey
    k: int
    scores: Mapping[str, float]
    thinking: float
    flops: float | None

    @property
    def accuracy(self) -> float:
        """The mean score, 0 to 1."""
        return fmean(self.scores.values())


def efforts(config: Config, runs: Measured, key: str) -> Iterator[Effort]:
    """All that a run of `paper.runs` offers: each of its points, and each number of votes where it has several."""
    for name in runs.names[key]:
        spent = evaluation(config, name)
        model = spent.model if spent else None
        groups = by_point(answered(runs.of(name)))
        costs = {
            point: fmean(sample_flops(model, sample) for sample in samples) if model else None
            for point, samples in groups.items()
        }
        votes = votes_of(runs.of(name), config.seed)
        for vote in votes:
            cost = costs[vote.point]
            yield Effort(
                name, vote.point, vote.k, vote.majority, vote.thinking, None if cost is None else vote.k * cost
            )
        voted = {vote.point for vote in votes}
        for point, samples in groups.items():
            if point not in voted:
                tokens = fmean(sample.thinking_tokens + sample.discarded_tokens for sample in samples)
                yield Effort(name, point, 1, question_scores(samples), tokens, costs[point])


def parallel_table(config: Config, runs: Measured) -> Table:
    """Each vote and each search against the best sequential point of no more FLOPs."""
    note = (
        "A majority vote over k samples, or a search, against the best point of the recipe's own run (budgets and "
        "Waits) that takes no more FLOPs a question; paired over the questions, 95 %. The best point is chosen on the "
        "same questions, which favours sequential scaling; what a reward model computes is not counted, which favours "
        "a search by one (best-of-n, rebase). Thinking tokens are those of all k together."
    )
    sequential = list(efforts(config, runs, OWN)) if OWN in runs.names else []
    entries: list[Entry] = []
    for key in config.paper.parallel:
        missing = runs.why_not([key])
        if missing:
            entries.append(Entry(key, "accuracy", missing))
            continue
        for effort in efforts(config, runs, key):
            row = f"{effort.run}: {effort.point[0]}, {effort.point[1]}, {effort.point[2]:,}, k = {effort.k}"
            entries += [Entry(row, column, cell) for column, cell in _cells(config, effort, sequential).items()]
    return Table("parallel", "Sequential against parallel at equal compute", note, entries)


def _cells(config: Config, effort: Effort, sequential: list[Effort]) -> dict[str, Number | Missing]:
    cells: dict[str, Number | Missing] = {
        "accuracy": percent(wilson(sum(effort.scores.values()), len(effort.scores))),
        "thinking tokens": Number(effort.thinking),
    }
    if effort.flops is None:
        return {**cells, "GFLOPs": Missing("the run's telemetry does not say")}
    cells["GFLOPs"] = Number(effort.flops / 1e9, digits=3)
    near = [
        one
        for one in sequential
        if one.point[0] == effort.point[0] and one.flops is not None and one.flops <= effort.flops
    ]
    if not near:
        return {**cells, "sequential": Missing("no sequential point takes as little")}
    best = max(near, key=lambda one: one.accuracy)
    common = sorted(effort.scores.keys() & best.scores.keys())
    difference = paired_difference([best.scores[q] for q in common], [effort.scores[q] for q in common], config.seed)
    assert best.flops is not None
    return {
        **cells,
        "sequential": percent(wilson(sum(best.scores.values()), len(best.scores))),
        "its budget": Number(best.point[2], digits=0),
        "its Waits": Number(best.point[3], digits=0),
        "its GFLOPs": Number(best.flops / 1e9, digits=3),
        "sequential - parallel": percent(difference, signed=True),
    }
