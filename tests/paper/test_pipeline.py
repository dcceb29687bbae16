"""From run folders to files; what is missing is asked for, and nothing at all is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.artifacts import write_jsonl
from s1repro.config import Config
from s1repro.paper import pipeline
from s1repro.paper.measured import Measured
from s1repro.paper.plan import Step

TABLES = ("table1", "table2", "table3", "table4", "parallel", "speculation", "compute", "ends", "runs")
FIGURES = ("figure1", "figure2", "figure4", "parallel")
FILES = {"tables.md", "tables.tex", "manifest.json", *(f"{name}.csv" for name in TABLES)}
FILES |= {f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")}


def test_all_files_are_written_and_say_the_same_again(config: Config, measured: Measured, tmp_path: Path) -> None:
    folder = tmp_path / "runs/toy/paper"
    config.curated = str(tmp_path / "set.jsonl")
    write_jsonl(config.curated, [{"domain": "11"}, {"domain": "05"}])
    pipeline.run(config)
    assert {path.name for path in folder.iterdir()} == FILES
    assert (
        "over the seeds: how much" in (text := (folder / "tables.md").read_text()) and "Trained for one epoch." in text
    )
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    pipeline.run(config)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_missing_runs_are_run_first_and_failures_are_told(
    config: Config, measured: Measured, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.paper.run = True
    asked: list[Step] = []

    def fake(planned: list[Step], folder: Path) -> dict[str, str]:
        asked.extend(planned)
        return {"toy-base": "evaluate: the machine is too small"}

    monkeypatch.setattr(pipeline, "run_steps", fake)
    with pytest.raises(ValueError, match="cells of toy-base are empty"):
        pipeline.run(config)
    made = ["toy", "toy-base", "toy-random-0", "toy-random-1", "toy-rs", "toy-votes", "toy-ngram"]
    assert [step.run for step in asked] == made
    assert "toy-base could not be run; evaluate: the machine is too small" in capsys.readouterr().out
    assert "the machine is too small" in (Path(config.runs) / "toy/paper/tables.md").read_text()


def test_nothing_measured_is_one_line(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="paper: no run has a finished evaluation"):
        pipeline.run(config)
    assert not (tmp_path / "runs/toy/paper").exists()
