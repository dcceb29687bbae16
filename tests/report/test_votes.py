"""Votes over the samples of a question, from the samples that are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import to_points
from s1repro.records import Sample
from s1repro.report.votes import HEAD, vote_rows, votes_of
from tests.toy import make_sample

ANSWERS = {"q0": ["4", "4", "5", "4"], "q1": ["1", "2", "2", "2"]}
RIGHT = {"q0": "4", "q1": "1"}


def drawn(question: str, number: int, answer: str) -> Sample:
    right = RIGHT[question]
    return make_sample(question, 64, sample=number, extracted=answer, reference=right, correct=answer == right)


SAMPLES = [drawn(question, i, answer) for question, answers in ANSWERS.items() for i, answer in enumerate(answers)]


def test_votes_and_tries_at_every_power_of_two() -> None:
    rows = [dict(zip(HEAD, row, strict=True)) for row in vote_rows(SAMPLES, "mine", seed=0)]
    assert [row["k"] for row in rows] == ["1", "2", "4"]
    assert [row["thinking tokens"] for row in rows] == ["10.0", "20.0", "40.0"]
    # One sample: 3/4 and 1/4. Two: q0 loses only where "5" comes first, once in six; q1 wins where "1" comes first.
    avg, majority, any_right = ([float(row[column].split(" ")[0]) for row in rows] for column in HEAD[6:9])
    assert avg == [50.0, 50.0, 50.0], "one of k is as good as one"
    assert majority == pytest.approx([50.0, 100 * (5 / 6 + 3 / 6) / 2, 50.0], abs=0.05)
    assert any_right == pytest.approx([50.0, 100 * (1 + 1 / 2) / 2, 100.0], abs=0.05)


def test_intervals_count_questions_as_the_curve_does() -> None:
    row = vote_rows(SAMPLES, "mine", seed=0)[0]
    (point,) = to_points(SAMPLES, "mine")
    shown = f"{100 * point.accuracy:.1f} ({100 * point.ci_low:.1f} to {100 * point.ci_high:.1f})"
    assert row[6] == row[7] == row[8] == shown
    everyone = wilson(2, 2)
    assert vote_rows(SAMPLES, "mine", seed=0)[2][8] == f"100.0 ({100 * everyone.low:.1f} to 100.0)"


def test_samples_that_no_try_fitted_are_in_no_figure() -> None:
    unfit = [replace(s, finish="rejected", extracted="", correct=False) for s in SAMPLES if s.key.question == "q1"]
    (q0, *_) = votes_of([s for s in SAMPLES if s.key.question == "q0"] + unfit, seed=0)
    assert q0.average == q0.majority == q0.any_right == {"q0": 0.75}


def test_one_sample_a_question_is_no_vote() -> None:
    assert vote_rows([sample for sample in SAMPLES if sample.key.sample == 0], "mine", seed=0) == []


def test_points_are_told_apart_and_uneven_ones_vote_with_the_fewest() -> None:
    other = [replace(s, key=replace(s.key, budget=128)) for s in SAMPLES if s.key.question == "q0" or s.key.sample < 2]
    rows = vote_rows([*SAMPLES, *other], "mine", seed=0)
    assert [(row[3], row[5]) for row in rows] == [("64", "1"), ("64", "2"), ("64", "4"), ("128", "1"), ("128", "2")]
