"""tables.md holds the metrics and the paired differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s1repro.evaluate.metrics import scaling
from s1repro.evaluate.points import to_points
from s1repro.records import Sample
from s1repro.report.differences import differences, warnings
from s1repro.report.tables import terminal
from tests.report.conftest import tables, whole

Finish = Callable[..., list[Sample]]


def row(text: str, start: str) -> list[str]:
    """The cells of the one table row that begins with `start`."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_metrics_of_a_run(finish: Finish) -> None:
    samples = finish("toy")
    points = to_points(samples, "toy")
    text = tables(whole("toy", samples)).split("## Control")[1].split("## How")[0]
    cells = row(text, "toy | toy")
    tokens, percent = [p.thinking_tokens for p in points], [100 * p.accuracy for p in points]
    assert cells[4] == "100 %"
    assert float(cells[5]) == pytest.approx(scaling(tokens, percent), abs=0.05)
    assert float(cells[6]) == pytest.approx(scaling(tokens, percent, axis="linear"), abs=0.05)
    assert cells[7] == "80.0"


def test_a_single_point_has_no_slope_and_nothing_to_compare(finish: Finish) -> None:
    text = tables(whole("toy", finish("toy", {(16, 0): 3})))
    assert row(text.split("## Control")[1].split("## How")[0], "toy | toy")[5:7] == ["-", "-"]
    assert "Nothing to compare" in text


def test_differences_end_with_what_ten_questions_cannot_tell(finish: Finish) -> None:
    runs = {"toy": finish("toy")}
    text = tables(whole("toy", runs["toy"])).split("## Differences")[1]
    assert row(text, "toy | 1 Wait - none")[2:5] == ["64", "10", "+10.0"]
    assert "toy (10 questions) 40.0." in text
    lines = [line for line in text.splitlines() if line.startswith("Warning: ")]
    assert lines == warnings(differences(runs, seed=0)) and len(lines) == 2


def test_curve_rows_and_terminal_agree(finish: Finish) -> None:
    samples = finish("toy")
    text = tables(whole("toy", samples))
    assert row(text, "toy | toy | 32")[5] == "40.0"
    shown = terminal([*to_points(samples, "toy"), *to_points(samples, "a run of a long name")]).splitlines()
    assert len(shown) == 11 and "40.0 %" in shown[2]
    assert len({line.index("%") for line in shown[1:]}) == 1, "columns are aligned"
