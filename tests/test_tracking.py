"""What a stage shows on wandb, read back from an offline run; and a dashboard that fails costs no run."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro import tracking
from s1repro.config import Config
from s1repro.evaluate.points import to_points
from s1repro.records import Point
from s1repro.tracking import AXIS, SAMPLES, TEXT, sample_rows, series_of, settled, tracked
from tests.toy import as_it_is, make_config, make_sample
from tests.wandb_log import read_all, read_back


@pytest.fixture(autouse=True)
def no_wandb_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # no login of the user's


@pytest.fixture
def config() -> Config:
    return make_config(report={"wandb": True, "wandb_group": "recipe"})


def a_point(thinking: float, accuracy: float, **changes: object) -> Point:
    (point,) = to_points([make_sample(budget=64)], "toy")
    numbers = {"thinking_tokens": thinking, "accuracy": accuracy, "ci_low": accuracy - 0.1, "ci_high": accuracy + 0.1}
    return replace(point, **numbers, **changes)  # type: ignore[arg-type]


def test_an_offline_run_holds_points_funnel_and_tables(config: Config, tmp_path: Path) -> None:
    picture = tmp_path / "curve.png"
    picture.write_bytes(
        bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")
        + bytes.fromhex("1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")
    )
    points = [a_point(16.0, 0.2), a_point(64.0, 0.5), a_point(80.0, 0.6, waits=1), a_point(8.0, 0.1, run="base")]
    with tracked(config, "report", tmp_path, settled(config)) as dashboard:
        assert dashboard.live
        dashboard.curve(points, picture, "the title")
        dashboard.funnel([("pool", 9, 0, ""), ("quality", 7, 1, "no trace"), ("quality", 6, 1, "an image")])
        dashboard.samples([make_sample(f"q{i:04}", thinking="x" * 5000) for i in range(3 * SAMPLES)], as_it_is)
        dashboard.summary("performance", 0.6)
    run = read_back(tmp_path)
    assert (run.group, run.job_type, run.name, run.exit_code) == ("recipe", "report", "toy-report", 0)
    assert run.config["method"]["budgets"] == [16]
    own = run.points("curve/toy/force")
    axes = [(p[AXIS], p["accuracy"], p["ci_low"], p["ci_high"]) for p in own]
    assert axes == [pytest.approx((4.0, 0.2, 0.1, 0.3)), pytest.approx((6.0, 0.5, 0.4, 0.6))]
    assert [p["waits"] for p in run.points("curve/toy/force-waits")] == [1]
    assert [p[AXIS] for p in run.points("baseline/base/toy/force")] == [3.0]
    assert {run.axes[f"curve/toy/force/{name}"] for name in ("accuracy", "ci_low", "ci_high")} == {
        "curve/toy/force/log2_tokens"
    }
    assert [row[:3] for row in run.table("funnel")["data"]] == [["pool", 9, 0], ["quality", 7, 1], ["quality", 6, 1]]
    assert run.table("funnel_kept_table")["data"] == [["pool", 9], ["quality", 6]]
    table = run.table("samples")
    assert len(table["data"]) == SAMPLES
    thinking = [row[table["columns"].index("thinking")] for row in table["data"]]
    assert max(map(len, thinking)) < TEXT + 20
    assert run.table("curve")["columns"][-2:] == ["seeds", "unfinished"] and len(run.table("curve")["data"]) == 4
    assert list(run.files.glob("media/images/picture_*.png"))
    assert {"proc.memory.rssMB", "memory_percent"} <= run.system, "wandb's own figures of the machine"


@pytest.mark.parametrize("end", [ValueError("no room"), KeyboardInterrupt()])
def test_a_stage_that_fails_or_is_interrupted_is_shown_as_failed(
    config: Config, tmp_path: Path, end: BaseException
) -> None:
    with pytest.raises(type(end)), tracked(config, "evaluate", tmp_path, settled(config)) as dashboard:
        dashboard.point(a_point(16.0, 0.2))
        raise end
    run = read_back(tmp_path)
    assert run.exit_code == 1 and len(run.points("curve/toy/force")) == 1


def test_a_stage_goes_on_in_the_run_of_the_start_that_failed(config: Config, tmp_path: Path) -> None:
    for accuracy in (0.1, 0.2):
        with pytest.raises(KeyboardInterrupt), tracked(config, "train", tmp_path, "offline", tmp_path / "state") as one:
            one.point(a_point(16.0, accuracy))
            raise KeyboardInterrupt
    with tracked(config, "train", tmp_path, "offline", tmp_path / "state") as last:
        last.point(a_point(16.0, 0.3))
    assert not list((tmp_path / "state").iterdir())
    with tracked(config, "train", tmp_path, "offline", tmp_path / "state"):
        pass
    runs = read_all(tmp_path)
    assert [run.exit_code for run in runs] == [1, 1, 0, 0]
    assert len({run.id for run in runs[:3]}) == 1 and runs[3].id != runs[0].id != ""
    assert [run.resumes for run in runs[:3]] == [True] * 3
    shown = [point["accuracy"] for run in runs for point in run.points("curve/toy/force")]
    assert shown == [0.1, 0.2, 0.3]


def test_names_of_curves_are_what_wandb_takes() -> None:
    assert series_of(a_point(1.0, 0.5, benchmark="toy[3]"), "toy") == "curve/toy_3/force"
    assert series_of(a_point(1.0, 0.5, waits=2, run="a.b"), "toy") == "baseline/a_b/toy/force-waits"


@pytest.mark.parametrize("count", [0, 1, SAMPLES, SAMPLES + 1, 20_000])
def test_a_table_of_samples_is_bounded_and_even(count: int) -> None:
    columns, rows = sample_rows([make_sample(f"q{i:05}") for i in range(count)], as_it_is)
    assert min(count, SAMPLES / 2) <= len(rows) <= SAMPLES
    questions = [int(row[columns.index("question")][1:]) for row in rows]
    gaps = {later - earlier for earlier, later in itertools.pairwise(questions)}
    assert len(gaps) <= 1 and gaps <= {max(1, math.ceil(count / SAMPLES))}


def test_nothing_of_gpqa_is_put_online() -> None:
    sample = make_sample(thinking="the question again", answer="and again")
    columns, (row,) = sample_rows([replace(sample, key=replace(sample.key, benchmark="gpqa_diamond"))], as_it_is)
    assert "again" not in str(row) and row[columns.index("extracted")] == "4"


def test_without_wandb_nothing_is_written(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for turn_off in (lambda: setattr(config.report, "wandb", False), lambda: monkeypatch.setenv("RANK", "1")):
        config.report.wandb = True
        turn_off()
        with tracked(config, "evaluate", tmp_path / "none", settled(config)) as dashboard:
            dashboard.point(a_point(16.0, 0.2))
            assert not dashboard.live
    assert not (tmp_path / "none").exists()


def test_a_dashboard_that_breaks_is_one_line(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with tracked(config, "evaluate", tmp_path / "file", "offline") as dashboard:  # no folder can be made there
        dashboard.point(a_point(16.0, 0.2))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wandb: nothing more is logged, because of FileExistsError")

    class Broken:
        def log(self, _: object) -> None:
            raise RuntimeError("no service\nat all")

        define_metric = finish = log

    dashboard = tracking.Dashboard(Broken(), "toy")
    dashboard.samples([], as_it_is)
    dashboard.point(a_point(16.0, 0.2))
    dashboard.finish()
    assert capsys.readouterr().err == "wandb: nothing more is logged, because of RuntimeError: no service\n"
