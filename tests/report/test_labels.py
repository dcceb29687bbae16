"""Labels of points at the same height are written apart, each with a line to its own point."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s1repro.report.labels import GAP, Label, write_labels


def test_labels_keep_apart_within_the_panel() -> None:
    axes: Axes = Figure().subplots()
    axes.set_ylim(0, 100)
    heights = {"a": 99.0, "b": 98.5, "c": 98.9, "low": 5.0}
    write_labels(axes, [Label(1, height, name, "#000000") for name, height in heights.items()])
    written = {text.get_text(): text for text in axes.texts}
    assert {name: text.xy[1] for name, text in written.items()} == heights
    places = sorted((text.xyann[1], name) for name, text in written.items())
    assert [name for _, name in places] == ["low", "b", "c", "a"], "in the order of their points"
    assert all(b[0] - a[0] > GAP - 1e-9 for a, b in pairwise(places)) and places[-1][0] <= 1
