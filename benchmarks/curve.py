"""A whole curve two ways: in one pass, and one run a point. A third, the public code's, is `benchmarks.public`.

points = [Budget(8), Budget(512), Budget(512, waits=3)]
await one_pass(engine, prompts, points, fmt)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from s1repro.chat import BoundFormat
from s1repro.engines.base import Engine, Sampling
from s1repro.scaling import Budget, Forced, force, sweep

GREEDY = Sampling()
Prompts = Sequence[list[int]]


async def one_pass(engine: Engine, prompts: Prompts, points: Sequence[Budget], fmt: BoundFormat) -> list[list[Forced]]:
    """Every prompt's curve from one trace: [prompt][point]."""
    return list(await asyncio.gather(*(sweep(engine, prompt, points, fmt, GREEDY) for prompt in prompts)))


async def run_by_run(
    engine: Engine, prompts: Prompts, points: Sequence[Budget], fmt: BoundFormat
) -> list[list[Forced]]:
    """One run a point, each batched over all prompts: [prompt][point]."""
    runs = [
        await asyncio.gather(*(force(engine, prompt, point, fmt, GREEDY) for prompt in prompts)) for point in points
    ]
    return [list(row) for row in zip(*runs, strict=True)]
