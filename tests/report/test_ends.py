"""How samples ended is counted, and what has no answer is in no accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from s1repro.evaluate.points import answered, to_points
from s1repro.records import Sample
from s1repro.report.ends import HEAD, end_rows
from tests.report.conftest import tables, whole

Finish = Callable[..., list[Sample]]


def mixed(finish: Finish) -> list[Sample]:
    """Ten samples of one point, four of them right: three rejected, one looping, two with cut answers."""
    samples = finish("toy", {(16, 0): 4})
    samples[7:] = [replace(sample, finish="rejected", answer="", thinking_tokens=0) for sample in samples[7:]]
    samples[6] = replace(samples[6], finish="loop")
    samples[:2] = [replace(sample, answer_cut=True) for sample in samples[:2]]
    return samples


def test_the_ends_are_counted(finish: Finish) -> None:
    (row,) = end_rows(mixed(finish), "mine")
    assert HEAD[5:] == ("samples", "natural", "steps", "budget", "turn_end", "loop", "rejected", "answers cut")
    assert row == ("mine", "toy", "force", "16", "0", "10", "6", "0", "0", "0", "1", "3", "2")
    assert "| mine | toy | force | 16 | 0 | 10 | 6 | 0 | 0 | 0 | 1 | 3 | 2 |" in tables(whole("mine", mixed(finish)))


def test_what_no_try_fitted_is_not_a_wrong_answer(finish: Finish) -> None:
    samples = mixed(finish)
    (point,) = to_points(samples, "mine")
    assert len(answered(samples)) == point.n == 7
    assert point.accuracy == 4 / 7
    assert to_points([replace(sample, finish="rejected") for sample in samples], "mine") == []
