"""The sides that `make bench` compares do the same work."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator

import pytest
from transformers import PreTrainedTokenizerBase

from benchmarks.__main__ import curve
from benchmarks.curve import one_pass, public_scheme, run_by_run
from s1repro.chat import FORMATS
from s1repro.engines import ScriptedEngine
from s1repro.engines.metered import MeteredEngine

FORMAT = FORMATS["qwen-plain"]
POINTS = curve((8, 16, 40), (1, 2))


@pytest.fixture
def engine(qwen_tokenizer: PreTrainedTokenizerBase) -> MeteredEngine:
    stop = FORMAT.stop_ids(qwen_tokenizer)[0]

    def script(ids: tuple[int, ...]) -> Iterator[int]:
        rng = random.Random(hash(ids))
        yield from (rng.randrange(30, 60) for _ in range(rng.randrange(25)))
        yield from itertools.repeat(stop)

    return MeteredEngine(ScriptedEngine(qwen_tokenizer, script, 400))


def prompts(engine: MeteredEngine) -> list[list[int]]:
    return [FORMAT.prompt_ids(engine.tokenizer, f"What is {i} plus {i}?") for i in range(12)]


def test_the_points_are_caps_and_waits_at_the_largest() -> None:
    assert [(point.max_thinking_tokens, point.waits) for point in POINTS] == [
        (8, 0),
        (16, 0),
        (40, 0),
        (40, 1),
        (40, 2),
    ]


def test_one_pass_takes_the_same_curve_for_fewer_tokens(engine: MeteredEngine) -> None:
    swept = asyncio.run(one_pass(engine, prompts(engine), POINTS, FORMAT))
    cost = engine.sampled_tokens
    assert swept == asyncio.run(run_by_run(engine, prompts(engine), POINTS, FORMAT))
    assert 0 < cost < 0.8 * (engine.sampled_tokens - cost)


def test_the_public_scheme_takes_a_run_a_point_with_an_answer_each(engine: MeteredEngine) -> None:
    asyncio.run(public_scheme(engine, prompts(engine), POINTS, FORMAT))
    thinking_rounds = sum(point.waits + 1 for point in POINTS)
    answers = len(POINTS)
    assert 12 * (len(POINTS) + answers) <= engine.requests <= 12 * (thinking_rounds + answers)
