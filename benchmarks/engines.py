"""The demo's curve, greedily, on every engine that runs here: the same ids as vLLM in this process, or near-ties.

A vLLM server, transformers and SGLang's server (`make servers`) take the eight points over the demo's benchmark; where
one says something else, the logits of the two tokens are looked at. What has no environment here is told as not run.

    measured()["sglang-server"]["same_share"]
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
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


def measured() -> Found:
    """The agreement of each engine by name."""
    prompts = prompts_of(DEMO)
    here = asyncio.run(_taken(VllmEngine(DEMO.settings, DEMO.model), prompts))
    found: Found = {}
    for name, started in OTHERS.items():
        if name == SglangServer.name and not SGLANG.exists():
            found[name] = {"not_run": "make servers, or set S1REPRO_SGLANG to its environment"}
        else:
            with started() as engine:
                found[name] = agreement(here, asyncio.run(_taken(engine, prompts)), DEMO.model)
        show(name, found[name])
    return found


@contextmanager
def _vllm_server() -> Iterator[Engine]:
    with Served([*vllm_command(LENGTH), DEMO.model]) as served:
        yield ServerEngine(VllmServer(max_model_len=LENGTH, urls=[served.url]), DEMO.model)


@contextmanager
def _sglang_server() -> Iterator[Engine]:
    with Served([*sglang_command(LENGTH, CACHE_TOKENS), DEMO.model]) as served:
        yield ServerEngine(SglangServer(max_model_len=LENGTH, urls=[served.url]), DEMO.model)


@contextmanager
def _transformers() -> Iterator[Engine]:
    yield TransformersEngine(TRANSFORMERS, DEMO.model)


OTHERS = {"vllm-server": _vllm_server, "transformers": _transformers, "sglang-server": _sglang_server}


async def _taken(engine: Engine, prompts: list[list[int]]) -> Taken:
    recorder = Recorder(engine)
    try:
        return await one_pass(recorder, prompts, EIGHT_POINTS, DEMO.bound(engine.tokenizer)), recorder
    finally:
        await recorder.close()
