"""The scripted engine keeps the contract of `Engine.complete`."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.engines import Completion, Engine, Sampling, ScriptedEngine, Stop

STOP = Stop((7, 8))


def test_completions_follow_the_contract(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    engine: Engine = ScriptedEngine(qwen_tokenizer, lambda ids: [*ids, 7, 5, 8], max_model_len=16)

    async def complete(*prompt: int, max_tokens: int, stop: Stop = STOP) -> Completion:
        return await engine.complete(prompt, max_tokens=max_tokens, stop=stop, sampling=Sampling())

    async def check() -> None:
        assert await complete(1, 2, max_tokens=9) == Completion((1, 2), "stop", 7, stop_ids=(7,))
        assert await complete(1, 2, max_tokens=3) == Completion((1, 2), "stop", 7, stop_ids=(7,))
        assert await complete(1, 2, max_tokens=2) == Completion((1, 2), "length")
        assert await complete(7, max_tokens=1) == Completion((), "stop", 7, stop_ids=(7,))
        assert await complete(1, max_tokens=3, stop=Stop((8,))) == Completion((1, 7, 5), "length")
        held_back = Stop((7, 8), min_tokens=1)
        assert await complete(7, 2, max_tokens=9, stop=held_back) == Completion((2,), "stop", 7, stop_ids=(7,))
        assert await complete(1, 7, max_tokens=9, stop=held_back) == Completion((1,), "stop", 7, stop_ids=(7,))
        with pytest.raises(ValueError, match="ran dry after 4"):
            await complete(1, max_tokens=9, stop=Stop())
        only_ends = ScriptedEngine(qwen_tokenizer, lambda _: itertools.repeat(7), max_model_len=16)
        with pytest.raises(ValueError, match="ran dry after 0"):
            await only_ends.complete([1], max_tokens=9, stop=held_back, sampling=Sampling())
        with pytest.raises(ValueError, match="do not fit"):
            await complete(1, max_tokens=16)
        await engine.close()

    asyncio.run(check())


def test_requests_are_recorded_and_scripts_may_be_endless(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    engine = ScriptedEngine(qwen_tokenizer, lambda _: itertools.repeat(5), max_model_len=16)
    sampling = Sampling(seed=3)
    asyncio.run(engine.complete([1, 2], max_tokens=4, stop=STOP, sampling=sampling))
    (request,) = engine.requests
    assert (request.prompt_ids, request.max_tokens, request.stop, request.sampling) == ((1, 2), 4, STOP, sampling)


def test_shuffled_requests_end_out_of_order_and_unchanged(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    def ends(seed: int | None) -> list[int]:
        engine = ScriptedEngine(qwen_tokenizer, lambda ids: [*ids, 7], max_model_len=16, shuffle_seed=seed)
        order: list[int] = []

        async def one(prompt: int) -> None:
            completion = await engine.complete([prompt], max_tokens=4, stop=STOP, sampling=Sampling())
            assert completion.token_ids == (prompt,)
            order.append(prompt)

        async def all_of_them() -> None:
            await asyncio.gather(*(one(prompt) for prompt in range(9, 30)))

        asyncio.run(all_of_them())
        return order

    assert ends(None) == list(range(9, 30))
    assert ends(1) == ends(1) != ends(2)
    assert sorted(ends(1)) == list(range(9, 30)) != ends(1)
