"""Runs the stages that the tables need, one after the other, each as a command of its own.

A stage that is done says so and returns at once, so the whole can be killed and started again at any moment. What
fails does not stop the rest: its reason, the stage's own line of error, stands in the cells that stay empty. The times
of all go to `steps.jsonl`.

    failed = run_steps(steps(config, asked), Path("runs/demo/paper"))
    failed["demo-rebase"]       # "evaluate: ..."
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from s1repro.artifacts import Journal
from s1repro.paper.plan import Step

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
        for number, step in enumerate(planned, start=1):
            if step.run in failed:
                continue
            print(f"[{number}/{len(planned)}] {step.stage} {step.run}", flush=True)
            started = time.monotonic()
            code, tail = _run(command(step))
            seconds = round(time.monotonic() - started, 1)
            journal.append({"run": step.run, "stage": step.stage, "seconds": seconds, "code": code})
            if code == 130:
                raise KeyboardInterrupt
            if code:
                failed[step.run] = f"{step.stage}: {_reason(code, tail)}"
    return failed


def _run(arguments: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code and the last lines of a command; all its lines are passed on as they come."""
    tail: deque[str] = deque(maxlen=TAIL)
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
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
