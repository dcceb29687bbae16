"""Settings of `train`: group `sft/`, all weights or an adapter.

LoraConfig(rank=8).check()
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from s1repro.control import CONTROLS
from s1repro.settings.checks import require_at_least_one, require_choice

LOSSES = ("token", "sequence")
"""Values `sft.loss` may have."""


@dataclass
class SftConfig:
    """How the model is fine-tuned: group `sft/`. The defaults are the paper's (appendix D), except for `loss`."""

    epochs: float = 5.0
    """Passes over the set."""
    batch_size: int = 16
    """Sequences an optimiser step, over all devices."""
    micro_batch_size: int = 1
    """Sequences a device holds at once; the rest of `batch_size` is accumulated."""
    learning_rate: float = 1e-5
    """Peak learning rate."""
    warmup_ratio: float = 0.05
    """Share of the steps that warm up; then a cosine to 0."""
    weight_decay: float = 1e-4
    """AdamW's decoupled weight decay."""
    adam_beta1: float = 0.9
    """AdamW's first momentum."""
    adam_beta2: float = 0.95
    """AdamW's second momentum."""
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm; 0 clips none."""
    loss: str = "token"
    """What weighs the same in the loss: each `token`, or each `sequence`, as on the paper's 16 GPUs with one each."""
    max_length: int = 32768
    """Longest sequence in tokens; a longer example is refused, never cut."""
    control: str = "none"
    """What each question says about how long to think: nothing (`none`), or what its trace holds to: `token`, `step` or
    `class` (Table 3 of the paper)."""
    bf16: bool = True
    """Train in bfloat16 autocast."""
    gradient_checkpointing: bool = False
    """Trade time for memory: recompute activations in the backward pass."""

    @property
    def adapter_rank(self) -> int:
        """Rank of the adapter that is trained in place of the weights; 0 where all weights are."""
        return 0

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        require_choice("sft.control", self.control, CONTROLS)
        require_choice("sft.loss", self.loss, LOSSES)
        require_at_least_one("sft", self, "batch_size", "micro_batch_size", "max_length")
        for name in ("epochs", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"sft.{name} is {getattr(self, name)}; give more than 0")
        for name in ("weight_decay", "max_grad_norm"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"sft.{name} is {getattr(self, name)}; give 0 or more")
        for name in ("adam_beta1", "adam_beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"sft.{name} is {getattr(self, name)}; give 0 to below 1")
        if not 0 <= self.warmup_ratio < 1:
            raise ValueError(f"sft.warmup_ratio is {self.warmup_ratio}; give a share of the steps, 0 to below 1")
        if self.batch_size % self.micro_batch_size:
            raise ValueError(
                f"sft.batch_size is {self.batch_size}, no multiple of micro_batch_size {self.micro_batch_size}"
            )


@dataclass
class LoraConfig(SftConfig):
    """A low-rank adapter is trained in place of all weights, and merged for serving."""

    rank: int = 16
    """Rank of the adapter."""
    alpha: int = 32
    """Scale of the adapter."""
    dropout: float = 0.0
    """Dropout in front of the adapter."""

    @property
    def adapter_rank(self) -> int:
        """See `SftConfig.adapter_rank`."""
        return self.rank

    def check(self) -> None:
        """See `SftConfig.check`."""
        super().check()
        require_at_least_one("sft", self, "rank", "alpha")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"sft.dropout is {self.dropout}; give a share of the adapter's inputs, 0 to below 1")
