"""Control, Scaling and Performance of each method, beside what the paper reports (section 3.2, Table 3).

rows = method_rows(points)      # one a run, benchmark and method; as text, for a table with `HEAD`
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.evaluate.metrics import control, performance, scaling
from s1repro.records import Point

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

PAPER = {
    "force": ("100 %", "15", "56.7"),
    "tcc": ("40 %", "-24", "40.0"),
    "tcc+bf": ("100 %", "13", "40.0"),
    "scc": ("60 %", "3", "36.7"),
    "scc+bf": ("100 %", "6", "36.7"),
    "ccc": ("50 %", "25", "36.7"),
    "rejection": ("100 %", "-35", "40.0"),
}
"""Table 3 of the paper: s1-32B on AIME24, as printed there."""


def method_rows(points: Sequence[Point]) -> list[tuple[str, ...]]:
    """A row for each run, benchmark and method of `points`, in their order."""
    groups: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.run, point.benchmark, point.method), []).append(point)
    return [(*key, *_metrics(own), *PAPER.get(key[2], ("-", "-", "-"))) for key, own in groups.items()]


def _metrics(points: Sequence[Point]) -> tuple[str, ...]:
    tokens = [point.thinking_tokens for point in points]
    percent = [100 * point.accuracy for point in points]
    # A slope needs two runs of different length, and a log2 axis needs runs that thought at all.
    spread = len(set(tokens)) > 1
    log2 = f"{scaling(tokens, percent):+.1f}" if spread and min(tokens) > 0 else "-"
    linear = f"{scaling(tokens, percent, axis='linear'):+.1f}" if spread else "-"
    kept = control(tokens, 0, [point.budget for point in points])
    return str(len(points)), f"{100 * kept:.0f} %", log2, linear, f"{performance(percent):.1f}"
