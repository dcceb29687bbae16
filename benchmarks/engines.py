"""The demo's curve, greedily, on every engine that runs here: the same ids as vLLM in this process, or near-ties.

A vLLM server, SGLang's server (`make servers`) and transformers take the eight points over the demo's benchmark; where
one says something else, the logits of the two tokens are looked at.

    measured()["sglang-server"]["same_share"]
"""

from __future__ import annotations

import asyncio

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

CACHE_TOKENS = 65536
"""Of SGLang's server."""
Taken = tuple[list[list[Forced]], Recorder]


def measured() -> Found:
    """The agreement of each engine by name. Raises `ValueError` where SGLang's environment is not there."""
    prompts, length = prompts_of(DEMO), DEMO.settings.max_model_len
    if not SGLANG.exists():
        raise ValueError(f"no {SGLANG}: run make servers first, or set S1REPRO_SGLANG to that environment")
    there: dict[str, Taken] = {}
    with Served([*vllm_command(length), DEMO.model]) as served:
        vllm = VllmServer(max_model_len=length, urls=[served.url])
        there["vllm-server"] = asyncio.run(_taken(ServerEngine(vllm, DEMO.model), prompts))
    with Served([*sglang_command(length, CACHE_TOKENS), DEMO.model]) as served:
        sglang = SglangServer(max_model_len=length, urls=[served.url])
        there["sglang-server"] = asyncio.run(_taken(ServerEngine(sglang, DEMO.model), prompts))
    there["transformers"] = asyncio.run(_taken(TransformersEngine(TRANSFORMERS, DEMO.model), prompts))
    here = asyncio.run(_taken(VllmEngine(DEMO.settings, DEMO.model), prompts))
    found = {name: agreement(here, other, DEMO.model) for name, other in there.items()}
    for name, figures in found.items():
        show(name, figures)
    return found


async def _taken(engine: Engine, prompts: list[list[int]]) -> Taken:
    recorder = Recorder(engine)
    try:
        return await one_pass(recorder, prompts, EIGHT_POINTS, DEMO.bound(engine.tokenizer)), recorder
    finally:
        await recorder.close()
