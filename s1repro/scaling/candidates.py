"""Several traces for one answer: their seeds, and the account of all.

What rejection sampling, best-of-N and tree search share. Which trace is kept is theirs to say.

    first, second = nth(sampling, 0), nth(sampling, 1)      # the first one is `sampling` itself
    forced = await force(engine, prompt_ids, budget, fmt, first)
    keep(forced, tries=2, spent=310, budget=budget, engine=engine).discarded_tokens
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from s1repro.chat import plain_ids
from s1repro.engines.base import Engine, Sampling
from s1repro.scaling.budget import Budget
from s1repro.scaling.forcing import Forced

T = TypeVar("T")

_SEED_STRIDE = 15_485_863
"""Between the seeds of two traces; within one, rounds and answer take other steps."""


def nth(sampling: Sampling, index: int) -> Sampling:
    """The sampling of trace `index`, with a seed of its own."""
    return replace(sampling, seed=(sampling.seed + index * _SEED_STRIDE) % 2**31)


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


def sampled_answer_tokens(engine: Engine, forced: Forced, budget: Budget) -> int:
    """How many of the answer's tokens the model wrote: all but a final string that was forced."""
    given = 0 if forced.finish == "natural" else len(plain_ids(engine.tokenizer, budget.final_string))
    return len(forced.answer_ids) - given


def keep(forced: Forced, *, tries: int, spent: int, budget: Budget, engine: Engine) -> Forced:
    """`forced` as the one kept of `tries` traces, for which `spent` tokens were sampled together, its own included."""
    discarded = spent - forced.sampled_tokens - sampled_answer_tokens(engine, forced, budget)
    assert discarded >= 0
    return replace(forced, tries=tries, discarded_tokens=discarded)
