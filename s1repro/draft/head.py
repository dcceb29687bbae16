"""An EAGLE-3 head trained by `speculators` on the checkpoint's hidden states: a folder that vLLM loads.

This is the one module that imports `speculators`. Its own trainer is used; on a CPU, which it does not foresee, it is
told so. The checkpoint is kept as it is: the head is one decoder layer of its own that reads three of its layers, sees
all tokens and says the most frequent ones. By itself the library gives it a window of 2,048; vLLM then keeps a second
kind of cache for it and finds half as many of a prefix's tokens again.
Killed or interrupted, training and its log go on from the newest whole epoch. Several GPUs are not covered.

    train_head(checkpoint, rows, folder, layers=[1, 2, 3], settings=DraftConfig(), seed=0, vocab_size=151936)
"""

from __future__ import annotations

import logging
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from datasets import Dataset, disable_progress_bars
from loguru import logger
from speculators.train import checkpointer, cli
from speculators.train.config import TrainConfig
from speculators.train.graceful_shutdown import GracefulShutdownHandler
from speculators.train.trainer import Trainer
from speculators.train.vocab_mapping import build_vocab_mappings_from_distribution

from s1repro.artifacts import Journal, write_jsonl
from s1repro.draft.rows import Row
from s1repro.draft.states import precision
from s1repro.settings.drafting import DraftConfig

BEST = "checkpoint_best"
"""The trainer's link to the epoch with the least loss on the questions held out."""


class _CpuTrainer(Trainer):  # type: ignore[misc]  # speculators is not typed for us
    """The trainer, told that it has no accelerator."""

    def setup_trainer(self) -> None:
        self.local_rank, self.device_type = "cpu", "cpu"
        super().setup_trainer()


class _Log(logging.Handler):
    """Writes a line for each step and each validation into a journal; no times."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        told: Any = record.msg
        if isinstance(told, dict) and "epoch" in told:  # its first line is of its settings
            self._journal.append(
                {name: told[name] for name in ("epoch", "global_step", "train", "val") if name in told}
            )


def train_head(
    checkpoint: str,
    rows: Sequence[Row],
    folder: Path,
    *,
    layers: Sequence[int],
    settings: DraftConfig,
    seed: int,
    vocab_size: int,
) -> Path:
    """Train on `rows`, whose states are in `folder / "hidden_states"`; the folder of the best epoch's head."""
    data, epochs = folder / "rows", folder / "epochs"
    _write_dataset(rows, data)
    said = _write_vocabulary(rows, data, min(settings.vocabulary, vocab_size), vocab_size)
    forget_torn(epochs, folder / "log.jsonl")
    arguments = [*_arguments(checkpoint, rows, folder, layers, settings, seed), *said]
    with Journal(folder / "log.jsonl") as journal, _as_this_machine(), _interruptible(), _quiet(_Log(journal)):
        cli.main(TrainConfig.resolve(arguments))
    return (epochs / BEST).resolve()


def forget_torn(epochs: Path, log: Path) -> None:
    """Drop epochs that are not whole, and all lines behind the last one that is: training writes these again.

    Of an epoch its state is written last; then its validation is logged, without which it can never become the best.
    """
    with Journal(log) as journal:
        lines = journal.read()
    validated, last = {line["epoch"] for line in lines if "val" in line}, -1
    for folder in epochs.glob("[0-9]*"):
        if int(folder.name) in validated and (folder / "training_state.json").is_file():
            last = max(last, int(folder.name))
        else:
            shutil.rmtree(folder)
    write_jsonl(log, [line for line in lines if line.get("epoch", last + 1) <= last])


def _arguments(
    checkpoint: str, rows: Sequence[Row], folder: Path, layers: Sequence[int], settings: DraftConfig, seed: int
) -> list[str]:
    """What the trainer's command line is told."""
    on_gpu = torch.cuda.is_available()
    told: dict[str, object] = {
        "speculator-type": "eagle3",
        "verifier-name-or-path": str(Path(checkpoint).resolve()) if Path(checkpoint).is_dir() else checkpoint,
        "data-path": folder / "rows",
        "hidden-states-path": (folder / "hidden_states").resolve(),
        "save-path": folder / "epochs",
        "log-dir": folder / "logs",
        "total-seq-len": max(len(row.ids) for row in rows),
        "train-data-ratio": 1 - settings.held_out,
        "on-missing": "raise",
        "ttt-steps": settings.tokens,
        "epochs": settings.epochs,
        "lr": settings.learning_rate,
        "seed": seed,
        "num-workers": 0,
        "hidden-states-dtype": precision(),
    }
    if not on_gpu:
        told |= {"loss-implementation": "eager", "draft-attn-impl": "sdpa"}
    words = [word for name, value in told.items() for word in (f"--{name}", str(value))]
    words += ["--target-layer-ids", *map(str, layers), "--no-norm-before-fc", "--full-attention-indices", "0"]
    words += ["--fc-norm"] if settings.fc_norm else []
    return [*words, "--norm-output" if settings.norm_output else "--no-norm-output"]


def _write_dataset(rows: Sequence[Row], folder: Path) -> None:
    """The rows as the trainer reads them: loss on all behind the question."""
    shutil.rmtree(folder, ignore_errors=True)
    made = Dataset.from_dict(
        {
            "input_ids": [list(row.ids) for row in rows],
            "loss_mask": [[0] * row.prompt_tokens + [1] * (len(row.ids) - row.prompt_tokens) for row in rows],
            "seq_len": [len(row.ids) for row in rows],
        }
    )
    made.set_format("torch")
    disable_progress_bars()
    made.save_to_disk(str(folder))


def _write_vocabulary(rows: Sequence[Row], folder: Path, size: int, vocab_size: int) -> list[str]:
    """The `size` tokens that `rows` say most often, as the trainer reads them, and what it is told of them."""
    if size == vocab_size:
        return []
    counted = Counter(token for row in rows for token in row.ids[row.prompt_tokens :])
    to_target, of_target = build_vocab_mappings_from_distribution(dict(counted), size, vocab_size)
    words = ["--draft-vocab-size", str(size)]
    for name, mapping in (("d2t", to_target), ("t2d", of_target)):
        np.save(folder / f"{name}.npy", mapping.numpy())
        words += [f"--{name}-path", str(folder / f"{name}.npy")]
    return words


@contextmanager
def _as_this_machine() -> Iterator[None]:
    """Without an accelerator, another trainer and no waiting for one."""
    if torch.cuda.is_available():
        yield
        return
    with (
        patch.object(cli, "Trainer", _CpuTrainer),
        patch.object(checkpointer, "get_current_device", lambda: "cpu"),  # where an epoch to go on from is loaded
        patch.object(torch.accelerator, "synchronize", lambda: None),
    ):
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """Leave Ctrl-C and SIGTERM as they are: the library ends training on them as if it were done."""
    with patch.object(GracefulShutdownHandler, "install", lambda self: None):
        yield


@contextmanager
def _quiet(log: _Log) -> Iterator[None]:
    """The library's bars stay, its own lines and warnings stay away, its metrics go to `log`."""
    own, metrics = logging.getLogger("speculators"), logging.getLogger("speculators.metrics")
    with (
        patch.object(cli, "setup_root_logger", lambda: None),
        patch.object(cli, "setup_metric_logger", lambda **_: None),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # no pinned memory and no float32 autocast on a CPU
        logger.disable("speculators")
        own.setLevel(logging.ERROR)
        metrics.setLevel(logging.INFO)
        metrics.addHandler(log)
        try:
            yield
        finally:
            metrics.removeHandler(log)
            logger.enable("speculators")
