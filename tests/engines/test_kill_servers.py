"""A real server and the real command, killed ten times at random while they work: the samples are the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from benchmarks.servers import REPO, Served, sglang_command, vllm_command
from s1repro.children import told_of_our_end
from tests.processes import wait_for, whole_lines
from tests.toy import write_benchmark

QUESTIONS = 80
SAMPLES = QUESTIONS * 4
KILLS = 10
BASE = REPO / "data" / "demo" / "base"
PACE = 0.003
"""Seconds a token, of the stand-in."""


REAL = {"vllm": vllm_command(256), "sglang": sglang_command(256)}


@pytest.fixture(
    params=[pytest.param("toy", marks=pytest.mark.slow), *(pytest.param(one, marks=pytest.mark.server) for one in REAL)]
)
def place(
    request: pytest.FixtureRequest,
    tiny_qwen: Path,
    qwen_tokenizer: PreTrainedTokenizerBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[list[str], list[str]]:
    """How a server is started and what the command is told of it, in a folder with a benchmark."""
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"q{i:02}", "question": f"What is {i} plus {i}?", "answer": str(2 * i)} for i in range(QUESTIONS)]
    write_benchmark(tmp_path, rows)
    if request.param == "toy":
        size, eos = len(qwen_tokenizer), qwen_tokenizer.eos_token_id
        toy = ["-m", "tests.engines.completion_server", "vllm", str(size), str(eos), str(PACE), "toy"]
        return [sys.executable, *toy], [f"checkpoint={tiny_qwen}", "engine=vllm-server", "engine.model=toy"]
    if not Path(REAL[request.param][0]).exists():
        pytest.skip(f"no {REAL[request.param][0]}: make servers, or set S1REPRO_SGLANG to its environment")
    return [*REAL[request.param], str(BASE)], [f"checkpoint={BASE}", f"engine={request.param}-server"]


def start(name: str, told: list[str]) -> subprocess.Popen[str]:
    """`python -m s1repro.evaluate`, in the current folder."""
    settings = [
        *("recipe=demo", "data.benchmarks=[toy]", f"name={name}", "engine.max_model_len=256"),
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


def undisturbed(told: list[str]) -> bytes:
    output, _ = start("undisturbed", told).communicate(timeout=300)
    samples = samples_of("undisturbed").read_bytes()
    assert samples.count(b"\n") == SAMPLES, output
    return samples


def test_ten_kills_of_server_and_client_leave_the_bytes_of_an_undisturbed_run(
    place: tuple[list[str], list[str]],
) -> None:
    command, told = place
    with Served(command, threads=1) as server:
        told = [*told, f"engine.urls=[{server.url}]"]
        expected = undisturbed(told)
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
        assert journal.read_bytes() == expected


def test_what_one_of_a_fleet_leaves_undone_the_other_does(place: tuple[list[str], list[str]]) -> None:
    command, told = place
    with Served(command, threads=1) as stays, Served(command, threads=1) as goes:
        expected = undisturbed([*told, f"engine.urls=[{stays.url}]"])
        fleet = [*told, f"engine.urls=[{stays.url},{goes.url}]", "engine.retries=2"]
        client, journal = start("fleet", fleet), samples_of("fleet")
        wait_for(lambda: whole_lines(journal) >= SAMPLES // 8, client)
        goes.kill()
        assert whole_lines(journal) < SAMPLES, "nothing was left to disturb"
        output, _ = client.communicate(timeout=300)
        assert client.returncode == 0, output
        assert goes.url in output, "it is told that it stayed away"
        assert "Traceback" not in output
        assert journal.read_bytes() == expected
