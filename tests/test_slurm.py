"""A multirun as jobs of submitit, on this machine and on a real Slurm of one node; its runs become one curve."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from tests import slurm
from tests.evaluate.conftest import QUESTIONS
from tests.test_fleet_script import SCRIPT, TOLD, prepared
from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parent.parent

STAGE = """
from s1repro.cli import run_stage
from s1repro.config import Config
from s1repro.evaluate.pipeline import run
from s1repro.pretrained import load_tokenizer
from tests.evaluate.conftest import thinker


def stage(config: Config) -> None:
    if config.seed > 2:
        raise ValueError(f"seed is {config.seed}, which is none of ours")
    tokenizer = load_tokenizer(config.checkpoint, "checkpoint", False)
    run(config, lambda settings, *_: thinker(tokenizer, settings.max_model_len))


if __name__ == "__main__":
    run_stage(stage)
"""
"""The stage `evaluate` on a scripted engine."""

ASKED = [
    "recipe=demo",
    "name=job-s${seed}",
    "data.benchmarks=[toy]",
    "checkpoint=checkpoint",
    "model.format=qwen-plain",
]
ASKED += ["method.budgets=[4,16,64]", "method.waits=[0]", "method.temperature=1", "method.max_answer_tokens=20"]


@pytest.fixture
def place(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase) -> Path:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="the extra slurm is not installed")
    qwen_tokenizer.save_pretrained(tmp_path / "checkpoint")
    (tmp_path / "checkpoint" / "model.safetensors").write_bytes(b"weights")
    write_benchmark(tmp_path, [{"id": q.id, "question": q.text, "answer": q.reference} for q in QUESTIONS])
    (tmp_path / "stage.py").write_text(STAGE)
    return tmp_path


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    missing = slurm.missing()
    if missing:
        pytest.skip(f"no Slurm can be started here, without {', '.join(missing)} (Debian: slurm-wlm, munge)")
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    folder.chmod(0o755)
    with slurm.one_node(folder) as environment:
        yield environment
    shutil.rmtree(folder)


def multirun(
    place: Path, seeds: str, launcher: list[str], environment: dict[str, str], stage: tuple[str, ...] = ("stage.py",)
) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *stage, "--multirun", *ASKED, f"seed={seeds}", *launcher],
        cwd=place,
        env={**environment, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    return done.returncode, done.stdout + done.stderr


def merged(place: Path) -> list[dict[str, str]]:
    told = ["recipe=demo", "name=seeds", "report.merge=[job-s*]", "report.baselines=[]"]
    command = [sys.executable, "-m", "s1repro.report", *told]
    subprocess.run(command, cwd=place, env={**os.environ, "PYTHONPATH": str(REPO)}, check=True)
    with open(place / "runs" / "seeds" / "report" / "curve.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.server
def test_a_multirun_on_slurm_is_one_curve_with_bands(place: Path, cluster: dict[str, str]) -> None:
    launcher = ["hydra/launcher=submitit_slurm", "hydra.launcher.mem_gb=1", "hydra.launcher.timeout_min=30"]
    code, said = multirun(place, "0,1,2", launcher, cluster)
    assert code == 0, said
    points = merged(place)
    assert [(point["budget"], point["n"], point["seeds"]) for point in points] == [
        (budget, "24", "3") for budget in ("4", "16", "64")
    ]
    inner = [point for point in points if 0 < float(point["accuracy"]) < 1]
    assert inner and all(float(p["ci_low"]) < float(p["accuracy"]) < float(p["ci_high"]) for p in inner)
    assert len(list((place / "runs/.multirun/.submitit").glob("*/*_result.pkl"))) == 3, "each was a job of its own"


@pytest.mark.server
def test_so_is_one_with_a_model_on_vllm(place: Path, cluster: dict[str, str], tiny_qwen: Path) -> None:
    shutil.copytree(tiny_qwen, place / "checkpoint", dirs_exist_ok=True)
    launcher = ["hydra/launcher=submitit_slurm", "hydra.launcher.mem_gb=4", "hydra.launcher.timeout_min=30"]
    launcher += ["hydra.launcher.cpus_per_task=2", "engine.max_model_len=256"]  # so one waits for the other
    code, said = multirun(place, "0,1", launcher, cluster, ("-m", "s1repro.evaluate"))
    assert code == 0, said
    assert [(point["budget"], point["n"], point["seeds"]) for point in merged(place)] == [
        (budget, "16", "2") for budget in ("4", "16", "64")
    ]
    first, second = (
        [json.loads(line)["thinking"] for line in (place / f"runs/job-s{seed}/evaluate/samples.jsonl").open()]
        for seed in (0, 1)
    )
    assert len(first) == len(second) == 24 and first != second, "each seed draws its own"


@pytest.mark.server
def test_the_fleet_s_script_is_a_job_of_slurm(
    tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase, tmp_path: Path, cluster: dict[str, str]
) -> None:
    model = {"SIZE": str(len(qwen_tokenizer)), "EOS": str(qwen_tokenizer.eos_token_id)}
    environment = prepared(tmp_path, ["serve"])
    path = f"{environment['PATH']}:{cluster['PATH']}"
    asked = [
        "sbatch",
        "--wait",
        "--nodes=1",
        "--gpus-per-node=0",
        "--output=job.log",
        str(SCRIPT),
        str(tiny_qwen),
        *TOLD,
    ]
    done = subprocess.run(
        asked, cwd=tmp_path, env=cluster | environment | model | {"PATH": path}, capture_output=True, text=True
    )
    told = (tmp_path / "job.log").read_text()
    assert done.returncode == 0, done.stderr + told
    assert (tmp_path / "runs" / "fleet" / "evaluate" / "manifest.json").is_file(), told
    (log,) = tmp_path.glob("runs/fleet-*/*.log")
    assert "the server ended; it is started again" in log.read_text()


@pytest.mark.slow
def test_jobs_of_submitit_on_this_machine_are_as_good_and_a_failed_one_is_told(place: Path) -> None:
    launcher = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=30"]
    code, said = multirun(place, "0,3", launcher, dict(os.environ))
    assert code == 2
    assert said.splitlines()[-1].startswith("error: not all jobs of the multirun succeeded: "), said
    assert "seed is 3, which is none of ours" in said.splitlines()[-1]
    assert len((place / "runs/job-s0/evaluate/samples.jsonl").read_text().splitlines()) == 24
