"""Labels beside what they name, in place of a legend: a column at the right of a panel, with a thin line to each point.

They keep apart from one another, whatever the heights of their points, and within the panel, however many they are:
where it is too low for all of them, they are set closer and smaller. Set the panel's limits before.

    write_labels(axes, [Label(512, 76.0, "demo", "#1b4f72", strong=True)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes

GAP = 0.065
"""Least distance of two labels in heights of the panel, where that leaves room for all."""
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
    gap = min(GAP, 1 / max(len(ordered) - 1, 1))
    heights = _apart([(label.y - low) / (high - low) for label in ordered], gap)
    for label, height in zip(ordered, heights, strict=True):
        axes.annotate(
            label.text,
            xy=(label.x, label.y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            color=label.colour,
            va="center",
            fontsize=matplotlib.rcParams["font.size"] * gap / GAP,  # or closer ones would be one over another
            fontweight="bold" if label.strong else "normal",
            arrowprops={**LEADER, "color": label.colour},
        )


def _apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Heights in ascending order, moved up from 0 as far as they have to, and down again from 1, the top."""
    heights: list[float] = []
    above = 0.0
    for height in wanted:
        heights.append(max(height, above))
        above = heights[-1] + gap
    below = 1.0
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], below)
        below = heights[number] - gap
    return heights
