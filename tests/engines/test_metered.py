"""The meter counts what is run and changes nothing."""

from __future__ import annotations

import asyncio

from transformers import PreTrainedTokenizerBase

from s1repro.engines import Sampling, ScriptedEngine, Stop
from s1repro.engines.metered import MeteredEngine


def test_counts_what_goes_through(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    plain = ScriptedEngine(qwen_tokenizer, lambda ids: [7, 8, 9], 64)
    metered = MeteredEngine(ScriptedEngine(qwen_tokenizer, lambda ids: [7, 8, 9], 64))
    for stop, most in ((Stop((9,)), 8), (Stop(), 2)):
        how = {"max_tokens": most, "stop": stop, "sampling": Sampling()}
        assert asyncio.run(metered.complete([1, 2, 3, 4, 5], **how)) == asyncio.run(
            plain.complete([1, 2, 3, 4, 5], **how)
        )
    assert (metered.requests, metered.prompt_tokens, metered.sampled_tokens, metered.cached_tokens) == (2, 10, 5, 0)
    assert (metered.tokenizer, metered.max_model_len) == (qwen_tokenizer, 64)


def test_closes_the_engine_inside(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    closed = []

    class Inside(ScriptedEngine):
        async def close(self) -> None:
            closed.append(True)

    asyncio.run(MeteredEngine(Inside(qwen_tokenizer, lambda ids: [], 8)).close())
    assert closed == [True]
