"""Samples become points, and points curve.csv."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.artifacts import Journal
from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import to_points
from s1repro.records import Sample
from s1repro.report.curves import COLUMNS, curve_of, read_run, write_curve

Finish = Callable[..., list[Sample]]


def test_curve_has_the_contracts_columns_and_the_right_numbers(finish: Finish, tmp_path: Path) -> None:
    finish("toy")
    write_curve(tmp_path / "curve.csv", curve_of(read_run(str(tmp_path / "runs"), "toy")))
    with open(tmp_path / "curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    contract = "benchmark method budget waits n accuracy ci_low ci_high thinking_tokens sampled_tokens injected_tokens"
    assert tuple(rows[0]) == COLUMNS == (*contract.split(), "answer_tokens", "run", "seeds", "unfinished")
    assert [(row["budget"], row["waits"]) for row in rows] == [
        ("16", "0"),
        ("32", "0"),
        ("64", "0"),
        ("64", "1"),
        ("64", "2"),
    ]
    last = rows[-1]
    interval = wilson(8, 10)
    assert float(last["accuracy"]) == 0.8 and last["n"] == "10"
    assert float(last["ci_low"]) == pytest.approx(interval.low, abs=1e-6)
    assert float(last["ci_high"]) == pytest.approx(interval.high, abs=1e-6)
    thinking = [min(64 - q + 6, 64) for q in range(10)]
    assert float(last["thinking_tokens"]) == pytest.approx(sum(thinking) / 10)
    assert float(last["sampled_tokens"]) + float(last["injected_tokens"]) == pytest.approx(sum(thinking) / 10)


def test_several_samples_of_a_question_do_not_narrow_the_interval(finish: Finish) -> None:
    once = [sample for sample in finish("toy") if sample.key.budget == 16]
    thrice = [replace(s, key=replace(s.key, sample=i)) for s in once for i in range(3)]
    (one,), (three,) = to_points(once, "toy"), to_points(thrice, "toy")
    assert (three.accuracy, three.n) == (one.accuracy, 3 * one.n)
    assert (three.ci_low, three.ci_high) == (one.ci_low, one.ci_high)


def test_a_point_under_way_is_told_apart_and_more_samples_of_a_complete_one_wait(
    finish: Finish, tmp_path: Path
) -> None:
    (sample, *_) = finish("toy")
    with Journal(tmp_path / "runs/toy/evaluate/samples.jsonl") as journal:
        journal.append(replace(sample, key=replace(sample.key, budget=999)).to_json())
        journal.append(replace(sample, key=replace(sample.key, sample=1)).to_json())
    evaluated = read_run(str(tmp_path / "runs"), "toy")
    assert len(evaluated.samples) == 51 and len(evaluated.finished) == 50
    assert evaluated.unfinished == {("toy", "force", 999, 0)}
    assert evaluated.notes == (
        "toy: 1 samples are left out, which complete points will have beyond those that they have",
    )
    assert [point.budget for point in curve_of(evaluated) if point.unfinished] == [999]


def test_a_run_without_evaluation_and_a_broken_line_are_named(finish: Finish, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no evaluation of run 'none'; run .* with name=none"):
        read_run(str(tmp_path / "runs"), "none")
    finish("toy")
    path = tmp_path / "runs/toy/evaluate/samples.jsonl"
    path.write_text('{"benchmark": "toy"}\n' + path.read_text())
    with pytest.raises(ValueError, match=r"samples\.jsonl:1: not a sample"):
        read_run(str(tmp_path / "runs"), "toy")
