"""Runs the stages that the tables need, one after the other, each as a command of its own.

A stage that is done says so and returns at once, so the whole can be killed and started again at any moment; no stage
outlives it. What fails does not stop the rest: its reason, the stage's own line of error, stands in the cells that stay
empty. The times of all go to `steps.jsonl`, and tell how long the rest may take.

    failed = run_steps(steps(config, asked), Path("runs/demo/paper"))
    failed["demo-rebase"]       # "evaluate: ..."
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from s1repro.artifacts import Journal
from s1repro.children import told_of_our_end
from s1repro.paper.plan import Step
from s1repro.progress import clock_time

TAIL = 40
"""Lines of a stage's output that are kept to find its error in."""

Command = Callable[[Step], Sequence[str]]
"""The command line of a step."""


def stage_command(step: Step) -> list[str]:
    """The stage as `python -m` starts it."""
    return [sys.executable, "-m", f"s1repro.{step.stage}", *step.overrides]


def run_steps(planned: Sequence[Step], folder: Path, command: Command = stage_command) -> dict[str, str]:
    """Run all steps; for each run that failed, which stage and why. Its later stages are left out.

    Raises `KeyboardInterrupt` where a stage was interrupted.
    """
    failed: dict[str, str] = {}
    with Journal(folder / "steps.jsonl") as journal:
        lines = journal.read()
        for number, step in enumerate(planned, start=1):
            if step.run in failed:
                continue
            left = seconds_left([later for later in planned[number - 1 :] if later.run not in failed], lines)
            told = "" if left is None else f", about {clock_time(left)} left"
            print(f"[{number}/{len(planned)}] {step.stage} {step.run}{told}", flush=True)
            line, tail = _timed(step, command)
            journal.append(line)
            lines.append(line)
            if line["code"] == 130:
                raise KeyboardInterrupt
            if line["code"]:
                failed[step.run] = f"{step.stage}: {_reason(line['code'], tail)}"
    return failed


def seconds_left(left: Sequence[Step], lines: Sequence[Mapping[str, Any]]) -> float | None:
    """How long the steps `left` may take by the `lines` of steps.jsonl; None while these tell nothing.

    Each takes as long as those of its stage did on the mean, or as all did; one that has succeeded takes next to
    nothing.
    """
    worked = [line for line in lines if line["code"] == 0 and not line["done_before"]]
    succeeded = {(line["run"], line["stage"]) for line in lines if line["code"] == 0}
    if not worked:
        return None
    total = 0.0
    for step in left:
        alike = [line for line in worked if line["stage"] == step.stage] or worked
        total += 0.0 if (step.run, step.stage) in succeeded else fmean(line["seconds"] for line in alike)
    return total


def _timed(step: Step, command: Command) -> tuple[dict[str, Any], list[str]]:
    """Run a step: its line of steps.jsonl, and the last lines of what it said."""
    started = time.monotonic()
    code, tail = _run(command(step))
    seconds = round(time.monotonic() - started, 1)
    done_before = any(line.startswith(f"{step.stage}: done already") for line in tail)
    told = {"run": step.run, "stage": step.stage, "seconds": seconds, "code": code, "done_before": done_before}
    return told, tail


def _run(arguments: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code and the last lines of a command; all its lines are passed on as they come."""
    tail: deque[str] = deque(maxlen=TAIL)
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=told_of_our_end(signal.SIGINT),  # interrupted, as by Ctrl-C
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line}", end="", flush=True)
            tail.append(line.rstrip("\n"))
    return process.returncode, list(tail)


def _reason(code: int, tail: Iterable[str]) -> str:
    """The stage's line of error, or the last thing it said."""
    lines = [line for line in tail if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return (errors or [f"{ended}, {lines[-1].strip()}" if lines else ended])[-1]
