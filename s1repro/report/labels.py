"""Labels beside what they name, in place of a legend: a column at the right of a panel, with a thin line to each point.

They keep apart from one another, whatever the heights of their points. Set the panel's limits before.

    write_labels(axes, [Label(512, 76.0, "demo", "#1b4f72", strong=True)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

GAP = 0.065
"""Least distance of two labels, in heights of the panel."""
LEADER = {"arrowstyle": "-", "alpha": 0.35, "linewidth": 0.9, "shrinkB": 6, "relpos": (0.0, 0.5)}
"""The thin line from a label's left end to its point."""


@dataclass(frozen=True)
class Label:
    """The place that a label names, in units of the axes, its text and colour, and whether it is set in bold."""

    x: float
    y: float
    text: str
    colour: str
    strong: bool = False


def write_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Write the labels, each near its point's height; the y axis of `axes` has to be linear."""
    low, high = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label.y)
    heights = _apart([(label.y - low) / (high - low) for label in ordered])
    for label, height in zip(ordered, heights, strict=True):
        axes.annotate(
            label.text,
            xy=(label.x, label.y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            color=label.colour,
            va="center",
            fontweight="bold" if label.strong else "normal",
            arrowprops={**LEADER, "color": label.colour},
        )


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights in ascending order, moved up as far as they have to, and down again from 1, the top."""
    heights: list[float] = []
    for height in wanted:
        heights.append(max(height, heights[-1] + GAP) if heights else height)
    below = 1.0
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], below)
        below = heights[number] - GAP
    return heights
