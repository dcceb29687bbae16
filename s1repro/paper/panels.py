"""How the paper's figures are drawn: lines with 95 % intervals, the paper's points hollow, axes, and files.

save("figure1", [lambda axes: tokens_axis(axes, "tokens", line(axes, series, "ours", MAIN))], "A note.", "png", folder)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from s1repro.artifacts import write_bytes
from s1repro.evaluate.metrics import Interval, wilson
from s1repro.paper.measured import Missing
from s1repro.report.labels import Label, write_labels
from s1repro.report.picture import QUIET, STYLE

OTHERS = ("#4f8568", "#8d5a97", "#b08a3e", "#3d8a99")
"""Colours of what stands beside the recipe's own run."""

Panel = Callable[[Axes], None]
Series = tuple[Sequence[float], Sequence[Interval]]
"""Places on the x axis, and accuracies there, 0 to 1."""


def save(name: str, panels: Sequence[Panel], note: str, kind: str, folder: Path) -> str:
    """Write a figure of these panels, the two of Figure 4 on one axis of accuracy, as `folder/name.kind`."""
    with matplotlib.rc_context({**STYLE, "font.size": 11, "axes.titlesize": 12}):
        figure = Figure(figsize=(7.0 * len(panels), 4.8), layout="constrained")
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=name == "figure4")
        for axes, panel in zip(grid[0], panels, strict=True):
            panel(axes)
        if note.strip():
            figure.supxlabel(fill(note.strip(), 100 * len(panels)), fontsize=9)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=140, metadata={"Date" if kind == "svg" else "Software": None})
    write_bytes(folder / f"{name}.{kind}", picture.getvalue())
    return f"{name}.{kind}"


def series(x: Sequence[float], scores: Sequence[Mapping[str, float]]) -> Series:
    """Accuracies with 95 % Wilson intervals, of the scores of the questions at each place."""
    return x, [wilson(sum(one.values()), len(one)) for one in scores]


def line(axes: Axes, drawn: Series, text: str, colour: str, marker: str = "o", linestyle: str = "-") -> list[Label]:
    """A line with its intervals; its label, at its last point."""
    x, accuracies = drawn
    y = [100 * one.value for one in accuracies]
    reach = [[100 * (one.value - one.low) for one in accuracies], [100 * (one.high - one.value) for one in accuracies]]
    faint = matplotlib.colors.to_rgba(colour, 0.5)
    bars: dict[str, Any] = {
        "elinewidth": 1.3,
        "ecolor": faint,
        "capsize": 2.5,
        "linewidth": 1.8,
        "markeredgecolor": "white",
    }
    axes.errorbar(x, y, yerr=reach, color=colour, marker=marker, markersize=7, linestyle=linestyle, **bars)
    return [Label(x[-1], y[-1], text, colour, strong=linestyle == "-")]


def papers(axes: Axes, points: Mapping[float, float], text: str) -> Label:
    """The paper's points, in percent by their place on the x axis; their label, at the last one."""
    x, y = list(points), list(points.values())
    axes.plot(x, y, color=QUIET[0], linestyle="--", marker="o", markersize=7, markerfacecolor="white", zorder=1.5)
    return Label(x[-1], y[-1], text, "#6b7075")


def tokens_axis(axes: Axes, name: str, labels: Sequence[Label]) -> None:
    """A log2 axis of tokens or samples, and the labels."""
    _axis(axes, name, 2, labels)
    axes.set_ylabel("accuracy, %")


def examples_axis(axes: Axes, name: str, labels: Sequence[Label]) -> None:
    """A log10 axis of training examples, and the labels; `name` is that of the axis of accuracy."""
    _axis(axes, "training examples; points of as many stand side by side", 10, labels)
    axes.set_ylabel(name)


def _axis(axes: Axes, name: str, base: int, labels: Sequence[Label]) -> None:
    axes.set_xscale("log", base=base)
    axes.xaxis.set_major_locator(LogLocator(base=base))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(name)
    axes.margins(x=0.06)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=6)
    write_labels(axes, labels)


def empty(axes: Axes, missing: Missing | None) -> None:
    """Say why there is nothing to draw."""
    reason = missing.reason if missing else "no run"
    text = fill(f"Nothing to draw: {reason}"[:200], 60)
    axes.text(0.03, 0.95, text, va="top", transform=axes.transAxes, fontsize=10)
    axes.set_xticks([])
