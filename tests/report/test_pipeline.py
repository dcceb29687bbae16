"""The stage writes all files, is done once, and again when an evaluation has grown, ended or not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.artifacts import Journal
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES, claim, to_line
from s1repro.records import Sample
from s1repro.report.pipeline import FILES, run
from tests.report.conftest import measured

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


def test_a_page_without_room_says_so_and_changes_no_table(
    finish: Finish, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finish("toy")
    before = stage_tables(config, tmp_path)
    page = tmp_path / "runs/toy/report/index.html"
    assert "page_mb" not in page.read_text()
    whole, config.report.page_mb = len(page.read_bytes()), 0
    assert stage_tables(config, tmp_path) == before
    said = "index.html has room for 0 of 50 samples, all points of 0 of 10 questions"
    assert said in page.read_text() and said in capsys.readouterr().out
    assert len(page.read_bytes()) < whole


def begin(tmp_path: Path, samples: list[Sample]) -> Path:
    """An evaluation of the run `toy` that is still going, with these samples so far."""
    folder = tmp_path / "runs" / "toy" / "evaluate"
    folder.mkdir(parents=True, exist_ok=True)
    owner = claim(folder, {"model": "toy"}, {"toy": "q"})
    with Journal(folder / SAMPLES) as journal:
        for sample in samples:
            journal.append(to_line(sample, owner))
    return folder / SAMPLES


def test_a_run_that_is_still_going_is_reported_as_far_as_it_is_and_marked_so(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = begin(tmp_path, [measured(16, 0, question, True) for question in range(3)])
    with open(samples, "a") as file:
        file.write('{"benchmark": "to')  # the line that is being written
    run(config)
    folder = tmp_path / "runs/toy/report"
    head, row = (folder / "curve.csv").read_text().splitlines()
    assert head.endswith(",unfinished") and row.endswith(",toy,1,1")
    told = "Unfinished: 1 point of toy with 3 samples so far, short thinking first"
    tables = (folder / "tables.md").read_text()
    assert told in tables and "| 3 so far |" in tables and tables.count("No point is finished yet.") == 1
    svg, page = (folder / "curve.svg").read_text(), (folder / "index.html").read_text()
    assert f"<!-- {config.report.title} (unfinished) -->" in svg
    assert "(unfinished)</h1>" in page and '"unfinished":true' in page and page.count(told) == 1
    out = capsys.readouterr().out
    assert told in out and "  unfinished\n" in out
    begin(tmp_path, [measured(16, 0, question, False) for question in range(3, 10)])  # cuts the torn line off
    run(config)
    assert "| 10 so far |" in (folder / "tables.md").read_text(), "it has grown"
    run(config)
    assert capsys.readouterr().out.endswith(f"report: done already, {folder}\n")


def test_what_is_compared_is_finished(finish: Finish, config: Config, tmp_path: Path) -> None:
    finish("toy", {(16, 0): 3, (32, 0): 5})
    before = stage_tables(config, tmp_path)
    begin(tmp_path, [measured(64, 0, 0, True)])  # the one sample so far is right
    assert "| toy | toy | 64 | 0 | 1 so far | 100.0 |" in stage_tables(config, tmp_path)
    assert stage_tables(config, tmp_path).split("## Control")[1].split("## How")[0] in before
    assert stage_tables(config, tmp_path).split("## Differences")[1] in before
    assert "best 50.0 % at budget 32" in (tmp_path / "runs/toy/report/index.html").read_text()


def stage_tables(config: Config, tmp_path: Path) -> str:
    run(config)
    return (tmp_path / "runs/toy/report/tables.md").read_text()


def test_a_run_without_an_answer_has_nothing_to_draw(config: Config, tmp_path: Path) -> None:
    begin(tmp_path, [replace(measured(16, 0, 0, False), finish="rejected", extracted="")])
    with pytest.raises(ValueError, match=r"no sample of run 'toy' has an answer, no try fitted its budget: give"):
        run(config)
    assert not (tmp_path / "runs/toy/report").exists()


def test_a_missing_baseline_is_named_before_anything_is_written(finish: Finish, config: Config, tmp_path: Path) -> None:
    finish("toy")
    config.report.baselines = ["base"]
    with pytest.raises(ValueError, match=r"no evaluation of run 'base'; run the evaluate stage"):
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
