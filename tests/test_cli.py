"""The command line, run for real: what composes, and the one line each mistake ends in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import exit_code

REPO = Path(__file__).resolve().parent.parent
Done = subprocess.CompletedProcess[str]
STAGE = """
import sys
from s1repro.cli import run_stage
from s1repro.config import Config

def stage(config: Config) -> None:
    if config.seed == 7:
        raise ValueError("pool.jsonl:3: no\\nsolution")
    if config.seed == 8:
        raise KeyboardInterrupt
    assert config.seed != 9, "a bug"
    kind = type(config.sft).__name__
    print(config.name, config.model.base, kind, config.method.budgets, config.checkpoint, config.seed)
    print("torch" in sys.modules)

if __name__ == "__main__":
    run_stage(stage)
"""


def run(folder: Path, *arguments: str, **environment: str) -> Done:
    """Run the small stage above as a user would, in `folder`."""
    (folder / "stage.py").write_text(STAGE)
    clean = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}
    command = [sys.executable, "stage.py", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=clean | {"PYTHONPATH": str(REPO)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """`run_here("recipe=demo")`: the same in this process, for what a process of its own would add seconds to."""

    def run(*arguments: str) -> Done:
        (tmp_path / "stage.py").write_text(STAGE)
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        code = exit_code("stage.py", arguments)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


def test_a_recipe_with_overrides_runs_and_leaves_no_files(tmp_path: Path) -> None:
    result = run(tmp_path, "recipe=demo", "sft=lora", "method.budgets=[5,6]")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "demo data/demo/base LoraConfig [5, 6] runs/demo/train/checkpoint 0\nFalse\n"
    assert result.stderr == ""
    assert [entry.name for entry in tmp_path.iterdir()] == ["stage.py"]


def test_a_run_without_a_recipe_is_the_papers(run_here: Callable[..., Done]) -> None:
    result = run_here("name=mine")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("mine Qwen/Qwen2.5-32B-Instruct SftConfig [500, ")


MISTAKES = [
    pytest.param([], ["name", "recipe=demo"], id="neither name nor recipe"),
    pytest.param(["recipe=demo", "data.pool=???"], ["data.pool", "recipe=demo"], id="mandatory value"),
    pytest.param(["recipe=nope"], ["recipe=nope", "demo"], id="recipe"),
    pytest.param(["recipe=demo", "sft=nope"], ["sft=nope", "demo, full, lora"], id="option"),
    pytest.param(["recipe=demo", "modle=demo"], ["modle", "did you mean model?", "engine, method"], id="group"),
    pytest.param(["recipe=demo", "sft.epoch=3"], ["sft.epoch:", "did you mean sft.epochs?", "max_length"], id="key"),
    pytest.param(["recipe=demo", "+sft.epoch=3"], ["sft.epoch:", "did you mean sft.epochs?"], id="added key"),
    pytest.param(["recipe=demo", "++other=3"], ["other:", "no such key"], id="forced key"),
    pytest.param(["recipe=demo", "seed.x=3"], ["seed"], id="key below a value"),
    pytest.param(["recipe=demo", "sft.epochs=many"], ["sft.epochs:", "'many'", "Float"], id="number"),
    pytest.param(["recipe=demo", "sft.bf16=3.5"], ["sft.bf16:", "3.5"], id="bool"),
    pytest.param(["recipe=demo", "sft.rank=4"], ["sft.rank: no such key"], id="key of another way to train"),
    pytest.param(["recipe=demo", "sft=lora", "sft.rank=0"], ["sft.rank is 0"], id="value of the way that was chosen"),
    pytest.param(
        ["recipe=demo", "method=rebase", "method.waits=[1]"],
        ["method.waits: no such key; method (rebase) has:", "step_tokens"],
        id="key of another method",
    ),
    pytest.param(
        ["recipe=demo", "engine=transformers", "engine.block_size=16"],
        ["engine.block_size: no such key; engine (transformers) has: max_model_len"],
        id="key of another engine",
    ),
    pytest.param(["recipe=demo", "method.budgets=64"], ["method.budgets", "list"], id="list"),
    pytest.param(["recipe=demo", "method.budgets=[a]"], ["method.budgets", "'a'", "or auto"], id="list item"),
    pytest.param(["recipe=demo", "method.budgets=[1,"], ["method.budgets=[1,", "key=value"], id="syntax"),
    pytest.param(["demo"], ["demo", "key=value"], id="no equals sign"),
    pytest.param(["recipe=demo", "name=a,b"], ["name=a,b", "--multirun"], id="sweep without multirun"),
    pytest.param(["recipe=demo", "name=${nope}"], ["name:", "nope"], id="interpolation"),
    pytest.param(["recipe=demo", "seed=7"], ["pool.jsonl:3: no solution"], id="raised by the stage"),
]


@pytest.mark.parametrize(("arguments", "parts"), MISTAKES)
def test_a_mistake_ends_in_one_line(run_here: Callable[..., Done], arguments: list[str], parts: list[str]) -> None:
    result = run_here(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr


def test_a_value_that_makes_no_sense_is_refused_before_the_stage(run_here: Callable[..., Done]) -> None:
    result = run_here("recipe=demo", "sft.epochs=-1", "seed=9")
    assert result.returncode == 2
    assert result.stderr.startswith("error: sft.epochs")
    assert result.stderr.count("\n") == 1


def test_the_traceback_is_there_on_request_and_for_bugs(tmp_path: Path) -> None:
    asked = run(tmp_path, "recipe=demo", "seed=7", HYDRA_FULL_ERROR="1")
    assert asked.returncode == 1
    assert "Traceback" in asked.stderr
    bug = run(tmp_path, "recipe=demo", "seed=9")
    assert bug.returncode == 1
    assert "AssertionError: a bug" in bug.stderr


def test_an_interruption_says_how_to_go_on(run_here: Callable[..., Done]) -> None:
    result = run_here("recipe=demo", "seed=8")
    assert result.returncode == 130
    assert result.stderr == "interrupted; run the same command again to resume\n"


@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_a_multirun_runs_every_job(run_here: Callable[..., Done], tmp_path: Path, flag: str) -> None:
    result = run_here("recipe=demo", flag, "seed=1,2", "sft=demo,lora")
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines() if line.startswith("demo ")]
    assert [(line[2], line[-1]) for line in lines] == [
        ("SftConfig", "1"),
        ("LoraConfig", "1"),
        ("SftConfig", "2"),
        ("LoraConfig", "2"),
    ]
    assert {entry.name for entry in tmp_path.iterdir()} == {"stage.py", "runs"}
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yaml")] == ["runs/.multirun/multirun.yaml"]


def test_a_failed_job_does_not_stop_a_multirun_but_fails_it(run_here: Callable[..., Done]) -> None:
    result = run_here("-m", "recipe=demo", "seed=7,1,9")
    assert result.returncode == 2
    assert "runs/demo/train/checkpoint 1\n" in result.stdout
    assert "error: job 0 (recipe=demo,seed=7): pool.jsonl:3: no solution\n" in result.stderr
    assert "AssertionError: a bug" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: not all jobs")


@pytest.mark.parametrize(
    ("recipe", "parts"),
    [
        ("defaults:\n  - override /modle: demo\n", ["modle"]),
        ("defaults:\n  - override /model: nope\n", ["model=nope", "choose from"]),
        ("name: x\nsft:\n  epoch: 3\n", ["epoch", "mistaken"]),
        ("name: [x\n", ["mistaken.yaml"]),
    ],
    ids=["group", "option", "key", "yaml"],
)
def test_a_mistake_in_a_recipe_is_one_line_too(
    run_here: Callable[..., Done], tmp_path: Path, recipe: str, parts: list[str]
) -> None:
    (tmp_path / "more" / "recipe").mkdir(parents=True)
    (tmp_path / "more" / "recipe" / "mistaken.yaml").write_text(f"# @package _global_\n{recipe}")
    result = run_here("--config-dir", "more", "recipe=mistaken")
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr
