"""The one-pass sweep and forcing on the model that `make demo` tuned, over the demo's benchmark.

measured()["eight_points"]["seconds_to_independent"]
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import comparisons
from benchmarks.agreement import Recorder, agreement
from benchmarks.comparisons import EIGHT_POINTS, against_public_scheme
from benchmarks.curve import one_pass
from benchmarks.measure import Bench, Found, Subject, show
from s1repro.benchmarks import Benchmark, load_benchmark
from s1repro.engines.transformers import Transformers, TransformersEngine
from s1repro.engines.vllm import Vllm, VllmEngine
from s1repro.pretrained import load_tokenizer
from s1repro.scaling import Forced

DEMO = Subject(
    "runs/demo/train/checkpoint",
    "qwen-plain",
    Vllm(
        max_model_len=1024,
        max_concurrency=1024,  # room for the answers beside 250 traces
        enforce_eager=True,
        gpu_memory_utilization=0.3,
        cpu_cache_gib=2,
    ),
)
TRANSFORMERS = Transformers(max_model_len=1024, max_concurrency=64)


def prompts_of(subject: Subject) -> list[list[int]]:
    """The demo's benchmark as that model reads it. Raises `ValueError` where there is no model yet."""
    if not Path(subject.model).is_dir():
        raise ValueError(f"no model in {subject.model}: run make demo first")
    fmt = subject.bound(load_tokenizer(subject.model, "model", trust_remote_code=False))
    return [fmt.prompt_ids(question.text) for question in load_benchmark(Benchmark("demo"))]


def measured() -> Found:
    """All comparisons by name."""
    prompts = prompts_of(DEMO)
    found, swept, recorder = asyncio.run(_on_vllm(prompts))
    sweep_seconds = found["eight_points"]["sweep"]["seconds"]
    for name, as_shipped in (("public_scheme", True), ("public_scheme_in_one_process", False)):
        found[name] = against_public_scheme(DEMO, prompts, EIGHT_POINTS, sweep_seconds, as_shipped=as_shipped)
        show(name, found[name])
    found["transformers"] = asyncio.run(_against_transformers(prompts, swept, recorder))
    show("transformers", found["transformers"])
    return found


async def _on_vllm(prompts: list[list[int]]) -> tuple[Found, list[list[Forced]], Recorder]:
    """All comparisons on one engine; and the eight points' samples, with what the engine said."""
    engine = VllmEngine(DEMO.settings, DEMO.model)
    try:
        bench = Bench(engine, DEMO)
        await one_pass(bench.engine, prompts[:8], EIGHT_POINTS, bench.fmt)  # what only the first requests take
        found: Found = {}
        for compare in (
            comparisons.many_queued,
            comparisons.long_thinking,
            comparisons.more_points,
            comparisons.cap_alone,
            comparisons.eight_points,
        ):
            found[compare.__name__] = await compare(bench, prompts)
            show(compare.__name__, found[compare.__name__])
        recorder = Recorder(engine)
        return found, await one_pass(recorder, prompts, EIGHT_POINTS, bench.fmt), recorder
    finally:
        await engine.close()


async def _against_transformers(prompts: list[list[int]], swept: list[list[Forced]], vllm: Recorder) -> dict[str, Any]:
    """How the same curve on transformers agrees."""
    recorder = Recorder(TransformersEngine(TRANSFORMERS, DEMO.model))
    other = await one_pass(recorder, prompts, EIGHT_POINTS, DEMO.bound(recorder.tokenizer))
    await recorder.close()
    return agreement((swept, vllm), (other, recorder), DEMO.model)
