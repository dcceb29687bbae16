"""Whether two engines say the same, and where they do not, how near a tie it was.

Greedy in float32 they should; only the order in which they add up differs, so where the two best logits all but tie
either may win, and everything behind that token differs too. So what is looked at are the requests that both got.

    here, there = Recorder(vllm), Recorder(transformers)
    ...                                             # the same sweep on both
    differences(here, there, "runs/demo/train/checkpoint")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.scaling import Forced

NEAR = 1e-3
"""A gap of so much of the logits' spread is a near-tie: float32 sums over a model differ by less."""


class Recorder:
    """`engine`; what it said to each request stays in `said`, the stops included."""

    def __init__(self, engine: Engine) -> None:
        self.tokenizer = engine.tokenizer
        self.max_model_len = engine.max_model_len
        self.said: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        self._engine = engine

    @property
    def under_way(self) -> int:
        """As the engine inside."""
        return self._engine.under_way

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """As the engine inside."""
        completion = await self._engine.complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        self.said[tuple(prompt_ids), max_tokens] = (*completion.token_ids, *completion.stop_ids)
        return completion

    async def close(self) -> None:
        """Close the engine inside."""
        await self._engine.close()


@dataclass(frozen=True)
class Difference:
    """The first token in which two engines answer one request differently.

    `gap` is by how much transformers' logit of the one token is above that of the other, and `spread` the standard
    deviation of all logits there, to see it against.
    """

    prompt_tokens: int
    position: int
    tokens: tuple[int, int]
    gap: float
    spread: float


def differences(here: Recorder, there: Recorder, model: str) -> list[Difference]:
    """All requests that both got and answered differently."""
    shared = [key for key in here.said if key in there.said and here.said[key] != there.said[key]]
    if not shared:
        return []
    causal = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    found = []
    for key in shared:
        one, other = here.said[key], there.said[key]
        position = next(i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        ids = torch.tensor([[*key[0], *one[:position]]])
        with torch.no_grad():
            logits = causal(ids).logits[0, -1].double()
        tokens = one[position], other[position]
        gap = abs(logits[tokens[0]] - logits[tokens[1]]).item()
        found.append(Difference(len(key[0]), position, tokens, gap, logits.std().item()))
    return found


def agreement(
    here: tuple[Sequence[Sequence[Forced]], Recorder], there: tuple[Sequence[Sequence[Forced]], Recorder], model: str
) -> dict[str, Any]:
    """The share of samples that two engines took alike, and how near a tie the others begin to differ.

    `near_ties`: whether at each first difference the gap is at most `NEAR` of the logits' spread.
    """
    (swept, said), (other, said_there) = here, there
    pairs = [pair for rows in zip(swept, other, strict=True) for pair in zip(*rows, strict=True)]
    found = differences(said, said_there, model)
    return {
        "samples": len(pairs),
        "same_share": round(sum(one == two for one, two in pairs) / len(pairs), 4),
        "requests_that_differ": len(found),
        "widest_gap_of_logits": max((one.gap for one in found), default=None),
        "near_ties": all(one.gap <= NEAR * one.spread for one in found),
        "differences": [asdict(one) for one in found],
    }
