"""The numbers beside the curve: `tables.md` and a small table for the terminal.

The curve itself; Control, Scaling and Performance (section 3.2, Table 3 of the paper); how samples ended; votes; and
all that is compared, as paired differences, with a warning for each that its benchmark is too small to tell.

    text = markdown([read_run("runs", "demo"), read_run("runs", "base")], points, seed=0)
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.records import Point
from s1repro.report.curves import Evaluated
from s1repro.report.differences import HEAD as DIFFERENCES_HEAD
from s1repro.report.differences import Difference, Runs, at_best, difference_rows, differences, warnings
from s1repro.report.ends import HEAD as ENDS_HEAD
from s1repro.report.ends import end_rows
from s1repro.report.merge import Part
from s1repro.report.methods import HEAD as METHODS_HEAD
from s1repro.report.methods import method_rows
from s1repro.report.seeds import head, preface, seed_rows
from s1repro.report.votes import HEAD as VOTES_HEAD
from s1repro.report.votes import vote_rows

NOTES = "Notes on the data"
"""Title of the section on what is not as it should be; there is none where all is."""

NONE_YET = "No point is finished yet."


def markdown(
    runs: Sequence[Evaluated],
    points: Sequence[Point],
    seed: int,
    merged: Sequence[Part] = (),
    notes: Sequence[str] = (),
) -> str:
    """The whole of `tables.md`: `runs` with their `points`; `merged` are those that the first one consists of.

    What is concluded from points is concluded from finished ones alone.
    """
    finished = {run.name: run.finished for run in runs}
    told = [point for point in points if not point.unfinished]
    parts = [
        "# Tables",
        *([f"## {NOTES}", *notes] if notes else []),
        "## The curve",
        f"Accuracy in percent with its {_interval(merged)}; token counts are means over the samples.",
        table(
            ("run", "benchmark", "budget", "Waits", "n", "accuracy", "95 % interval", "thinking", "injected", "answer"),
            [_curve_row(point) for point in points],
        ),
        *_seeds(points, merged),
        "## Control, Scaling, Performance",
        "Over all points of a run, Waits included. Control: share of the points whose mean thinking tokens keep to "
        "the budget. Scaling: mean slope over all pairs of points, in points per doubling (as in the paper's Table 3) "
        "and per thousand tokens. Performance: the best accuracy. The last three columns are the paper's Table 3, "
        "s1-32B on AIME24.",
        table(METHODS_HEAD, method_rows(told)) if told else NONE_YET,
        "## How samples ended",
        "Samples of each point by why their thinking ended, and how many answers were cut where they stood. Those "
        "that are `rejected`, because no try fitted the budget, have no answer and are in no accuracy.",
        table(ENDS_HEAD, [row for run in runs for row in end_rows(run.samples, run.name)]),
        *_parallel(finished, seed, merged),
        *_compared(differences(finished, seed, votes=len(merged) < 2)),
    ]
    return "\n\n".join(parts) + "\n"


def _interval(merged: Sequence[Part]) -> str:
    """What the intervals of the curve are."""
    several = len(merged) > 1
    return "95 % interval (Wilson's, or over several seeds the band below)" if several else "95 % Wilson interval"


def _seeds(points: Sequence[Point], merged: Sequence[Part]) -> list[str]:
    """The section on the runs that this one consists of, where it has several."""
    if len(merged) < 2:
        return []
    return ["## Seeds", preface(merged), table(head(merged), seed_rows(points, merged))]


def _parallel(runs: Runs, seed: int, merged: Sequence[Part]) -> list[str]:
    """The section on votes, where there is more than one sample a question; samples of several runs vote nowhere."""
    single = list(runs.items())[1:] if len(merged) > 1 else runs.items()
    rows = [row for name, samples in single for row in vote_rows(samples, name, seed)]
    if not rows:
        return []
    text = (
        "One of k samples of a question (avg@k, the same for each k), the majority vote over k, and whether any of k "
        "is right: means over all ways to draw k, in percent, with 95 % Wilson intervals that count questions."
    )
    return ["## Parallel scaling", text, table(VOTES_HEAD, rows)]


def _compared(compared: Sequence[Difference]) -> list[str]:
    """The section on differences, with what its benchmarks are too small for."""
    if not compared:
        return [
            "## Differences",
            "Nothing to compare: no two finished points, no baseline with one of the same budget.",
        ]
    text = (
        "Paired over the same questions, in points, with 95 % intervals of 10,000 bootstrap resamples. The last column "
        "is the least difference that would leave zero out of its interval where as many answers differ. "
    )
    rows = table(DIFFERENCES_HEAD, difference_rows(compared))
    return ["## Differences", text + at_best(compared), rows, *warnings(compared)]


def terminal(points: Sequence[Point]) -> str:
    """The curve as a few aligned lines."""
    name, benchmark = (max(14, *(len(getattr(p, column)) for p in points)) for column in ("run", "benchmark"))
    head = (
        f"{'run':<{name}} {'benchmark':<{benchmark}} {'budget':>7} {'waits':>5} {'thinking':>9} {'accuracy':>9}  95 %"
    )
    lines = [
        f"{p.run:<{name}} {p.benchmark:<{benchmark}} {p.budget:>7,} {p.waits:>5} {p.thinking_tokens:>9,.1f} "
        f"{100 * p.accuracy:>7.1f} %  {100 * p.ci_low:.1f} to {100 * p.ci_high:.1f}{'  unfinished' * p.unfinished}"
        for p in points
    ]
    return "\n".join([head, *lines])


def _curve_row(point: Point) -> tuple[str, ...]:
    return (
        point.run,
        point.benchmark,
        f"{point.budget:,}",
        str(point.waits),
        f"{point.n:,}{' so far' * point.unfinished}",
        f"{100 * point.accuracy:.1f}",
        f"{100 * point.ci_low:.1f} to {100 * point.ci_high:.1f}",
        f"{point.thinking_tokens:,.1f}",
        f"{point.injected_tokens:,.1f}",
        f"{point.answer_tokens:,.1f}",
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
