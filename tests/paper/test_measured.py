"""What can be read is shown, and what cannot says why."""

from __future__ import annotations

from pathlib import Path

from s1repro.artifacts import Journal
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES, claim, to_line
from s1repro.evaluate.points import by_point
from s1repro.paper.measured import Measured, Missing, mean_scores
from tests.paper.conftest import Finish
from tests.toy import make_sample


def test_a_run_that_cannot_be_read_leaves_the_others(config: Config, finish: Finish, tmp_path: Path) -> None:
    finish("toy", {(16, 0): 2})
    finish("toy-rs", {(16, 0): 2})
    samples = tmp_path / "runs/toy-rs/evaluate/samples.jsonl"
    samples.write_text(samples.read_text().replace('"correct": true', '"correct": false'))
    runs = Measured.read(config, {})
    assert runs.why_not(["own"]) is None and len(runs.of("toy")) == 10
    broken, absent, told = (runs.why_not([key]) for key in ("rs", "base", "rebase"))
    assert broken is not None and "altered since it was written" in broken.reason
    assert absent == Missing("toy-base was not run yet")
    assert told == Missing("no reward model")


def test_points_and_scores_by_seed(measured: Measured) -> None:
    taken = measured.at(["random"], "toy", waits=0)
    assert not isinstance(taken, Missing) and list(taken) == ["toy-random-0", "toy-random-1"]
    scores = mean_scores(taken)
    assert [scores[f"q{i}"] for i in range(6)] == [1.0, 1.0, 1.0, 0.5, 0.5, 0.0]
    assert [key[2:] for key in by_point(measured.of("toy"))] == [(16, 0), (32, 0), (64, 0), (64, 1)]
    assert measured.at(["own"], "other", 0) == Missing("toy was not measured on other")


def test_a_run_that_is_still_going_fills_no_cell(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "toy" / "evaluate"
    folder.mkdir(parents=True)
    owner = claim(folder, {"model": "toy"}, {"toy": "q"})
    with Journal(folder / SAMPLES) as journal:
        journal.append(to_line(make_sample(), owner))
    reason = Measured.read(config, {}).why_not(["own"])
    assert reason == Missing("toy has no finished point yet: run its evaluate stage to the end")
