"""Speculative decoding side by side: nothing drafted, n-grams, EAGLE-3 heads; one question at a time, and eight.

Questions of the demo's benchmark, which no head has learnt from, are thought through greedily with two Waits, forced
answers behind them. All engines are up at the same time and take them in turn, twice; the best time of each
counts. Beside it stand the processor's seconds, of the engine and of this process, which hold on a machine that does
something else too. The heads are those of `runs/demo*/draft`, so that some trained in another way are measured beside
the demo's. `measured_real` does it once with the model in $S1REPRO_WEIGHTS, in bfloat16, shorter thinking and one Wait,
and the head in $S1REPRO_HEAD.

    measured()["eagle3"]["batch_1"]["tokens_per_second_to_plain"]          # at least 1.4 is asked for
    measured()["eagle3"]["batch_1"]["mean_accepted_length"]                # at least 2.5
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks.agreement import Recorder, agreement
from benchmarks.comparisons import ratio
from benchmarks.curve import GREEDY
from benchmarks.demo import DEMO, prompts_of
from benchmarks.measure import Found, Subject, show
from s1repro.engines.metered import MeteredEngine
from s1repro.engines.speculation import Eagle3, Ngram, Speculation
from s1repro.engines.vllm import Vllm, VllmEngine
from s1repro.scaling import Budget, Forced, force

QUESTIONS = 16
BUDGET = Budget(512, waits=2, max_answer_tokens=12)
REAL_QUESTIONS = 8
REAL_BUDGET = Budget(128, waits=1, max_answer_tokens=16)
BATCHES = (1, 8)
REPEATS, REAL_REPEATS = 2, 1
PLAIN = "plain"


@dataclass(frozen=True)
class Taken:
    """All questions once: what was said, and what that took."""

    forced: Sequence[Forced]
    recorder: Recorder
    metered: MeteredEngine
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.metered.sampled_tokens / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Tokens a second of the processor."""
        return self.metered.sampled_tokens / self.cpu_seconds


@dataclass(frozen=True)
class Up:
    """An engine, with the processes that it started."""

    engine: VllmEngine
    processes: Sequence[psutil.Process]

    def cpu_seconds(self) -> float:
        """What these and this process have taken of the processor so far."""
        times = [process.cpu_times() for process in (psutil.Process(), *self.processes) if process.is_running()]
        return float(sum(taken.user + taken.system for taken in times))


def measured() -> Found:
    """Each way to draft by name. Raises `ValueError` where there is no head yet."""
    heads = {path.parts[-3]: str(path) for path in sorted(Path("runs").glob("demo*/draft/head"))}
    if "demo" not in heads:
        raise ValueError("no head in runs/demo/draft/head: run make eagle first")
    ways: dict[str, Speculation] = {PLAIN: Speculation(), "ngram": Ngram()}
    ways |= {f"eagle3{name.removeprefix('demo')}": Eagle3(model=head) for name, head in heads.items()}
    ways |= {f"eagle3, {tokens} a draft": Eagle3(tokens=tokens, model=heads["demo"]) for tokens in (1, 5, 8)}
    prompts = prompts_of(DEMO)
    return asyncio.run(_side_by_side(DEMO, prompts[:: len(prompts) // QUESTIONS][:QUESTIONS], BUDGET, ways))


def measured_real() -> Found:
    """The same with real weights, with a head where one is named. Raises `ValueError` where no weights are."""
    model, head = os.environ.get("S1REPRO_WEIGHTS", ""), os.environ.get("S1REPRO_HEAD", "")
    if not model:
        raise ValueError("real-eagle needs a model: set S1REPRO_WEIGHTS to its folder, and S1REPRO_HEAD to its head's")
    settings = Vllm(max_model_len=2048, dtype="bfloat16", enforce_eager=True, gpu_memory_utilization=0.3)
    subject = Subject(model, "qwen", settings)
    ways: dict[str, Speculation] = {PLAIN: Speculation(), "ngram": Ngram()}
    ways |= {"eagle3": Eagle3(model=head)} if head else {}
    prompts = prompts_of(subject)[:REAL_QUESTIONS]
    found = asyncio.run(_side_by_side(subject, prompts, REAL_BUDGET, ways, REAL_REPEATS))
    return {f"real {name}": figures for name, figures in found.items()}


async def _side_by_side(
    subject: Subject,
    prompts: Sequence[list[int]],
    budget: Budget,
    ways: Mapping[str, Speculation],
    repeats: int = REPEATS,
) -> Found:
    """The figures of each of `ways`, of which one is `PLAIN`."""
    engines: dict[str, Up] = {}
    try:
        for name, way in ways.items():
            settings = replace(subject.settings, max_concurrency=max(BATCHES), cpu_cache_gib=1, speculative=way)
            engines[name] = _start(settings, subject.model)
            await _take(engines[name], subject, prompts[:2], budget, 2)  # what only the first requests take
        best: dict[tuple[str, int], Taken] = {}
        for _ in range(repeats):
            for at_once in BATCHES:
                for name, engine in engines.items():
                    taken = await _take(engine, subject, prompts, budget, at_once)
                    best[name, at_once] = min(best.get((name, at_once), taken), taken, key=lambda one: one.seconds)
    finally:
        for up in engines.values():
            await up.engine.close()
    found: Found = {name: {} for name in ways}
    for (name, at_once), taken in best.items():
        figures = _figures(taken, best[PLAIN, at_once], subject.model)
        found[name][f"batch_{at_once}"] = figures
        show(f"{name}, {at_once} at once", figures)
    return found


def _start(settings: Vllm, model: str) -> Up:
    there = psutil.Process().children(recursive=True)
    engine = VllmEngine(settings, model)
    return Up(engine, [child for child in psutil.Process().children(recursive=True) if child not in there])


async def _take(up: Up, subject: Subject, prompts: Sequence[list[int]], budget: Budget, at_once: int) -> Taken:
    """Think all `prompts` through, `at_once` at a time, from an empty cache."""
    fmt, recorder, turns = subject.bound(up.engine.tokenizer), Recorder(up.engine), asyncio.Semaphore(at_once)
    metered = MeteredEngine(recorder)
    await up.engine.forget_prefixes()

    async def one(prompt: list[int]) -> Forced:
        async with turns:
            return await force(metered, prompt, budget, fmt, GREEDY)

    started, cpu = time.perf_counter(), up.cpu_seconds()
    forced = await asyncio.gather(*map(one, prompts))
    return Taken(forced, recorder, metered, time.perf_counter() - started, up.cpu_seconds() - cpu)


def _figures(taken: Taken, plain: Taken, model: str) -> dict[str, Any]:
    """What one way took and what was accepted of its drafts, against the one that drafts nothing."""
    figures: dict[str, Any] = {
        "tokens": taken.metered.sampled_tokens,
        "seconds": round(taken.seconds, 3),
        "cpu_seconds": round(taken.cpu_seconds, 2),
        "tokens_per_second": round(taken.rate, 1),
    }
    if taken is plain:
        return figures
    told = taken.metered.acceptance.to_json()
    same = agreement(([plain.forced], plain.recorder), ([taken.forced], taken.recorder), model)
    return {
        **figures,
        "tokens_per_second_to_plain": ratio(taken.rate, plain.rate),
        "tokens_per_cpu_second_to_plain": ratio(taken.cpu_rate, plain.cpu_rate),
        "mean_accepted_length": told["mean_accepted_length"],
        "same_ids": same["same_share"],
        "near_ties": same["near_ties"],
        "acceptance": told,
        "agreement": same,
    }
