"""Labels of points at the same height are written apart, each with a line to its own point, all within the panel."""

from __future__ import annotations

from itertools import pairwise

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from s1repro.report.labels import GAP, Label, write_labels
from s1repro.report.picture import STYLE


def panel() -> Axes:
    axes: Axes = Figure(figsize=(9.6, 6.2)).subplots()
    axes.set_ylim(0, 100)
    return axes


def test_labels_keep_apart_within_the_panel() -> None:
    axes = panel()
    heights = {"a": 99.0, "b": 98.5, "c": 98.9, "low": 5.0}
    write_labels(axes, [Label(1, height, name, "#000000") for name, height in heights.items()])
    written = {text.get_text(): text for text in axes.texts}
    assert {name: text.xy[1] for name, text in written.items()} == heights
    places = sorted((text.xyann[1], name) for name, text in written.items())
    assert [name for _, name in places] == ["low", "b", "c", "a"], "in the order of their points"
    assert all(b[0] - a[0] > GAP - 1e-9 for a, b in pairwise(places)) and places[-1][0] <= 1
    assert places[0][0] == 0.05 and {text.get_fontsize() for text in axes.texts} == {matplotlib.rcParams["font.size"]}


PANEL = panel()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 100), max_size=40))
def test_any_number_of_labels_stays_within_the_panel_and_in_order(heights: list[float]) -> None:
    for text in list(PANEL.texts):
        text.remove()
    write_labels(PANEL, [Label(1, height, "a label", "#000000") for height in heights])
    places = [(text.xyann[1], text.xy[1]) for text in PANEL.texts]
    assert [height for _, height in places] == sorted(heights)
    assert all(-1e-9 <= place <= 1 + 1e-9 for place, _ in places)
    gap = GAP if len(heights) < 17 else 1 / (len(heights) - 1)
    assert all(b - a > gap - 1e-9 for (a, _), (b, _) in pairwise(places))


@pytest.mark.parametrize("count", [16, 17, 40])
def test_no_label_is_written_over_another(count: int) -> None:
    with matplotlib.rc_context(STYLE):
        axes = panel()
        write_labels(axes, [Label(1, 50, "a label, gy", "#000000", strong=True) for _ in range(count)])
        assert isinstance(axes.figure, Figure)
        FigureCanvasAgg(axes.figure).draw()
        boxes = [Text.get_window_extent(text) for text in axes.texts]  # an annotation's own is with its line
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
