"""Control, Scaling and Performance of each method, beside what the paper reports (section 3.2, Table 3).

rows = method_rows(points)      # one a run, benchmark and method; as text, for a table with `HEAD`
measures(points, METHODS["tcc"], default_tokens=None).control       # 40.0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1repro.evaluate.metrics import control, performance, scaling
from s1repro.records import Point
from s1repro.report.published import published
from s1repro.scaling.forcing import Forcing
from s1repro.scaling.method import Method
from s1repro.scaling.methods import METHODS

HEAD = (
    "run",
    "benchmark",
    "method",
    "points",
    "Control",
    "Scaling (log2)",
    "Scaling (linear)",
    "Performance",
    "paper: Control",
    "Scaling",
    "Performance",
)


@dataclass(frozen=True)
class Measures:
    """The metrics of some points: percent, and points a doubling or a thousand tokens; None where there is none.

    A slope needs two runs of different length, and a log2 axis needs runs that thought at all.
    """

    control: float | None
    log2: float | None
    linear: float | None
    performance: float


def measures(points: Sequence[Point], method: type[Method], default_tokens: float | None) -> Measures:
    """The metrics of a method's points; `default_tokens` as in `Method.bounds`. Raises `ValueError` without points."""
    tokens = [point.thinking_tokens for point in points]
    percent = [100 * point.accuracy for point in points]
    spread = len(set(tokens)) > 1
    bounds = method.bounds([point.budget for point in points], default_tokens)
    return Measures(
        control=100 * control(tokens, *zip(*bounds, strict=True)) if bounds else None,
        log2=scaling(tokens, percent) if spread and min(tokens) > 0 else None,
        linear=scaling(tokens, percent, axis="linear") if spread else None,
        performance=performance(percent),
    )


def default_tokens(points: Sequence[Point], benchmark: str) -> float | None:
    """Thinking tokens of the run that is told nothing and cut least: forcing, at its largest budget, without Waits."""
    forced = [p for p in points if (p.benchmark, p.method, p.waits) == (benchmark, Forcing.name, 0)]
    return max(forced, key=lambda point: point.budget).thinking_tokens if forced else None


def method_rows(points: Sequence[Point]) -> list[tuple[str, ...]]:
    """A row for each run, benchmark and method of `points`, in their order."""
    groups: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.run, point.benchmark, point.method), []).append(point)
    rows = []
    for key, own in groups.items():
        method = METHODS[key[2]]
        found = measures(own, method, default_tokens(points, benchmark=key[1]))
        rows.append((*key, str(len(own)), *_texts(found), *_paper(method)))
    return rows


def _texts(found: Measures) -> tuple[str, ...]:
    kept = "-" if found.control is None else f"{found.control:.0f} %"
    slopes = ("-" if slope is None else f"{slope:+.1f}" for slope in (found.log2, found.linear))
    return (kept, *slopes, f"{found.performance:.1f}")


def _paper(method: type[Method]) -> tuple[str, ...]:
    """The method's row of the paper's Table 3, s1-32B on AIME24."""
    row = {
        column.partition(": ")[2]: cell.value
        for (name, column), cell in published("table3").items()
        if name == method.table3
    }
    if not row:
        return ("-", "-", "-")
    return (f"{row['Control']:g} %", f"{row['Scaling']:g}", f"{row['Performance']:.1f}")
