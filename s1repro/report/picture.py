"""The picture: accuracy against mean thinking tokens, one panel a benchmark (Figure 1 of the paper).

This run is a strong line over its budgets; its Waits, which push past the largest budget's natural end, are diamonds;
baselines are quiet lines; what is still being measured is hollow. Bars are 95 % intervals; a run of several seeds has a
band in their place.
Labels stand beside what they name, there is no legend. The same points give the same bytes.

    draw(points, run="demo", title="accuracy against test-time compute", path=Path("curve.svg"))
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from s1repro.artifacts import write_bytes
from s1repro.records import Point
from s1repro.report.labels import Label, write_labels

MAIN, WAIT, INK = "#1b4f72", "#c0552d", "#333333"
QUIET = ("#8a8f94", "#a08c72", "#6f8f7c", "#8d7a99")
STYLE: dict[Any, Any] = {  # Any: matplotlib's own type lists each key
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same picture everywhere
    "font.size": 15,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "s1repro",
}
HOLLOW = {"markerfacecolor": "white", "markeredgewidth": 1.6, "markersize": 8, "linestyle": "none", "zorder": 4}
"""A point that is still being measured."""


def draw(points: Sequence[Point], run: str, title: str, path: Path) -> None:
    """Draw `points` of `run` and of baselines into `path`, a `.png` or `.svg`."""
    benchmarks = sorted({point.benchmark for point in points})
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.6 * len(benchmarks), 6.2), layout=ConstrainedLayoutEngine(w_pad=0.22, h_pad=0.2))
        panels = figure.subplots(1, len(benchmarks), squeeze=False)[0]
        for axes, benchmark in zip(panels, benchmarks, strict=True):
            _panel(axes, [point for point in points if point.benchmark == benchmark], run, benchmark)
        figure.suptitle(title, x=0.025, ha="left", fontsize=19, fontweight="bold")
        picture = io.BytesIO()
        kind = path.suffix.removeprefix(".")
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(picture, format=kind, dpi=160, metadata=metadata)
    write_bytes(path, picture.getvalue())


def _panel(axes: Axes, points: Sequence[Point], run: str, benchmark: str) -> None:
    labels: list[Label] = []
    others = sorted({point.run for point in points} - {run})
    for i, other in enumerate(others):
        colour = QUIET[i % len(QUIET)]
        labels += _line(axes, [point for point in points if point.run == other], other, colour, colour)
    labels += _line(axes, [point for point in points if point.run == run], run, MAIN, WAIT)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(LogLocator(base=2))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    axes.set_ylim(*_limits(points))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=7)
    axes.set_xlabel("mean thinking tokens", labelpad=8)
    axes.set_title(f"Accuracy on {benchmark}, {points[0].n:,} answers a point", loc="left", fontsize=15, pad=12)
    write_labels(axes, labels)


def _line(axes: Axes, points: Sequence[Point], name: str, colour: str, wait_colour: str) -> list[Label]:
    """Draw one run; what to label on it."""
    budgets = [point for point in points if point.waits == 0]
    waits = [point for point in points if point.waits > 0]
    strong = colour == MAIN
    _marks(axes, budgets, colour, marker="o", linestyle="-", linewidth=3.0 if strong else 2.0)
    if waits:
        start = [max(budgets, key=lambda point: point.budget)] if budgets else []
        axes.plot(*_xy([*start, *waits]), color=wait_colour, linestyle=(0, (1, 1.6)), linewidth=1.8, zorder=2)
        _marks(axes, waits, wait_colour, marker="D", linestyle="none", linewidth=0)
    labels = [_named(max(budgets, key=lambda point: point.budget), name, colour)] if budgets else []
    named = "" if strong else f"{name}, "
    return labels + [_named(p, f"{named}{p.waits} Wait{'s' if p.waits > 1 else ''}", wait_colour) for p in waits]


def _named(point: Point, text: str, colour: str) -> Label:
    x, y = _xy([point])
    return Label(x[0], y[0], text, colour, strong=colour == MAIN)


def _marks(axes: Axes, points: Sequence[Point], colour: str, **style: Any) -> None:
    if not points:
        return
    x, y = _xy(points)
    below = [100 * (point.accuracy - point.ci_low) for point in points]
    above = [100 * (point.ci_high - point.accuracy) for point in points]
    own: dict[str, Any] = {"color": colour, "markersize": 8, "markeredgecolor": "white"}
    hollow = [one for one, point in zip(zip(x, y, strict=True), points, strict=True) if point.unfinished]
    if hollow:  # above the line, which goes through them
        hole: dict[str, Any] = {**HOLLOW, "markeredgecolor": colour, "marker": style["marker"]}
        axes.plot(*zip(*hollow, strict=True), **hole)
    if any(point.seeds > 1 for point in points) and style["linestyle"] == "-":
        low, high = [100 * point.ci_low for point in points], [100 * point.ci_high for point in points]
        axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(x, y, **own, **style)
        return
    bars: dict[str, Any] = {"elinewidth": 1.2, "ecolor": matplotlib.colors.to_rgba(colour, 0.45), "capsize": 0}
    axes.errorbar(x, y, yerr=[below, above], **own, **bars, **style)


def _xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    """Positions; a model that did not think at all stands at 1 token, the log axis has no 0."""
    return [max(point.thinking_tokens, 1.0) for point in points], [100 * point.accuracy for point in points]


def _limits(points: Sequence[Point]) -> tuple[float, float]:
    """All intervals and some air, within 0 to 100 %."""
    low, high = min(100 * point.ci_low for point in points), max(100 * point.ci_high for point in points)
    air = max(2.0, 0.06 * (high - low))
    return max(low - air, -1.5), min(high + air, 101.5)
