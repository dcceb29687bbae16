"""The numbers beside the curve: `tables.md` and a small table for the terminal.

The curve itself; Control, Scaling and Performance (section 3.2, Table 3 of the paper); this run against its baselines
at the largest budget both have, and Waits against none, as paired differences over the same questions with 95 %
bootstrap intervals (Tables 2 and 4).

    text = markdown({"demo": samples, "base": other}, seed=0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1repro.evaluate.metrics import Interval, paired_difference
from s1repro.records import Point, Sample
from s1repro.report.curves import point_key, question_scores, to_points
from s1repro.report.ends import HEAD as ENDS_HEAD
from s1repro.report.ends import answered, end_rows
from s1repro.report.methods import HEAD as METHODS_HEAD
from s1repro.report.methods import method_rows
from s1repro.report.votes import HEAD as VOTES_HEAD
from s1repro.report.votes import vote_rows

Runs = Mapping[str, Sequence[Sample]]
"""The samples of each run, by its name; the first is the run itself, the others are its baselines."""


def markdown(runs: Runs, seed: int) -> str:
    """The whole of `tables.md`."""
    points = [point for name, samples in runs.items() for point in to_points(samples, name)]
    parts = [
        "# Tables",
        "## The curve",
        "Accuracy in percent with its 95 % Wilson interval; token counts are means over the samples.",
        _table(
            ("run", "benchmark", "budget", "Waits", "n", "accuracy", "95 % interval", "thinking", "injected", "answer"),
            [_curve_row(point) for point in points],
        ),
        "## Control, Scaling, Performance",
        "Over all points of a run, Waits included. Control: share of the points whose mean thinking tokens keep to "
        "the budget. Scaling: mean slope over all pairs of points, in points per doubling (as in the paper's Table 3) "
        "and per thousand tokens. Performance: the best accuracy. The last three columns are the paper's Table 3, "
        "s1-32B on AIME24.",
        _table(METHODS_HEAD, method_rows(points)),
        "## How samples ended",
        "Samples of each point by why their thinking ended, and how many answers were cut where they stood. Those "
        "that are `rejected`, because no try fitted the budget, have no answer and are in no accuracy.",
        _table(ENDS_HEAD, [row for name, samples in runs.items() for row in end_rows(samples, name)]),
        *_parallel(runs, seed),
        "## Differences",
        "Paired over the same questions, in points, with 95 % intervals of 10,000 bootstrap resamples.",
        _table(("benchmark", "difference", "budget", "questions", "points", "95 % interval"), _differences(runs, seed)),
    ]
    return "\n\n".join(parts) + "\n"


def _parallel(runs: Runs, seed: int) -> list[str]:
    """The section on votes, where there is more than one sample a question."""
    rows = [row for name, samples in runs.items() for row in vote_rows(samples, name, seed)]
    if not rows:
        return []
    text = (
        "The majority vote over k samples of a question, and whether any of k is right; means over all ways to draw k."
    )
    return ["## Parallel scaling", text, _table(VOTES_HEAD, rows)]


def terminal(points: Sequence[Point]) -> str:
    """The curve as a few aligned lines."""
    head = f"{'run':<14} {'benchmark':<14} {'budget':>7} {'waits':>5} {'thinking':>9} {'accuracy':>9}  95 %"
    lines = [
        f"{p.run:<14} {p.benchmark:<14} {p.budget:>7,} {p.waits:>5} {p.thinking_tokens:>9,.1f} "
        f"{100 * p.accuracy:>7.1f} %  {100 * p.ci_low:.1f} to {100 * p.ci_high:.1f}"
        for p in points
    ]
    return "\n".join([head, *lines])


def _curve_row(point: Point) -> tuple[str, ...]:
    return (
        point.run,
        point.benchmark,
        f"{point.budget:,}",
        str(point.waits),
        f"{point.n:,}",
        f"{100 * point.accuracy:.1f}",
        f"{100 * point.ci_low:.1f} to {100 * point.ci_high:.1f}",
        f"{point.thinking_tokens:,.1f}",
        f"{point.injected_tokens:,.1f}",
        f"{point.answer_tokens:,.1f}",
    )


def _differences(runs: Runs, seed: int) -> list[tuple[str, ...]]:
    """This run against each baseline, then its Waits against none."""
    (run, own), *baselines = runs.items()
    scores = _scores(own)
    rows = []
    for name, samples in baselines:
        other = _scores(samples)
        common = [key for key in scores if key in other and key[3] == 0]
        for benchmark in sorted({key[0] for key in common}):
            largest = max((key for key in common if key[0] == benchmark), key=lambda key: key[2])
            rows.append((f"{run} - {name}", largest, scores[largest], other[largest]))
    for key in sorted(scores):
        none = (*key[:3], 0)
        if key[3] > 0 and none in scores:
            plural = "s" if key[3] > 1 else ""
            rows.append((f"{key[3]} Wait{plural} - none", key, scores[key], scores[none]))
    return [_difference_row(name, key[0], key[2], a, b, seed) for name, key, a, b in rows]


def _scores(samples: Sequence[Sample]) -> dict[tuple[str, str, int, int], dict[str, float]]:
    """For each point, the score of each question."""
    given = answered(samples)
    keys = {point_key(sample) for sample in given}
    return {key: question_scores(sample for sample in given if point_key(sample) == key) for key in keys}


def _difference_row(
    name: str, benchmark: str, budget: int, a: Mapping[str, float], b: Mapping[str, float], seed: int
) -> tuple[str, ...]:
    common = sorted(a.keys() & b.keys())
    if not common:
        return (benchmark, name, f"{budget:,}", "0", "-", "-")
    difference: Interval = paired_difference([a[q] for q in common], [b[q] for q in common], seed)
    value, low, high = (100 * number for number in (difference.value, difference.low, difference.high))
    return (benchmark, name, f"{budget:,}", f"{len(common):,}", f"{value:+.1f}", f"{low:+.1f} to {high:+.1f}")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "Nothing to compare: no baseline has a point of the same method and budget, and there are no Waits."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
