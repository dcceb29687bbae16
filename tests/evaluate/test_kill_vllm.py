"""The real command on the real engine, interrupted and killed, and then run to its end.

Every start of the engine costs many seconds, so all of it is one story, and where it is ended once, only the run that
is killed has an engine of its own: its rest and the undisturbed run are on the session's.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from s1repro.cli import composed
from s1repro.engines import Engine
from s1repro.evaluate import pipeline
from tests.evaluate.conftest import SessionEngine
from tests.processes import wait_for, whole_lines
from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parents[2]
QUESTIONS = 32
SAMPLES = QUESTIONS * 4
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def settings(tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Overrides for `SAMPLES` samples, run in a folder that holds the benchmark."""
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"q{i:02}", "question": f"What is {i} plus {i}?", "answer": str(2 * i)} for i in range(QUESTIONS)]
    write_benchmark(tmp_path, rows)
    return [
        "recipe=demo",
        f"checkpoint={tiny_qwen}",
        "data.benchmarks=[toy]",
        "engine.max_model_len=256",
        "engine.max_concurrency=2",  # slow enough to be killed in the middle
        "method.budgets=[16,64]",
        "method.waits=[0,1,2]",
        "method.max_answer_tokens=20",
    ]


ONCE = (signal.SIGKILL,)
OFTEN = (signal.SIGINT, signal.SIGKILL, None, signal.SIGKILL)
"""None is a SIGKILL while the engine is most likely starting; in front of all there is a Ctrl-C while it does."""


@pytest.mark.parametrize("ends", [ONCE, pytest.param(OFTEN, marks=pytest.mark.slow)], ids=["once", "often"])
def test_however_often_it_is_ended_the_samples_are_the_same(
    settings: list[str],
    vllm_engine: Engine,
    run: Run,
    ends: tuple[signal.Signals | None, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage = Stage([*settings, "name=killed"])
    draw = random.Random(20250131)
    kept: list[str] = []
    if ends == OFTEN:
        stage.interrupt_engine_start()
    for how in ends:
        process = stage.start()
        if how is None:
            time.sleep(draw.uniform(1, 8))
        else:
            stage.wait_for_lines(len(kept) + 3, process)
            time.sleep(draw.uniform(0, 0.3))
            assert len(stage.processes()) > 1, "the engine has processes of its own: else nothing could be left behind"
        stage.end(process, how or signal.SIGKILL)
        whole = stage.samples.read_text().splitlines(keepends=True)
        now = [line for line in whole if line.endswith("\n")]
        assert now[: len(kept)] == kept and len(now) >= len(kept) + (3 if how else 0), "what is finished stays"
        assert len(now) < SAMPLES, "nothing was left to interrupt"
        kept = now
    if ends == ONCE:
        capsys.readouterr()
        evaluate([*settings, "name=killed"], vllm_engine, run)
        output = capsys.readouterr().out
    else:
        output, _ = stage.start().communicate(timeout=300)
        stage.require_nothing_left()
    assert f"evaluate: {len(kept)} samples are in already, {SAMPLES - len(kept)} to go" in output, stage.errors()
    evaluate([*settings, "name=undisturbed"], vllm_engine, run)
    undisturbed = Path("runs/undisturbed/evaluate/samples.jsonl").read_bytes()
    assert stage.samples.read_bytes() == undisturbed
    keys = [[json.loads(line)[name] for name in ("budget", "waits", "question")] for line in undisturbed.splitlines()]
    assert len(keys) == len({tuple(key) for key in keys}) == SAMPLES
    costs = [json.loads(line) for line in (stage.samples.parent / "telemetry.jsonl").read_text().splitlines()]
    assert costs[-1]["samples"] == SAMPLES - len(kept), "no finished sample is repeated"


def evaluate(settings: list[str], engine: Engine, run: Run) -> None:
    """The stage in this process, on an engine that is up, and not slowed down."""
    config = composed([*settings, "engine.max_concurrency=64"])
    pipeline.run(config, lambda *_: SessionEngine(engine, run))


class Stage:
    """`python -m s1repro.evaluate` with `settings`, in the current folder, as if in a terminal of its own."""

    samples = Path("runs/killed/evaluate/samples.jsonl")

    def __init__(self, settings: list[str]) -> None:
        self.command = [sys.executable, "-m", "s1repro.evaluate", *settings]
        self.mark = uuid.uuid4().hex  # in the environment of whatever the stage starts

    def start(self) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", "TEST_MARK": self.mark}
        with open("errors.txt", "w") as errors:
            return subprocess.Popen(
                self.command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def errors(self) -> str:
        return Path("errors.txt").read_text()

    def wait_for_lines(self, count: int, process: subprocess.Popen[str]) -> None:
        wait_for(lambda: whole_lines(self.samples) >= count, process, self.errors)

    def interrupt_engine_start(self) -> None:
        """Ctrl-C while the engine's processes start: nothing is sampled yet, and nothing stays behind."""
        process = self.start()
        # This one, its resource tracker, the engine's.
        wait_for(lambda: len(self.processes()) >= 3, process, self.errors)
        self.end(process, signal.SIGINT)

    def end(self, process: subprocess.Popen[str], how: signal.Signals) -> None:
        """Ctrl-C, which reaches all processes of a terminal, or a kill of the user's process alone."""
        begun = time.monotonic()
        if how is signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.kill()
        process.communicate(timeout=300)
        if how is signal.SIGINT:
            assert time.monotonic() - begun < 30
            assert process.returncode == 130
            # Behind it Python may warn of a semaphore, if the engine was busy and had to be killed.
            assert "interrupted; run the same command again to resume\n" in self.errors()
            assert "Traceback" not in self.errors()
        else:
            assert process.returncode == -signal.SIGKILL
        self.require_nothing_left()

    def processes(self) -> list[psutil.Process]:
        """All living processes that the stage has started, itself included, whoever their parent is now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TEST_MARK") == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def require_nothing_left(self) -> None:
        begun = time.monotonic()
        while (left := self.processes()) and time.monotonic() < begun + 15:
            time.sleep(0.2)
        for process in left:
            process.kill()
        assert not left, f"still there: {left}"
