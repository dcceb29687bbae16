"""What `make bench` compares on one vLLM engine: the one-pass sweep and forcing, each with what it has to beat.

Each takes a `Bench` and the prompts, and returns both sides' figures and their ratios by name.

    await eight_points(Bench(engine), prompts)
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

from benchmarks.curve import GREEDY, one_pass, run_by_run
from benchmarks.measure import Bench, Cost, Stopwatch, Subject, peak_mib
from benchmarks.public import BatchApi, public_scheme
from s1repro.engines.base import Engine, Stop
from s1repro.scaling import Budget, force
from s1repro.scaling.candidates import together

ANSWER = 12
QUEUED = 10_000


def curve(caps: tuple[int, ...], waits: tuple[int, ...] = (), answer: int = ANSWER) -> list[Budget]:
    """Points of a curve: the caps, and the Waits at the largest."""
    plain = [Budget(cap, max_answer_tokens=answer) for cap in caps]
    return plain + [Budget(caps[-1], waits=count, max_answer_tokens=answer) for count in waits]


EIGHT_POINTS = curve((32, 64, 128, 256, 512), (1, 2, 3))
"""Five caps, each double the one before as in the paper's Figure 1, and three Wait counts."""

A_CAP = Budget(256, max_answer_tokens=ANSWER)


async def eight_points(bench: Bench, prompts: list[list[int]], points: list[Budget] = EIGHT_POINTS) -> dict[str, Any]:
    """An 8-point curve: one pass against one run a point."""
    swept, sweep_cost = await bench.measure(one_pass(bench.engine, prompts, points, bench.fmt))
    single, single_cost = await bench.measure(run_by_run(bench.engine, prompts, points, bench.fmt))
    _, dearest = await bench.measure(run_by_run(bench.engine, prompts, points[-1:], bench.fmt))
    return {
        "sweep": sweep_cost.to_json(),
        "independent": single_cost.to_json(),
        "dearest_point": dearest.to_json(),
        "same_ids": swept == single,
        "tokens_to_dearest_point": ratio(sweep_cost.sampled_tokens, dearest.sampled_tokens),
        "seconds_to_independent": ratio(sweep_cost.seconds, single_cost.seconds),
    }


async def long_thinking(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """The same where thinking is about 50 times as long as an answer: Waits keep it going."""
    points = [Budget(cap, waits=20, max_answer_tokens=ANSWER) for cap in (20, 40, 80, 160)]
    points += [Budget(320, waits=count, max_answer_tokens=ANSWER) for count in (5, 10, 15, 20)]
    _, sweep_cost = await bench.measure(one_pass(bench.engine, prompts, points, bench.fmt))
    taken, dearest = await bench.measure(run_by_run(bench.engine, prompts, points[-1:], bench.fmt))
    thinking = sum(len(row[0].thinking_ids) for row in taken)
    answers = sum(len(row[0].answer_ids) for row in taken)
    return {
        "sweep": sweep_cost.to_json(),
        "dearest_point": dearest.to_json(),
        "thinking_to_answer": ratio(thinking, answers),
        "tokens_to_dearest_point": ratio(sweep_cost.sampled_tokens, dearest.sampled_tokens),
        "seconds_to_dearest_point": ratio(sweep_cost.seconds, dearest.seconds),
    }


async def more_points(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """4, 8 and 16 caps up to the same largest one."""
    costs: dict[str, Cost] = {}
    for count in (4, 8, 16):
        caps = tuple(512 * step // count for step in range(1, count + 1))
        _, costs[str(count)] = await bench.measure(one_pass(bench.engine, prompts, curve(caps), bench.fmt))
    return {
        "points": {count: cost.to_json() for count, cost in costs.items()},
        "seconds_16_to_4": ratio(costs["16"].seconds, costs["4"].seconds),
        "tokens_16_to_4": ratio(costs["16"].sampled_tokens, costs["4"].sampled_tokens),
    }


async def cap_alone(bench: Bench, prompts: list[list[int]], budget: Budget = A_CAP, times: int = 3) -> dict[str, Any]:
    """Forcing with a cap alone, against the engine's plain generation of as many tokens: the best of so many times.

    A third side, plain generation of the same tokens in two requests, tells what forcing itself takes from what the
    engine takes for a second request: the tokens since the last whole block of its cache are computed again.
    """
    costs: dict[str, list[Cost]] = {"force": [], "plain": [], "plain_in_two": []}
    for _ in range(times):
        forced, cost = await bench.measure(
            together(force(bench.engine, prompt, budget, bench.fmt, GREEDY) for prompt in prompts)
        )
        costs["force"].append(cost)
        # Each sample's tokens with their stops, so that all sides run the engine equally long.
        lengths = [(len(one.thinking_ids) + 1, len(one.answer_ids) + 1) for one in forced]
        asked = list(zip(prompts, lengths, strict=True))
        _, cost = await bench.measure(together(plain(bench.engine, prompt, (sum(both),)) for prompt, both in asked))
        costs["plain"].append(cost)
        _, cost = await bench.measure(together(plain(bench.engine, prompt, both) for prompt, both in asked))
        costs["plain_in_two"].append(cost)
    best = {side: min(taken, key=lambda cost: cost.seconds) for side, taken in costs.items()}
    return {
        **{side: cost.to_json() for side, cost in best.items()},
        "seconds_to_plain": ratio(best["force"].seconds, best["plain"].seconds),
        "seconds_to_plain_in_two": ratio(best["force"].seconds, best["plain_in_two"].seconds),
    }


async def plain(engine: Engine, prompt: list[int], lengths: Sequence[int]) -> None:
    """Generate without stops, a request for each of `lengths`."""
    ids = list(prompt)
    for length in lengths:
        completion = await engine.complete(ids, max_tokens=length, stop=Stop(), sampling=GREEDY)
        ids += completion.token_ids


async def many_queued(bench: Bench, prompts: list[list[int]]) -> dict[str, Any]:
    """10,000 questions queued at once: what they add to this process's memory."""
    budget = Budget(8, max_answer_tokens=2)
    gc.collect()
    before = peak_mib()
    asked = (force(bench.engine, prompts[i % len(prompts)], budget, bench.fmt, GREEDY) for i in range(QUEUED))
    _, cost = await bench.measure(together(asked))
    return {"queued": QUEUED, **cost.to_json(), "added_mib": round(peak_mib() - before, 1)}


def against_public_scheme(
    subject: Subject, prompts: list[list[int]], points: list[Budget], sweep_seconds: float, *, as_shipped: bool
) -> dict[str, Any]:
    """The same points by the public code's scheme, after the sweep that took `sweep_seconds`."""
    api = BatchApi(subject.settings, subject.model, as_shipped=as_shipped)
    fmt = subject.bound(api.tokenizer)
    public_scheme(api, prompts[:8], points[:1], fmt)
    api.forget_prefixes()
    watch = Stopwatch(api)
    public_scheme(api, prompts, points, fmt)
    cost = watch.cost()
    api.close()
    return {"public_scheme": cost.to_json(), "sweep_seconds_to_public_scheme": ratio(sweep_seconds, cost.seconds)}


def ratio(one: float, other: float) -> float:
    """One side's figure in parts of the other's."""
    return round(one / other, 4)
