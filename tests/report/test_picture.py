"""The picture names what it shows, and the same points give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.evaluate.points import to_points
from s1repro.records import Point, Sample
from s1repro.report.picture import draw

Finish = Callable[..., list[Sample]]


@pytest.fixture
def points(finish: Finish) -> list[Point]:
    base = finish("base", {(16, 0): 1, (32, 0): 1, (64, 0): 2})
    return [*to_points(finish("toy"), "toy"), *to_points(base, "base")]


def texts(svg: Path) -> set[str]:
    """Text is drawn as outlines; matplotlib keeps what it said in a comment."""
    return set(re.findall(r"<!-- (.*?) -->", svg.read_text()))


def test_labels_name_runs_waits_axis_and_title(points: list[Point], tmp_path: Path) -> None:
    draw(points, "toy", "a title", tmp_path / "curve.svg")
    shown = texts(tmp_path / "curve.svg")
    assert {"toy", "base", "1 Wait", "2 Waits", "a title", "mean thinking tokens", "16", "32", "64"} <= shown
    assert any(text.startswith("Accuracy on toy, 10 answers") for text in shown)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_same_points_same_bytes(points: list[Point], tmp_path: Path, kind: str) -> None:
    for name in ("a", "b"):
        draw(points, "toy", "title", tmp_path / f"{name}.{kind}")
    first = (tmp_path / f"a.{kind}").read_bytes()
    assert first == (tmp_path / f"b.{kind}").read_bytes()
    draw([replace(points[0], accuracy=0.0, ci_low=0.0), *points[1:]], "toy", "title", tmp_path / f"b.{kind}")
    assert first != (tmp_path / f"b.{kind}").read_bytes(), "the numbers are in the picture"


def test_png_is_large_enough_to_read(points: list[Point], tmp_path: Path) -> None:
    draw(points, "toy", "title", tmp_path / "curve.png")
    head = (tmp_path / "curve.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") >= 1200


def test_each_benchmark_has_its_panel(points: list[Point], tmp_path: Path) -> None:
    other = [replace(point, benchmark="other") for point in points]
    draw([*points, *other], "toy", "title", tmp_path / "curve.svg")
    shown = texts(tmp_path / "curve.svg")
    assert {"Accuracy on toy, 10 answers a point", "Accuracy on other, 10 answers a point"} <= shown


def test_one_point_without_thinking_is_drawn(points: list[Point], tmp_path: Path) -> None:
    draw([replace(points[0], thinking_tokens=0.0)], "toy", "title", tmp_path / "curve.svg")
    assert "toy" in texts(tmp_path / "curve.svg")
