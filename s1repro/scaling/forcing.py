"""Budget forcing (section 3.1): end thinking at the budget, or replace its end by "Wait". One budget, or many at once.

One sample is one coroutine over `Engine.complete`, in token ids from end to end: nothing is decoded and encoded again,
so the accounts are exact. `sweep` takes many budgets from one trace (`s1repro.scaling.trace`), and answers are forked
from it as the budgets are settled, each while the trace still grows for the others. `force` is the sweep of one
budget, so under greedy decoding the two agree id for id. The public code's defects are not repeated: a Wait draws on
the same budget, a spent budget always ends in the final string, and a Wait that no longer fits ends the thinking
instead of overrunning it.

    forced = await force(engine, fmt.prompt_ids(tokenizer, question), Budget(512, waits=1), fmt, Sampling())
    assert len(forced.thinking_ids) <= 512
    curve = await sweep(engine, prompt_ids, [Budget(64), Budget(512), Budget(512, waits=1)], fmt, Sampling())
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1repro.chat import ThinkingFormat, plain_ids
from s1repro.engines.base import Engine, Sampling, Stop
from s1repro.records import Finish
from s1repro.scaling.budget import Budget, require_fits
from s1repro.scaling.trace import Thinking, grow

_ANSWER_SEED = 500_009
"""Added to a sample's seed where the answer is drawn: the trace has used the seed itself."""


@dataclass(frozen=True)
class Forced:
    """A forced sample with its token accounts.

    `thinking_ids` are `sampled_tokens + injected_tokens` long and never longer than the budget. `answer_ids` begin
    with the final string where it was forced (`finish` other than `natural`). `discarded_tokens` were sampled and not
    kept: behind a loop (`Thinking`), and all that methods which choose among several traces (`tries`) drew in vain.
    """

    thinking_ids: tuple[int, ...]
    sampled_tokens: int
    injected_tokens: int
    answer_ids: tuple[int, ...]
    waits_used: int
    finish: Finish
    tries: int = 1
    discarded_tokens: int = 0


async def force(
    engine: Engine, prompt_ids: Sequence[int], budget: Budget, fmt: ThinkingFormat, sampling: Sampling
) -> Forced:
    """Think within `budget` after `prompt_ids`, which end with the opening of the thinking, then answer.

    Raises `ValueError`, before anything runs, where prompt, budget and answer do not fit in the model.
    """
    return (await sweep(engine, prompt_ids, [budget], fmt, sampling))[0]


async def sweep(
    engine: Engine, prompt_ids: Sequence[int], budgets: Sequence[Budget], fmt: ThinkingFormat, sampling: Sampling
) -> list[Forced]:
    """One trace for all `budgets`, and the answer that each of them leads to, in the order of `budgets`.

    Budgets that end the trace at the same token share one answer. Every account says what its budget takes alone.
    Raises `ValueError` as `force` does, without budgets, and where they differ in their `wait_string` or
    `loop_repeats`.
    """
    caps = [thinking_cap(engine, len(prompt_ids), budget, fmt) for budget in budgets]
    answers: dict[tuple[tuple[int, ...], int], asyncio.Task[tuple[int, ...]]] = {}
    thinkings: dict[int, Thinking] = {}
    answer_of: dict[int, asyncio.Task[tuple[int, ...]]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            async for index, thinking in grow(engine, prompt_ids, budgets, caps, fmt, sampling):
                assert len(thinking.token_ids) <= caps[index]
                opened = (*thinking.token_ids, *_opening(engine, thinking, budgets[index], fmt))
                key = (opened, budgets[index].answer_tokens)
                if key not in answers:
                    asked = _answer(engine, [*prompt_ids, *opened], budgets[index], fmt, sampling)
                    answers[key] = group.create_task(asked)
                thinkings[index], answer_of[index] = thinking, answers[key]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [_forced(engine, thinkings[i], answer_of[i].result(), budget) for i, budget in enumerate(budgets)]


async def answer_to(
    engine: Engine, prompt_ids: Sequence[int], thinking: Thinking, budget: Budget, fmt: ThinkingFormat, drawn: Sampling
) -> Forced:
    """The answer that `thinking` leads to, begun with the final string where the model did not end it itself.

    For methods that grow traces of their own; in a sweep, budgets share answers.
    """
    opened = [*prompt_ids, *thinking.token_ids, *_opening(engine, thinking, budget, fmt)]
    return _forced(engine, thinking, await _answer(engine, opened, budget, fmt, drawn), budget)


def thinking_cap(engine: Engine, prompt_tokens: int, budget: Budget, fmt: ThinkingFormat) -> int:
    """The most thinking tokens a sample may have: the budget's cap, or what fits in the model where it has none.

    Raises `ValueError` with the numbers where the budget does not fit. It runs nothing, so it can be asked for every
    question before the first one is answered.
    """
    markers = len(fmt.end_of_thinking_ids(engine.tokenizer)) + len(plain_ids(engine.tokenizer, budget.final_string))
    return require_fits(prompt_tokens, budget, engine.max_model_len, markers)


def _final_ids(engine: Engine, thinking: Thinking, budget: Budget) -> list[int]:
    """What begins the answer: nothing where the model ended its thinking itself."""
    return [] if thinking.finish == "natural" else plain_ids(engine.tokenizer, budget.final_string)


def _opening(engine: Engine, thinking: Thinking, budget: Budget, fmt: ThinkingFormat) -> list[int]:
    """What ends the thinking and begins the answer."""
    end_ids = fmt.end_of_thinking_ids(engine.tokenizer, natural=thinking.closed)
    return [*end_ids, *_final_ids(engine, thinking, budget)]


async def _answer(
    engine: Engine, ids: list[int], budget: Budget, fmt: ThinkingFormat, sampling: Sampling
) -> tuple[int, ...]:
    """What the model answers after `ids`."""
    tokenizer = engine.tokenizer
    completion = await engine.complete(
        ids,
        max_tokens=budget.answer_tokens,
        stop=Stop((*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer)), fmt.stop_strings(tokenizer)),
        sampling=replace(sampling, seed=(sampling.seed + _ANSWER_SEED) % 2**31),
    )
    return completion.token_ids


def _forced(engine: Engine, thinking: Thinking, answer_ids: tuple[int, ...], budget: Budget) -> Forced:
    assert len(thinking.token_ids) == thinking.sampled_tokens + thinking.injected_tokens
    return Forced(
        thinking_ids=thinking.token_ids,
        sampled_tokens=thinking.sampled_tokens,
        injected_tokens=thinking.injected_tokens,
        answer_ids=(*_final_ids(engine, thinking, budget), *answer_ids),
        waits_used=thinking.waits_used,
        finish=thinking.finish,
        discarded_tokens=thinking.discarded_tokens,
    )
