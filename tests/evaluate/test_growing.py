"""The curve on the terminal ends as the curve that is reported, whatever the order in which its samples come."""

from __future__ import annotations

import random

import pytest

from s1repro.evaluate.growing import CELLS, GrowingCurve
from s1repro.evaluate.points import to_points
from tests.toy import make_sample


def test_a_point_says_what_is_in_and_how_sure_that_is() -> None:
    samples = [
        make_sample(f"q{i}", budget, waits, correct=i < 2) for i in range(4) for budget, waits in ((1024, 0), (2048, 2))
    ]
    curve = GrowingCurve([sample.key for sample in samples], {})
    assert curve.lines() == ["  toy, force, 1,024 tokens           0/4", "  toy, force, 2,048 tokens, 2 Waits  0/4"]
    for sample in samples[:3]:
        curve.add(sample)
    assert curve.lines() == [
        "  toy, force, 1,024 tokens           2/4  100.0 % (34.2 to 100.0)  ........----------------o",
        "  toy, force, 2,048 tokens, 2 Waits  1/4  100.0 % (20.7 to 100.0)  .....-------------------o",
    ]


@pytest.mark.parametrize("held", [0, 7, 120])
def test_it_ends_as_the_curve_that_is_reported(held: int) -> None:
    draw = random.Random(3)
    samples = [
        make_sample(f"q{i}", budget, 0, number, correct=draw.random() < 0.4, finish="rejected" if i == 9 else "natural")
        for i in range(20)
        for budget in (16, 64)
        for number in range(3)
    ]
    draw.shuffle(samples)
    curve = GrowingCurve([s.key for s in samples], {s.key: s for s in samples[:held]})
    for sample in samples[held:]:
        curve.add(sample)
    lines = curve.lines()
    for line, point in zip(lines, to_points(samples, "toy"), strict=True):
        assert "60/60" in line and f"{100 * point.accuracy:.1f} %" in line
        assert f"({100 * point.ci_low:.1f} to {100 * point.ci_high:.1f})" in line
        bar = line.split()[-1]
        assert len(bar) == CELLS and bar.index("o") == int(CELLS * point.accuracy)


def test_a_point_that_no_try_fitted_has_no_accuracy() -> None:
    sample = make_sample(finish="rejected", correct=False)
    curve = GrowingCurve([sample.key], {sample.key: sample})
    assert curve.lines() == ["  toy, force, 16 tokens  1/1"]
