"""Votes over the samples of a question, from the samples that are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s1repro.records import Sample
from s1repro.report.votes import HEAD, vote_rows
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
    assert float(rows[0]["majority@k"]) == float(rows[0]["pass@k"]) == 50.0
    assert float(rows[1]["majority@k"]) == pytest.approx(100 * (5 / 6 + 3 / 6) / 2, abs=0.05)
    assert float(rows[1]["pass@k"]) == pytest.approx(100 * (1 + 1 / 2) / 2, abs=0.05)
    assert (rows[2]["majority@k"], rows[2]["pass@k"]) == ("50.0", "100.0")


def test_one_sample_a_question_is_no_vote() -> None:
    assert vote_rows([sample for sample in SAMPLES if sample.key.sample == 0], "mine", seed=0) == []


def test_points_are_told_apart_and_uneven_ones_vote_with_the_fewest() -> None:
    other = [replace(s, key=replace(s.key, budget=128)) for s in SAMPLES if s.key.question == "q0" or s.key.sample < 2]
    rows = vote_rows([*SAMPLES, *other], "mine", seed=0)
    assert [(row[3], row[5]) for row in rows] == [("64", "1"), ("64", "2"), ("64", "4"), ("128", "1"), ("128", "2")]
