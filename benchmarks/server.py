"""A vLLM server against vLLM in this process: the same curve on both in turn, and a thousand samples at once.

Both are up at the same time and take the same eight points over the demo's benchmark three times; the best counts. The
thousand are sent by this process on one core, and its own time on that core and its memory are told; then the engine
in this process gets them too, which tells whether they got the same ids.

    measured()["server"]["seconds_to_in_process"]           # at most 1.10 is asked for
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from benchmarks.comparisons import EIGHT_POINTS, ratio
from benchmarks.curve import GREEDY, one_pass
from benchmarks.demo import DEMO, prompts_of
from benchmarks.measure import Found, peak_mib, show
from benchmarks.servers import Served, vllm_command
from s1repro.engines.base import Completion, Engine, Stop
from s1repro.engines.profiles import VllmServer
from s1repro.engines.server import ServerEngine
from s1repro.engines.vllm import VllmEngine
from s1repro.scaling import Forced

AT_ONCE = 1000
TOKENS = 64
REPEATS = 3


def measured() -> Found:
    """Both comparisons by name."""
    prompts = prompts_of(DEMO)
    command = [*vllm_command(DEMO.settings.max_model_len, DEMO.settings.cpu_cache_gib), DEMO.model]
    with Served([*command, "--max-num-seqs", str(DEMO.settings.max_concurrency)]) as served:
        found = asyncio.run(_compare(served.url, prompts))
    for name, figures in found.items():
        show(name, figures)
    return found


async def _compare(url: str, prompts: list[list[int]]) -> Found:
    told = VllmServer(
        max_model_len=DEMO.settings.max_model_len, max_concurrency=DEMO.settings.max_concurrency, urls=[url]
    )
    server = ServerEngine(told, DEMO.model)
    many = [[*prompts[i % len(prompts)], i // len(prompts) + 1] for i in range(AT_ONCE)]
    with _one_core():
        memory, cpu, started = peak_mib(), time.process_time(), time.perf_counter()
        said = await _all_of(server, many)
        seconds, cpu, memory = time.perf_counter() - started, time.process_time() - cpu, peak_mib() - memory
    inside = VllmEngine(DEMO.settings, DEMO.model)
    try:
        same = sum(one == other for one, other in zip(said, await _all_of(inside, many), strict=True))
        sides = await _side_by_side(url, server, inside, prompts)
    finally:
        await server.close()
        await inside.close()
    thousand = {"seconds": round(seconds, 2), "client_cpu_seconds": round(cpu, 2), "added_mib": round(memory, 1)}
    return {"server": sides, "thousand_at_once": {"samples": AT_ONCE, "same": same, **thousand}}


async def _side_by_side(url: str, server: Engine, inside: VllmEngine, prompts: list[list[int]]) -> dict[str, Any]:
    fmt = DEMO.bound(inside.tokenizer)
    best: dict[str, float] = {}
    taken: dict[str, list[Forced]] = {}
    for _ in range(REPEATS):
        for name, engine in (("in_process", inside), ("server", server)):
            await inside.forget_prefixes()
            httpx2.post(f"{url}/reset_prefix_cache").raise_for_status()
            started = time.perf_counter()
            swept = await one_pass(engine, prompts, EIGHT_POINTS, fmt)
            best[name] = min(best.get(name, float("inf")), time.perf_counter() - started)
            taken[name] = [forced for row in swept for forced in row]
    same = sum(one == other for one, other in zip(taken["server"], taken["in_process"], strict=True))
    return {
        **{f"{name}_seconds": round(seconds, 3) for name, seconds in best.items()},
        "seconds_to_in_process": ratio(best["server"], best["in_process"]),
        "samples": len(taken["server"]),
        "same": same,
    }


async def _all_of(engine: Engine, prompts: list[list[int]]) -> list[tuple[int, ...]]:
    async def one(prompt: list[int]) -> Completion:
        return await engine.complete(prompt, max_tokens=TOKENS, stop=Stop(), sampling=GREEDY)

    return [done.token_ids for done in await asyncio.gather(*map(one, prompts))]


@contextmanager
def _one_core() -> Iterator[None]:
    """This process on one core alone; what it started before keeps all."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
