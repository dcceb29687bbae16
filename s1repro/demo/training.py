"""How the demo's models are made: one training loop, and one folder with how its weights came about.

The base model and the reward model differ in what they read, in their loss and in their optimizers; batches, losses and
optimizers come from them. Not for fine-tuning: that is `s1repro.train`.

    losses = descend(model, ((loss_of(batch), batch.ids.numel()) for batch in stream), optimizers, Pace(1500, 50, 0.4))
    keep(folder, model, tokenizer, losses, {"made_by": "python -m ..."})
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from s1repro.artifacts import file_sha256, write_text
from s1repro.progress import Progress

RECENT = 50
"""Steps whose mean loss is shown and kept."""


@dataclass(frozen=True)
class Pace:
    """Steps of a training, those that warm up, and the last share of them over which the rates fall to 0."""

    steps: int
    warmup: int
    cooldown: float

    def rate(self, step: int) -> float:
        """Share of the peak rate at `step`, from 0 on: warm-up, flat, then linear to 0."""
        return min(1.0, (step + 1) / self.warmup, (self.steps - step) / (self.cooldown * self.steps))


def descend(
    model: PreTrainedModel,
    batches: Iterable[tuple[torch.Tensor, int]],
    optimizers: Sequence[torch.optim.Optimizer],
    pace: Pace,
) -> list[float]:
    """Train on (loss, tokens) of one batch after another; returns the losses.

    `batches` must be lazy: each loss has to be taken after the step before it.
    """
    schedules = [torch.optim.lr_scheduler.LambdaLR(optimizer, pace.rate) for optimizer in optimizers]
    losses: list[float] = []
    model.train()
    with Progress(pace.steps, "steps") as progress:
        for loss, tokens in batches:
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                schedule.step()
            losses.append(loss.item())
            progress.label = f"loss {_recent(losses):.3f}, steps"
            progress.step(tokens=tokens)
    return losses


def keep(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    losses: Sequence[float],
    facts: Mapping[str, Any],
) -> None:
    """Write the model, its tokenizer and, last, its manifest into `folder`; print the manifest, which holds `facts`."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    manifest = {
        **facts,
        "parameters": sum(p.numel() for p in model.parameters()),
        f"loss_of_the_last_{RECENT}_steps": round(_recent(losses), 4),
        "torch": torch.__version__,
        "weights_sha256": file_sha256(folder / "model.safetensors"),
    }
    text = json.dumps(manifest, indent=2)
    write_text(folder / "manifest.json", text + "\n")
    print(text)


def _recent(losses: Sequence[float]) -> float:
    return sum(losses[-RECENT:]) / len(losses[-RECENT:])
