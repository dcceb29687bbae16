"""The stage writes all files, is done once, and again when an evaluation has grown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from s1repro.config import Config
from s1repro.records import Sample
from s1repro.report.pipeline import FILES, run

REPO = Path(__file__).resolve().parents[2]
Finish = Callable[..., list[Sample]]


def test_stage_ends_with_table_and_path(
    finish: Finish, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finish("toy")
    finish("base", {(16, 0): 1, (64, 0): 2})
    config.report.baselines = ["base"]
    run(config)
    folder = tmp_path / "runs/toy/report"
    assert {path.name for path in folder.iterdir()} == {*FILES, "manifest.json"}
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == f"report: {folder / 'curve.png'}"
    told = [line for line in out if line.startswith("Warning: ")]
    assert len(told) == 2 and all("10 questions of toy are too few" in line for line in told)
    assert len(out) == 1 + 7 + 2 + 1
    assert (folder / "curve.csv").read_text().count("\n") == 1 + 7
    bytes_before = {name: (folder / name).read_bytes() for name in FILES}
    run(config)
    assert capsys.readouterr().out == f"report: done already, {folder}\n"
    (folder / "manifest.json").unlink()
    run(config)
    assert {name: (folder / name).read_bytes() for name in FILES} == bytes_before


def test_a_grown_evaluation_is_reported_again(finish: Finish, config: Config, tmp_path: Path) -> None:
    finish("toy", {(16, 0): 3})
    run(config)
    finish("toy")
    run(config)
    assert (tmp_path / "runs/toy/report/curve.csv").read_text().count("\n") == 1 + 5


def test_a_missing_baseline_is_named_before_anything_is_written(finish: Finish, config: Config, tmp_path: Path) -> None:
    finish("toy")
    config.report.baselines = ["base"]
    with pytest.raises(ValueError, match=r"no finished evaluation of run 'base'; run the evaluate stage"):
        run(config)
    assert not (tmp_path / "runs/toy/report").exists()


def test_the_stage_loads_no_model_library(finish: Finish, tmp_path: Path) -> None:
    finish("toy")
    code = (
        "import sys, s1repro.report.pipeline as stage; from s1repro.cli import run_stage; run_stage(stage.run)\n"
        "print('loaded', *{'torch', 'transformers', 'vllm', 'trl', 'lm_eval'} & set(sys.modules))\n"
    )
    asked = ["recipe=demo", "name=toy", f"runs={tmp_path / 'runs'}", "report.wandb=false", "report.baselines=[]"]
    done = subprocess.run([sys.executable, "-c", code, *asked], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded"
