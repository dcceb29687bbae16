"""log.jsonl: one line a step, replaced where a resumed training repeats steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from s1repro.train.log import TrainingLog


def logged(step: int, loss: float) -> dict[str, Any]:
    """What the trainer logs of a step, and more than the file takes."""
    return {"loss": loss, "learning_rate": 0.1, "grad_norm": 1.0, "epoch": 0.5, "num_input_tokens_seen": 10 * step}


def state(step: int, losses: Sequence[float] = ()) -> Any:
    """A trainer state at this step, with the losses of the steps up to it."""
    history = [{**logged(number, loss), "step": number} for number, loss in enumerate(losses, start=1)]
    return SimpleNamespace(
        is_world_process_zero=True,
        global_step=step,
        max_steps=4,
        num_input_tokens_seen=10 * step,
        log_history=history,
    )


def log(callback: TrainingLog, step: int, loss: float) -> None:
    callback.on_log(None, state(step), None, logs=logged(step, loss))  # type: ignore[arg-type]


def steps(path: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in map(json.loads, path.read_text().splitlines())]


def test_resuming_drops_the_steps_that_are_repeated(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = TrainingLog(path)
    first.on_train_begin(None, state(0), None)  # type: ignore[arg-type]
    for step in (1, 2, 3):
        log(first, step, 5.0 - step)
    first._journal.close()  # the kill: a process's end lets go of the file
    second = TrainingLog(path)
    second.on_train_begin(None, state(1, [4.0]), None)  # type: ignore[arg-type]
    for step in (2, 3, 4):
        log(second, step, 50.0 - step)
    second.on_train_end(None, state(4), None)  # type: ignore[arg-type]
    assert steps(path) == [(1, 4.0), (2, 48.0), (3, 47.0), (4, 46.0)]


def test_a_line_holds_loss_rate_and_tokens_and_no_time(tmp_path: Path) -> None:
    callback = TrainingLog(tmp_path / "log.jsonl")
    callback.on_train_begin(None, state(0), None)  # type: ignore[arg-type]
    log(callback, 1, 2.5)
    callback.on_train_end(None, state(1), None)  # type: ignore[arg-type]
    (line,) = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert line == {"step": 1, "loss": 2.5, "learning_rate": 0.1, "grad_norm": 1.0, "tokens": 10}


def test_progress_names_the_loss(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    callback = TrainingLog(tmp_path / "log.jsonl")
    callback.on_train_begin(None, state(0), None)  # type: ignore[arg-type]
    for step in (1, 2, 3, 4):
        log(callback, step, 1.25)
    callback.on_train_end(None, state(4), None)  # type: ignore[arg-type]
    shown = capfd.readouterr().err
    assert "loss 1.250: 4/4" in shown and "tokens/s" in shown


def test_a_diverged_loss_stops_the_training(tmp_path: Path) -> None:
    callback = TrainingLog(tmp_path / "log.jsonl")
    callback.on_train_begin(None, state(0), None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"loss is nan at step 3; lower sft\.learning_rate"):
        log(callback, 3, float("nan"))
