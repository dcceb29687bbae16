"""A real server and the real command, killed ten times at random while they work: the samples are the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from benchmarks.servers import REPO, Served, vllm_command
from s1repro.children import told_of_our_end
from tests.processes import wait_for, whole_lines
from tests.toy import write_benchmark

QUESTIONS = 80
SAMPLES = QUESTIONS * 4
KILLS = 10
BASE = REPO / "data" / "demo" / "base"
PACE = 0.003
"""Seconds a token, of the stand-in."""


@pytest.fixture(params=[pytest.param("toy", marks=pytest.mark.slow), pytest.param("vllm", marks=pytest.mark.server)])
def place(
    request: pytest.FixtureRequest, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> Iterator[tuple[Served, list[str]]]:
    """A server as a process of its own, and what tells the command of it and its checkpoint."""
    if request.param == "vllm":
        command, told = [*vllm_command(256), str(BASE)], [f"checkpoint={BASE}"]
    else:
        size, eos = len(qwen_tokenizer), qwen_tokenizer.eos_token_id
        toy = ["-m", "tests.engines.completion_server", "vllm", str(size), str(eos), str(PACE), "toy"]
        command, told = [sys.executable, *toy], [f"checkpoint={tiny_qwen}", "engine.model=toy"]
    with Served(command) as server:
        yield server, [*told, f"engine.urls=[{server.url}]"]


def start(name: str, told: list[str]) -> subprocess.Popen[str]:
    """`python -m s1repro.evaluate`, in the current folder."""
    settings = [
        *("recipe=demo", "engine=vllm-server", "data.benchmarks=[toy]", f"name={name}", "engine.max_model_len=256"),
        *("method.budgets=[8,24]", "method.waits=[0,1,2]", "method.max_answer_tokens=12", "engine.max_concurrency=2"),
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "s1repro.evaluate", *settings, *told],
        env={**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=told_of_our_end(signal.SIGTERM),
    )


def samples_of(name: str) -> Path:
    return Path("runs") / name / "evaluate" / "samples.jsonl"


def test_ten_kills_of_server_and_client_leave_the_bytes_of_an_undisturbed_run(
    place: tuple[Served, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, told = place
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"q{i:02}", "question": f"What is {i} plus {i}?", "answer": str(2 * i)} for i in range(QUESTIONS)]
    write_benchmark(tmp_path, rows)
    output, _ = start("undisturbed", told).communicate(timeout=300)
    undisturbed = samples_of("undisturbed").read_bytes()
    assert undisturbed.count(b"\n") == SAMPLES, output

    draw, journal = random.Random(20250131), samples_of("killed")
    victims = ["server", "client"] * (KILLS // 2)
    draw.shuffle(victims)
    client = start("killed", told)
    kept: list[str] = []
    for victim in victims:
        enough = whole_lines(journal) + draw.randrange(1, 12)
        wait_for(lambda enough=enough: whole_lines(journal) >= enough, client)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.3))
        if victim == "server":
            server.kill()
            time.sleep(draw.uniform(0, 2))
            server.start()
        else:
            client.kill()
            client.communicate()
            client = start("killed", told)
        now = [line for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]
        assert now[: len(kept)] == kept, "what is finished stays"
        assert len(now) < SAMPLES, "nothing was left to disturb"
        kept = now
    output, _ = client.communicate(timeout=600)
    assert client.returncode == 0, output
    assert "Traceback" not in output
    assert journal.read_bytes() == undisturbed
