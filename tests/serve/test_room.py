"""What a bound on thinking and answer together leaves to each, by a model that says what it is told to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, BoundFormat
from s1repro.engines import ScriptedEngine
from s1repro.serve.answering import answered
from s1repro.serve.chat import BadRequest, read_request
from s1repro.serve.reply import Answer
from s1repro.serve.room import fitted
from tests.serve.scripted import MODEL, QUESTION, Says

LENGTH = 500


@pytest.fixture
def fmt(qwen_tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
    return FORMATS["qwen-plain"].bind(qwen_tokenizer)


def answer(fmt: BoundFormat, thinking: str, said: str, **asked: Any) -> Answer:
    engine = ScriptedEngine(fmt.tokenizer, Says(fmt, thinking, said), LENGTH)
    body = {"model": MODEL, "messages": QUESTION, **asked}
    return asyncio.run(answered(fitted(read_request(body, MODEL), fmt, engine), fmt, engine, MODEL))


LONG = "1" * 400


@pytest.mark.parametrize("most", [40, 150, 199, 200, 201, 300])
def test_without_a_budget_thinking_leaves_the_answer_its_reserve(fmt: BoundFormat, most: int) -> None:
    given = answer(fmt, LONG, LONG, max_completion_tokens=most)
    assert len(given.forced.thinking_ids) == most - min(100, most // 2)
    assert len(given.forced.answer_ids) == most - len(given.forced.thinking_ids)
    assert given.usage()["completion_tokens"] == most and given.finish == "length"


def test_what_thinking_leaves_the_answer_may_use(fmt: BoundFormat) -> None:
    short = answer(fmt, "12\n", LONG, thinking_budget=90, max_completion_tokens=100)
    assert short.forced.finish == "natural" and short.usage()["completion_tokens"] == 100
    spent = answer(fmt, LONG, LONG, thinking_budget=90, max_completion_tokens=100)
    assert (len(spent.forced.thinking_ids), len(spent.forced.answer_ids)) == (90, 10)


def test_a_bound_beyond_the_model_s_length_is_none(fmt: BoundFormat) -> None:
    given, free = (answer(fmt, "12\n", LONG, **asked).forced for asked in ({"max_tokens": 10**6}, {}))
    assert given == free
    assert len(given.answer_ids) == 400
    with pytest.raises(BadRequest, match=f"do not fit in max_model_len {LENGTH}"):
        answer(fmt, LONG, "4", thinking_budget=LENGTH, max_tokens=10**6)


def test_the_least_that_holds_a_thought_and_a_word_is_told(fmt: BoundFormat) -> None:
    begun = len(fmt.piece_ids("Final Answer:"))
    with pytest.raises(BadRequest, match=f"is {begun + 1} and .* give {begun + 2} or more$"):
        answer(fmt, LONG, LONG, max_tokens=begun + 1)
    assert len(answer(fmt, LONG, LONG, max_tokens=begun + 2).forced.thinking_ids) == 1
    with pytest.raises(BadRequest, match=f"give {41 + begun} or more, or {39 - begun} or less as thinking_budget$"):
        answer(fmt, LONG, LONG, thinking_budget=40, max_tokens=40)
    assert len(answer(fmt, LONG, LONG, thinking_budget=39 - begun, max_tokens=40).forced.thinking_ids) == 39 - begun
