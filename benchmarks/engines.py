"""The demo's curve, greedily, on every engine that runs here: the same ids as vLLM in this process, or near-ties.

A vLLM server, transformers and SGLang's server (`make servers`) take the eight points over the demo's benchmark, or the
first $S1REPRO_QUESTIONS questions of it; where one says something else, the logits of the two tokens are looked at.
What has no environment here is told as not run.

    measured(["sglang-server"])["sglang-server"]["same_share"]
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from benchmarks.agreement import Recorder, agreement
from benchmarks.comparisons import EIGHT_POINTS
from benchmarks.curve import one_pass
from benchmarks.demo import DEMO, TRANSFORMERS, prompts_of
from benchmarks.measure import Found, show
from benchmarks.servers import SGLANG, Served, sglang_command, vllm_command
from s1repro.engines.base import Engine
from s1repro.engines.profiles import SglangServer, VllmServer
from s1repro.engines.server import ServerEngine
from s1repro.engines.transformers import TransformersEngine
from s1repro.engines.vllm import VllmEngine
from s1repro.scaling import Forced

LENGTH = DEMO.settings.max_model_len
CACHE_TOKENS = 65536
"""Of SGLang's server."""
Taken = tuple[list[list[Forced]], Recorder]


@contextmanager
def _vllm_server() -> Iterator[Engine]:
    with Served([*vllm_command(LENGTH), DEMO.model], threads=1) as served:
        yield ServerEngine(VllmServer(max_model_len=LENGTH, urls=[served.url]), DEMO.model)


@contextmanager
def _sglang_server() -> Iterator[Engine]:
    with Served([*sglang_command(LENGTH, CACHE_TOKENS), DEMO.model], threads=1) as served:
        yield ServerEngine(SglangServer(max_model_len=LENGTH, urls=[served.url]), DEMO.model)


@contextmanager
def _transformers() -> Iterator[Engine]:
    yield TransformersEngine(TRANSFORMERS, DEMO.model)


OTHERS = {"vllm-server": _vllm_server, "transformers": _transformers, "sglang-server": _sglang_server}


def measured(names: Iterable[str] = OTHERS) -> Found:
    """The agreement of each engine of `names` by name. Raises `ValueError` for a number of questions that is none."""
    asked = os.environ.get("S1REPRO_QUESTIONS", "")
    if asked and not (asked.isdecimal() and int(asked)):
        raise ValueError(f"S1REPRO_QUESTIONS is {asked!r}: give a number of questions")
    prompts = prompts_of(DEMO)[: int(asked) if asked else None]
    here = asyncio.run(_taken(VllmEngine(DEMO.settings, DEMO.model), prompts))
    found: Found = {}
    for name in names:
        if name == SglangServer.name and not SGLANG.exists():
            found[name] = {"not_run": "make servers, or set S1REPRO_SGLANG to its environment"}
        else:
            with OTHERS[name]() as engine:
                found[name] = agreement(here, asyncio.run(_taken(engine, prompts)), DEMO.model)
        show(name, found[name])
    return found


async def _taken(engine: Engine, prompts: list[list[int]]) -> Taken:
    recorder = Recorder(engine)
    try:
        return await one_pass(recorder, prompts, EIGHT_POINTS, DEMO.bound(engine.tokenizer)), recorder
    finally:
        await recorder.close()
