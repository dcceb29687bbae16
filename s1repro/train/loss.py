"""What every token weighs in the loss: the same, or by its sequence (section 2 and appendix D of the paper).

By token, the loss of an optimiser step is the mean over all its tokens that carry loss, so a trace of 8,000 tokens
counts eight times as much as one of 1,000. By sequence, it is the mean over the step's sequences of each one's mean:
what the paper's training comes to, on 16 GPUs that hold one sequence each and average. Both are exact however the step
is cut into micro-batches and shared among processes; with sequences of one length they are the same.

The trainer sums per-token log-probabilities and divides by a count. By sequence, each log-probability is first divided
by the tokens of its sequence, and the count is that of the sequences. Logits are not needed for it: the head of TRL
1.16 projects 4,096 tokens by 32,768 words at a time, forward and backward, on any device, and hands out
log-probabilities alone. So the logits of a long sequence exist in neither loss, and there is nothing to switch on.

    outputs = by_sequence(model)(**inputs, fused_lm_head=True)
    loss = -outputs.log_probs.sum() / sequences         # over all micro-batches of the step
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from s1repro.train.examples import IGNORED


def by_sequence(model: Callable[..., Any]) -> Callable[..., Any]:
    """`model`, with log-probabilities `(batch, tokens)` divided by how many of their sequence's tokens carry loss."""

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        outputs.log_probs = outputs.log_probs / outputs.label_mask.sum(-1, keepdim=True).clamp(min=1)
        return outputs

    return forward


def one_label_each(batches: Sequence[dict[str, Any]]) -> list[dict[str, torch.Tensor]]:
    """Micro-batches in which each sequence of `batches` has one label, so that who counts labels counts sequences."""
    # Labels are shifted before they are counted: the first of a sequence never is.
    return [{"labels": torch.tensor([[IGNORED, 0]] * len(batch["labels"]))} for batch in batches]
