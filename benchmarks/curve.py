"""A whole curve three ways: one pass, one run a point, and the way the public code takes it.

points = [Budget(8), Budget(512), Budget(512, waits=3)]
await one_pass(engine, prompts, points, fmt)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from s1repro.chat import ThinkingFormat, plain_ids
from s1repro.engines.base import Engine, Sampling, Stop
from s1repro.scaling import Budget, Forced, force, sweep

GREEDY = Sampling()
Prompts = Sequence[list[int]]


async def one_pass(
    engine: Engine, prompts: Prompts, points: Sequence[Budget], fmt: ThinkingFormat
) -> list[list[Forced]]:
    """Every prompt's curve from one trace: [prompt][point]."""
    return list(await asyncio.gather(*(sweep(engine, prompt, points, fmt, GREEDY) for prompt in prompts)))


async def run_by_run(
    engine: Engine, prompts: Prompts, points: Sequence[Budget], fmt: ThinkingFormat
) -> list[list[Forced]]:
    """One run a point, each batched over all prompts: [prompt][point]."""
    runs = [
        await asyncio.gather(*(force(engine, prompt, point, fmt, GREEDY) for prompt in prompts)) for point in points
    ]
    return [list(row) for row in zip(*runs, strict=True)]


async def public_scheme(engine: Engine, prompts: Prompts, points: Sequence[Budget], fmt: ThinkingFormat) -> None:
    """As the public code does: one run a point, and inside it synchronous rounds over the whole batch.

    All prompts think, all that ended get their Wait, all think again with the whole budget once more, and all answer:
    each round waits for its slowest sample, and what is thought too much is cut off afterwards.
    """
    for point in points:
        await _public_run(engine, prompts, point, fmt)


async def _public_run(engine: Engine, prompts: Prompts, point: Budget, fmt: ThinkingFormat) -> None:
    assert point.max_thinking_tokens is not None
    tokenizer, cap = engine.tokenizer, point.max_thinking_tokens
    stop = Stop((*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer)), fmt.stop_strings(tokenizer))
    wait_ids = plain_ids(tokenizer, point.wait_strings[0])
    tail = [*fmt.end_of_thinking_ids(tokenizer), *plain_ids(tokenizer, point.final_string)]
    traces: list[list[int]] = [[] for _ in prompts]

    async def think(index: int) -> bool:
        ids = [*prompts[index], *traces[index]]
        room = engine.max_model_len - len(ids) - len(tail) - point.answer_tokens
        completion = await engine.complete(ids, max_tokens=max(1, min(cap, room)), stop=stop, sampling=GREEDY)
        traces[index] += completion.token_ids
        return completion.finish_reason == "stop"

    going = list(range(len(prompts)))
    for round_ in range(point.waits + 1):
        ended = await asyncio.gather(*(think(index) for index in going))
        going = [index for index, stopped in zip(going, ended, strict=True) if stopped]
        if round_ < point.waits:
            for index in going:
                traces[index] += wait_ids
    await asyncio.gather(
        *(
            engine.complete([*prompt, *trace[:cap], *tail], max_tokens=point.answer_tokens, stop=stop, sampling=GREEDY)
            for prompt, trace in zip(prompts, traces, strict=True)
        )
    )
