"""The one-pass sweep and forcing with real weights, to a cap of 1,024 tokens: the model in $S1REPRO_WEIGHTS.

The questions are the demo's, some of them, put to the model in its own chat format; what is measured is time, and an
answer's worth does not matter. It calculates in bfloat16, where the same tokens in another company may round to another
id: the sides need not say the same, and each side's tokens stand beside its seconds. A line tells each ratio as soon as
it is known.

    measured()["real_eight_points"]["seconds_to_independent"]
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

from benchmarks import comparisons
from benchmarks.comparisons import against_public_scheme, curve
from benchmarks.curve import one_pass
from benchmarks.demo import prompts_of
from benchmarks.measure import Bench, Found, Subject, show
from s1repro.engines.vllm import Vllm, VllmEngine

QUESTIONS = 8
"""Few: all of it takes 35 minutes on two cores."""
ANSWER = 64
POINTS = curve((64, 128, 256, 512, 1024), (1, 2, 3), ANSWER)
LARGEST_CAP = POINTS[4]


def measured() -> Found:
    """All comparisons by name. Raises `ValueError` where no weights are named."""
    model = os.environ.get("S1REPRO_WEIGHTS", "")
    if not model or not Path(model).is_dir():
        raise ValueError(f"real needs a model: set S1REPRO_WEIGHTS to its folder (it is {model!r})")
    settings = Vllm(
        max_model_len=2048, max_concurrency=128, dtype="bfloat16", enforce_eager=True, gpu_memory_utilization=0.3
    )
    subject = Subject(model, "qwen", settings)
    prompts = prompts_of(subject)[:QUESTIONS]
    found: Found = {"real_subject": {**asdict(subject), "model": Path(model).name, "questions": QUESTIONS}}
    show("real_subject", found["real_subject"])
    found |= asyncio.run(_on_vllm(subject, prompts))
    sweep_seconds = found["real_eight_points"]["sweep"]["seconds"]
    for name, as_shipped in (("real_public_scheme", True), ("real_public_scheme_in_one_process", False)):
        found[name] = against_public_scheme(subject, prompts, POINTS, sweep_seconds, as_shipped=as_shipped)
        show(name, found[name])
    return found


async def _on_vllm(subject: Subject, prompts: list[list[int]]) -> Found:
    engine = VllmEngine(subject.settings, subject.model)
    found: Found = {}
    try:
        bench = Bench(engine, subject)
        await one_pass(bench.engine, prompts[:1], POINTS[:1], bench.fmt)  # what only the first requests take
        found["real_eight_points"] = await comparisons.eight_points(bench, prompts, POINTS)
        show("real_eight_points", found["real_eight_points"])
        found["real_cap_alone"] = await comparisons.cap_alone(bench, prompts, LARGEST_CAP, times=2)
        show("real_cap_alone", found["real_cap_alone"])
    finally:
        await engine.close()
    return found
