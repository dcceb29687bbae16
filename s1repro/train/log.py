"""What a training tells: `log.jsonl`, one line an optimiser step, and its progress on the screen.

A line holds step, loss (mean over the step, in nats, by token or by sequence: `s1repro.train.loss`), learning rate,
gradient norm and tokens (seen so far, prompts included, padding not). It holds no times, so a killed and resumed
training leaves the same lines as an undisturbed one. Those of the steps that it resumes behind come from the trainer's
state: in the file there may be lines of other settings, tried in between. Sending metrics to wandb is the trainer's own
integration (see `s1repro.train.sft`).

    log = TrainingLog(Path("runs/demo/train/log.jsonl"))
    SFTTrainer(..., callbacks=[log])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from s1repro.artifacts import Journal, write_jsonl
from s1repro.progress import Progress


class TrainingLog(TrainerCallback):
    """Writes `path` and shows progress. A resumed training begins with the lines of the state that it goes on from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = Journal(path)
        self._progress: Progress | None = None
        self._label = "train"
        self._tokens = 0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Begin the file with the steps that training resumes behind. Raises `ValueError` where it is being written."""
        if not state.is_world_process_zero:
            return
        with self._journal as journal:
            journal.hold()
        write_jsonl(self.path, [_line(int(told["step"]), told) for told in state.log_history if "loss" in told])
        self._tokens = int(state.num_input_tokens_seen)
        resumed = f" from step {state.global_step}" if state.global_step else ""
        self._label = f"train{resumed}"
        self._progress = Progress(total=state.max_steps - state.global_step, label=self._label)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Append one step. Raises `ValueError` when the loss is not a number any more."""
        if not state.is_world_process_zero or logs is None or "loss" not in logs:
            return
        line = _line(state.global_step, logs)
        if not math.isfinite(line["loss"]):
            raise ValueError(f"the loss is {line['loss']} at step {line['step']}; lower sft.learning_rate")
        self._journal.append(line)
        assert self._progress is not None, "on_train_begin comes first"
        self._progress.label = f"{self._label}, loss {line['loss']:.3f}"
        self._progress.step(tokens=line["tokens"] - self._tokens)
        self._tokens = line["tokens"]

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Close file and progress line."""
        self._journal.close()
        if self._progress is not None:
            self._progress.close()


def _line(step: int, told: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the file, of what the trainer logged."""
    numbers = {name: float(told[name]) for name in ("loss", "learning_rate", "grad_norm")}
    return {"step": step, **numbers, "tokens": int(told["num_input_tokens_seen"])}
