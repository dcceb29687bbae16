"""Control, Scaling and Performance of each method, beside what the paper reports (section 3.2, Table 3).

rows = method_rows(points)      # one a run, benchmark and method; as text, for a table with `HEAD`
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.evaluate.metrics import control, performance, scaling
from s1repro.records import Point
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


def method_rows(points: Sequence[Point]) -> list[tuple[str, ...]]:
    """A row for each run, benchmark and method of `points`, in their order."""
    groups: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.run, point.benchmark, point.method), []).append(point)
    rows = []
    for key, own in groups.items():
        method, default = METHODS[key[2]], _default_tokens(points, benchmark=key[1])
        rows.append((*key, *_metrics(own, method, default), *_paper(method)))
    return rows


def _default_tokens(points: Sequence[Point], benchmark: str) -> float | None:
    """Thinking tokens of the run that is told nothing and cut least: forcing, at its largest budget, without Waits."""
    forced = [p for p in points if (p.benchmark, p.method, p.waits) == (benchmark, Forcing.name, 0)]
    return max(forced, key=lambda point: point.budget).thinking_tokens if forced else None


def _paper(method: type[Method]) -> tuple[str, ...]:
    return method.table3 or ("-", "-", "-")


def _metrics(points: Sequence[Point], method: type[Method], default_tokens: float | None) -> tuple[str, ...]:
    tokens = [point.thinking_tokens for point in points]
    percent = [100 * point.accuracy for point in points]
    # A slope needs two runs of different length, and a log2 axis needs runs that thought at all.
    spread = len(set(tokens)) > 1
    log2 = f"{scaling(tokens, percent):+.1f}" if spread and min(tokens) > 0 else "-"
    linear = f"{scaling(tokens, percent, axis='linear'):+.1f}" if spread else "-"
    bounds = method.bounds([point.budget for point in points], default_tokens)
    kept = f"{100 * control(tokens, *zip(*bounds, strict=True)):.0f} %" if bounds else "-"
    return str(len(points)), kept, log2, linear, f"{performance(percent):.1f}"
