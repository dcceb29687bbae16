"""Budget forcing (section 3.1): end thinking at the budget, or replace its end by "Wait".

One sample is one coroutine over `Engine.complete`, in token ids from end to end: nothing is decoded and encoded again,
so the accounts are exact. The public code's defects are not repeated: a Wait draws on the same budget, a spent budget
always ends in the final string, and a Wait that no longer fits ends the thinking instead of overrunning it. Many
budgets in one pass are `s1repro.scaling`'s sweep, not this module.

    forced = await force(engine, fmt.prompt_ids(tokenizer, question), Budget(512, waits=1), fmt, Sampling())
    assert len(forced.thinking_ids) <= 512
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1repro.chat import ThinkingFormat, plain_ids
from s1repro.engines.base import Engine, Sampling, Stop
from s1repro.records import Finish
from s1repro.scaling.budget import Budget, require_fits

_SEED_STRIDE = 1_000_003
"""Every request starts its random stream at its seed, so the rounds of one sample need seeds of their own."""


@dataclass(frozen=True)
class Thinking:
    """A thinking trace that has ended.

    `token_ids` holds `sampled_tokens` sampled and `injected_tokens` injected ones (the Waits). `closed` says that the
    model itself sampled the end of thinking, so that the text which closes a trace is already there.
    """

    token_ids: tuple[int, ...]
    sampled_tokens: int
    injected_tokens: int
    waits_used: int
    finish: Finish
    closed: bool
    cached_tokens: int


@dataclass(frozen=True)
class Forced:
    """A forced sample with its token accounts.

    `thinking_ids` are `sampled_tokens + injected_tokens` long and never longer than the budget. `answer_ids` begin
    with the final string where it was forced (`finish` other than `natural`). `cached_tokens` counts prompt tokens
    over all requests of the sample that came from the engine's prefix cache.
    """

    thinking_ids: tuple[int, ...]
    sampled_tokens: int
    injected_tokens: int
    answer_ids: tuple[int, ...]
    waits_used: int
    finish: Finish
    cached_tokens: int


async def force(
    engine: Engine, prompt_ids: Sequence[int], budget: Budget, fmt: ThinkingFormat, sampling: Sampling
) -> Forced:
    """Think within `budget` after `prompt_ids`, which end with the opening of the thinking, then answer.

    Raises `ValueError`, before anything runs, where prompt, budget and answer do not fit in the model.
    """
    cap = thinking_cap(engine, len(prompt_ids), budget, fmt)
    thinking = await think(engine, prompt_ids, cap, budget, fmt, sampling)
    answer_ids, cached = await answer(engine, prompt_ids, thinking, budget, fmt, sampling)
    assert len(thinking.token_ids) == thinking.sampled_tokens + thinking.injected_tokens <= cap
    return Forced(
        thinking_ids=thinking.token_ids,
        sampled_tokens=thinking.sampled_tokens,
        injected_tokens=thinking.injected_tokens,
        answer_ids=answer_ids,
        waits_used=thinking.waits_used,
        finish=thinking.finish,
        cached_tokens=thinking.cached_tokens + cached,
    )


def thinking_cap(engine: Engine, prompt_tokens: int, budget: Budget, fmt: ThinkingFormat) -> int:
    """The most thinking tokens a sample may have: the budget's cap, or what fits in the model where it has none.

    Raises `ValueError` with the numbers where the budget does not fit. It runs nothing, so it can be asked for every
    question before the first one is answered.
    """
    markers = len(fmt.end_of_thinking_ids(engine.tokenizer)) + len(plain_ids(engine.tokenizer, budget.final_string))
    return require_fits(prompt_tokens, budget, engine.max_model_len, markers)


async def think(
    engine: Engine, prompt_ids: Sequence[int], cap: int, budget: Budget, fmt: ThinkingFormat, sampling: Sampling
) -> Thinking:
    """Grow one thinking trace of at most `cap` tokens, with up to `budget.waits` Waits."""
    tokenizer = engine.tokenizer
    stop_ids = fmt.stop_ids(tokenizer)
    stop = Stop((*stop_ids, *fmt.turn_end_ids(tokenizer)))
    wait_ids = plain_ids(tokenizer, budget.wait_string)
    ids: list[int] = []
    waits_used = cached_tokens = 0
    while True:
        completion = await engine.complete(
            [*prompt_ids, *ids],
            max_tokens=cap - len(ids),
            stop=stop,
            sampling=_round(sampling, waits_used),
        )
        ids.extend(completion.token_ids)
        cached_tokens += completion.cached_tokens
        closed = completion.stop_token in stop_ids
        wants_wait = completion.finish_reason == "stop" and waits_used < budget.waits
        # After a Wait there must be room for at least one token of thought.
        if not wants_wait or len(ids) + len(wait_ids) >= cap:
            break
        ids.extend(wait_ids)
        waits_used += 1
    finish: Finish = "natural" if closed else "turn_end"
    if wants_wait or completion.finish_reason == "length":
        finish = "budget"
    injected = waits_used * len(wait_ids)
    return Thinking(tuple(ids), len(ids) - injected, injected, waits_used, finish, closed, cached_tokens)


async def answer(
    engine: Engine,
    prompt_ids: Sequence[int],
    thinking: Thinking,
    budget: Budget,
    fmt: ThinkingFormat,
    sampling: Sampling,
) -> tuple[tuple[int, ...], int]:
    """End the thinking and let the model answer: (answer ids, cached tokens).

    Where the model did not end its thinking by itself, the answer is begun for it with `budget.final_string`, which
    counts as answer.
    """
    tokenizer = engine.tokenizer
    final_ids = [] if thinking.finish == "natural" else plain_ids(tokenizer, budget.final_string)
    end_ids = fmt.end_of_thinking_ids(tokenizer, natural=thinking.closed)
    completion = await engine.complete(
        [*prompt_ids, *thinking.token_ids, *end_ids, *final_ids],
        max_tokens=budget.answer_tokens,
        stop=Stop((*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer))),
        sampling=_round(sampling, budget.waits + 1),
    )
    return (*final_ids, *completion.token_ids), completion.cached_tokens


def _round(sampling: Sampling, index: int) -> Sampling:
    """The sampling of a sample's round `index`, with a seed of its own."""
    return replace(sampling, seed=(sampling.seed + index * _SEED_STRIDE) % 2**31)
