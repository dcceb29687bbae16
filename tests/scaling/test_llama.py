"""The demo's Llama, in Llama's own format, on real engines: one sweep gives what each budget gives alone."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
import torch

from s1repro.benchmarks import Benchmark, load_benchmark
from s1repro.chat import FORMATS
from s1repro.demo.base import make_model
from s1repro.demo.documents import draw_document
from s1repro.demo.tokens import make_tokenizer
from s1repro.engines import Sampling, load_engine
from s1repro.engines.transformers import Transformers
from s1repro.engines.vllm import Vllm
from s1repro.scaling import Budget, force, sweep

BUDGETS = [Budget(cap, max_answer_tokens=5) for cap in (4, 16, 48)]
BUDGETS += [Budget(48, waits=count, max_answer_tokens=5) for count in (1, 2, 3)]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Llama that `make base` would train, untrained, but given to ending its thinking."""
    folder = tmp_path_factory.mktemp("llama")
    rng = random.Random(0)
    documents = (draw_document(rng, 6) for _ in range(300))
    tokenizer = make_tokenizer((one.given + one.told for one in documents), "llama")
    model = make_model("llama", seed=0)
    with torch.no_grad():
        model.get_input_embeddings().weight[FORMATS["llama-plain"].bind(tokenizer).stop_ids[0]] *= 3
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["transformers", pytest.param("vllm", marks=pytest.mark.slow)])
def test_a_sweep_in_llamas_format_is_what_each_budget_gives_alone(name: str, llama: Path) -> None:
    settings = Vllm(enforce_eager=True, gpu_memory_utilization=0.3) if name == "vllm" else Transformers()
    settings.max_model_len, settings.max_concurrency = 512, 16

    async def both() -> tuple[list[object], list[object]]:
        engine = load_engine(settings, str(llama))
        fmt = FORMATS["llama-plain"].bind(engine.tokenizer)
        prompts = [fmt.prompt_ids(question.text) for question in load_benchmark(Benchmark("demo"))[:8]]
        try:
            swept = await asyncio.gather(*(sweep(engine, ids, BUDGETS, fmt, Sampling()) for ids in prompts))
            alone = await asyncio.gather(
                *(force(engine, ids, budget, fmt, Sampling()) for ids in prompts for budget in BUDGETS)
            )
        finally:
            await engine.close()
        return [forced for row in swept for forced in row], list(alone)

    swept, alone = asyncio.run(both())
    assert swept == alone
    assert {forced.waits_used for forced in alone} >= {0, 1, 2}, "or the Waits were not tried"
    assert {forced.finish for forced in alone} >= {"natural", "budget"}
