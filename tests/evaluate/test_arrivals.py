"""A point arrives with its last sample, once, and those that were in before count."""

from __future__ import annotations

from s1repro.evaluate.arrivals import Arrivals
from s1repro.evaluate.points import to_points
from s1repro.records import Point, Sample, SampleKey
from tests.toy import make_sample


def arriving(samples: list[Sample], held: int) -> tuple[list[int], list[Point]]:
    """How many samples were in when each point arrived, and the points; `held` were in from the start."""
    seen: list[int] = []
    told: list[Point] = []
    done = held

    def tell(point: Point) -> None:
        seen.append(done)
        told.append(point)

    keys = [sample.key for sample in samples]
    arrivals = Arrivals("toy", keys, {sample.key: sample for sample in samples[:held]}, tell)
    for sample in samples[held:]:
        done += 1
        arrivals.add(sample)
    return seen, told


def test_a_point_arrives_with_its_last_sample() -> None:
    samples = [make_sample(f"q{q}", budget, correct=q == 0) for q in range(3) for budget in (16, 32)]
    for held, expected in ((0, [5, 6]), (5, [5, 6]), (6, [6, 6])):
        seen, told = arriving(samples, held)
        assert seen == expected
        assert told == to_points(samples, "toy")


def test_samples_beyond_those_asked_for_make_no_point() -> None:
    told: list[Point] = []
    asked = [SampleKey("toy", "force", 16, 0, "q0", 0)]
    held = [make_sample(sample=0), make_sample(sample=1, correct=False), make_sample(budget=32)]
    Arrivals("toy", asked, {sample.key: sample for sample in held}, told.append)
    assert [(point.budget, point.n, point.accuracy) for point in told] == [(16, 1, 1.0)]


def test_a_point_that_no_try_fitted_is_passed_over() -> None:
    sample = make_sample(finish="rejected", correct=False)
    assert arriving([sample], 0) == ([], [])
