"""Runs that differ in seed or budgets alone become one curve, with bands; all else is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.config import Config
from s1repro.evaluate.journal import claim, complete, transcript
from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import to_points
from s1repro.records import Sample
from s1repro.report.merge import band, merged, merged_points, named, read_part, require_mergeable
from s1repro.report.pipeline import run
from tests.report.conftest import measured
from tests.toy import as_it_is

Write = Callable[..., list[Sample]]
OLD = {"model": "m", "seed": 0, "method.temperature": 1.0}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("s1", {(16, 0): 3}, seed=1)`: an evaluation of 10 questions a point, right on the first few of them."""

    def write_run(
        name: str, curve: dict[tuple[int, int], int], questions: str = "q", **identity: object
    ) -> list[Sample]:
        samples = [measured(*point, q, q < right) for point, right in curve.items() for q in range(10)]
        folder, who = tmp_path / "runs" / name / "evaluate", {**OLD, **identity}
        folder.mkdir(parents=True)
        claim(folder, who, {"toy": questions})
        complete(folder, who, samples, {("toy", "force", *point): 1 for point in curve}, {"toy": "f"}, as_it_is)
        return samples

    return write_run


def test_seeds_become_a_mean_with_a_band(
    write: Write, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, right in enumerate((3, 5, 7)):
        write(f"many-s{seed}", {(16, 0): right, (64, 0): right + 2}, seed=seed)
    config.name, config.report.merge = "many", ["many-s*"]
    run(config)
    assert len(capsys.readouterr().out.splitlines()) == 4
    folder = tmp_path / "runs/many/report"
    _, first, second = (folder / "curve.csv").read_text().splitlines()
    cells = first.split(",")
    assert cells[:6] == ["toy", "force", "16", "0", "30", "0.5"] and cells[-3:] == ["many", "3", "0"]
    assert float(cells[6]) < 0.3 and float(cells[7]) > 0.7, "wider than the seeds are apart"
    assert second.split(",")[5] == "0.7"
    tables = (folder / "tables.md").read_text()
    assert "| toy | force | 16 | 0 | 3 | 50.0 |" in tables and "0: 30.0, 1: 50.0, 2: 70.0" in tables
    assert "majority@" not in tables, "samples of several runs vote nowhere"
    assert "with its 95 % interval (Wilson's, or over several seeds the band below)" in tables
    before = [(folder / name).read_bytes() for name in ("curve.csv", "curve.png", "curve.svg", "tables.md")]
    (folder / "manifest.json").unlink()
    run(config)
    assert [(folder / name).read_bytes() for name in ("curve.csv", "curve.png", "curve.svg", "tables.md")] == before


def test_budgets_that_were_runs_of_their_own_are_the_one_run_s_curve(write: Write, tmp_path: Path) -> None:
    whole = write("whole", {(16, 0): 3, (32, 0): 4})
    write("b16", {(16, 0): 3})
    write("b32", {(32, 0): 4})
    parts = [read_part(str(tmp_path / "runs"), name) for name in ("b16", "b32")]
    require_mergeable(parts)
    assert merged_points(parts, "whole", seed=0) == to_points(whole, "whole")
    again = [transcript(sample) for sample in merged(parts, "whole").samples]
    assert again == sorted(whole, key=lambda sample: sample.key)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method.temperature": 0.5}, "a and b differ in method.temperature; only runs that differ in seed or budgets"),
        ({"model": "other"}, "a and b differ in model;"),
        ({"engine.dtype": "bfloat16"}, "a and b differ in engine.dtype;"),
        ({"questions": "others"}, "a and b differ in toy;"),
        ({"seed": 0}, "a and b both have toy, force, budget 16, 0 Waits, of seed 0; leave one of them out"),
    ],
)
def test_what_is_no_one_curve_is_refused(
    write: Write, config: Config, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    write("a", {(16, 0): 3})
    write("b", {(16, 0): 4}, **{"seed": 1, **change})
    config.name, config.report.merge = "both", ["a", "b"]
    with pytest.raises(ValueError, match=r"^report\.merge: ") as error:
        run(config)
    assert message in str(error.value)
    assert not (tmp_path / "runs/both").exists()


@pytest.mark.parametrize(
    ("made", "different"),
    [
        ({}, "model"),  # checkpoints that do not say how they were made
        ({"training": "recipe", "training.seed": 0}, "model"),  # one seed, other weights
        ({"training": "m{}", "training.seed": 0}, "model, training"),
    ],
)
def test_other_models_are_no_trainings_of_one(
    write: Write, tmp_path: Path, made: dict[str, object], different: str
) -> None:
    for seed in (0, 1):
        told = {name: value.format(seed) if isinstance(value, str) else value for name, value in made.items()}
        write(f"t{seed}", {(16, 0): 3}, **{"seed": seed, "model": f"m{seed}", **told})
    with pytest.raises(ValueError, match=rf"t0 and t1 differ in {different};"):
        require_mergeable([read_part(str(tmp_path / "runs"), f"t{seed}") for seed in range(2)])


def test_trainings_with_other_seeds_are_one_curve_with_a_band_over_them(
    write: Write, config: Config, tmp_path: Path
) -> None:
    for training, right in enumerate((2, 4, 9)):
        made = {"model": f"m{training}", "training": "recipe", "training.seed": training}
        for seed in (0, 1):  # each is asked twice, one answer more right the second time
            write(f"t{training}-{seed}", {(16, 0): right + seed}, seed=seed, **made)
    config.name, config.report.merge = "many", ["t*"]
    run(config)
    _, row = (tmp_path / "runs/many/report/curve.csv").read_text().splitlines()
    cells = row.split(",")
    assert cells[4:6] == ["60", "0.55"] and cells[-3:] == ["many", "3", "0"], "three trainings, not six seeds"
    tables = (tmp_path / "runs/many/report/tables.md").read_text()
    assert "It is the mean over 3 trainings: models made of the same base, set and settings" in tables
    assert "| Waits | trainings | mean |" in tables and "| 0: 25.0, 1: 45.0, 2: 95.0 |" in tables


def test_the_same_training_and_seed_twice_is_refused(write: Write, tmp_path: Path) -> None:
    for name in "ab":
        write(name, {(16, 0): 3}, **{"training": "recipe", "training.seed": 1})
    with pytest.raises(ValueError, match=r"a and b both have toy, force, budget 16, 0 Waits, of seed 0"):
        require_mergeable([read_part(str(tmp_path / "runs"), name) for name in "ab"])


def test_a_name_that_is_no_run_is_told_with_those_that_are(write: Write, tmp_path: Path) -> None:
    for name in ("b-s1", "b-s0", "other"):
        write(name, {(16, 0): 3})
    runs = str(tmp_path / "runs")
    assert named(runs, ["other", "b-*", "b-s0"]) == ["other", "b-s0", "b-s1"]
    with pytest.raises(ValueError, match=r"no run in .* is named c-\*; it has b-s0, b-s1, other"):
        named(runs, ["c-*"])


scores = st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=6, max_size=6), min_size=1, max_size=4)


@settings(deadline=None, max_examples=30)
@given(scores)
def test_a_band_holds_its_mean_within_0_and_1(table: list[list[float]]) -> None:
    interval = band([{f"q{i}": value for i, value in enumerate(row)} for row in table], seed=0)
    assert 0.0 <= interval.low <= interval.value <= interval.high <= 1.0
    assert interval.value == pytest.approx(np.mean(table))
    assert interval.low < interval.high


def test_a_band_grows_with_what_the_seeds_differ_and_one_seed_has_wilson_s() -> None:
    alike = [{f"q{i}": float(i < 50) for i in range(100)}] * 3
    apart = [{f"q{i}": float(i < right) for i in range(100)} for right in (30, 50, 70)]
    narrow, wide = band(alike, seed=0), band(apart, seed=0)
    assert narrow.value == wide.value == pytest.approx(0.5)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert narrow.high - narrow.low == pytest.approx(wilson(50, 100).high - wilson(50, 100).low, rel=0.1)
    assert band(alike[:1], seed=0) == wilson(50, 100)
    assert band([{"q": 1.0}, {"q": 1.0}], seed=0) == wilson(1, 1)
