"""Several traces for one answer: their seeds, the account of all, and the settings of methods that choose.

What rejection sampling, best-of-N and tree search share. Which trace is kept is theirs to say.

    first, second = nth(prompt, 0), nth(prompt, 1)      # the first one is `prompt` itself
    kept = keep(forced, tries=2, spent=310)
    kept.discarded_tokens
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from omegaconf import MISSING

from s1repro.engines.base import Engine, Sampling
from s1repro.engines.reward import HfRewardModel
from s1repro.pretrained import model_mark
from s1repro.scaling.answer import Forced
from s1repro.scaling.method import Method
from s1repro.scaling.prompt import Prompt
from s1repro.settings.checks import require_at_least_one

T = TypeVar("T")

_SEED_STRIDE = 15_485_863
"""Between the seeds of two traces; within one, rounds and answer take other steps."""


def nth(prompt: Prompt, index: int) -> Prompt:
    """The prompt of trace `index`, with a seed of its own."""
    return prompt.reseeded(index * _SEED_STRIDE)


def require_many(count: int, sampling: Sampling, what: str) -> None:
    """Raise `ValueError` unless there is something to choose from: a trace at all, and several that can differ."""
    if count < 1:
        raise ValueError(f"{count} {what}: give 1 or more")
    if count > 1 and sampling.temperature == 0:
        raise ValueError(f"{count} {what} at temperature 0 are all the same: set a temperature above 0")


async def together(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all, run at the same time; the first error stops the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def keep(forced: Forced, *, tries: int, spent: int) -> Forced:
    """`forced` as the one kept of `tries` traces, for which `spent` tokens were sampled together, its own included."""
    discarded = spent - forced.drawn_tokens + forced.discarded_tokens
    assert discarded >= 0
    return replace(forced, tries=tries, discarded_tokens=discarded)


@dataclass
class Drawing(Method):
    """A method that draws several traces, so that it needs a temperature."""

    greedy: ClassVar[bool] = False

    temperature: float = 1.0
    """Of the traces; above 0, for they must differ."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        if self.temperature == 0:
            raise ValueError(f"method.temperature is 0, but {self.name} draws several traces; set it above 0")


@dataclass
class Search(Drawing):
    """A method whose traces a reward model chooses from."""

    reward_model: str = MISSING
    """A folder or Hugging Face id of a token- or sequence-classification model."""
    candidates: int = 16
    """Traces that it chooses from."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        require_at_least_one("method", self, "candidates")
        if not self.reward_model:
            raise ValueError(f"method.reward_model is empty, but {self.name} chooses by one: give a folder or hub id")

    def identity(self) -> dict[str, object]:
        """See `Method.identity`."""
        return {**super().identity(), "reward_model": model_mark(self.reward_model, "method.reward_model")}

    def reward(self, engine: Engine, trust_remote_code: bool) -> HfRewardModel:
        """The model that scores traces, loaded."""
        return HfRewardModel(self.reward_model, engine.tokenizer, trust_remote_code)
