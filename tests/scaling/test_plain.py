"""The model as it is: which prompt it reads, what is thinking and what is answer, and what caps it."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.encoding import plain_ids
from s1repro.engines import Sampling, ScriptedEngine
from s1repro.records import Question
from s1repro.scaling import Forced, Prompt
from s1repro.scaling.method import Cut
from s1repro.scaling.plain import Plain

QUESTION = Question("q", "What is 2 plus 2?", "4", "exact", "11")
TURNS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
TEMPLATE = TURNS + "{{ '<|im_start|>assistant\n' }}"


def say(name: str, tokenizer: PreTrainedTokenizerBase, text: str, budget: int = 200) -> tuple[Forced, ScriptedEngine]:
    """What is made of a model's `text`, special tokens and all."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    engine = ScriptedEngine(tokenizer, lambda _: ids, 200)
    fmt, method = FORMATS[name].bind(tokenizer), Plain(budgets=["auto"])
    prompt = Prompt(engine, tuple(method.prompt_ids(fmt, QUESTION, Cut(budget))), fmt, Sampling())
    (forced,) = asyncio.run(method.take(prompt, QUESTION, [Cut(budget)]))
    return forced, engine


def test_the_prompt_is_the_models_own_template(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    templated = copy.deepcopy(qwen_tokenizer)
    templated.chat_template = TEMPLATE
    for tokenizer in (templated, qwen_tokenizer):  # the format's own turns where there is no template
        ids = Plain(budgets=["auto"]).prompt_ids(FORMATS["qwen-plain"].bind(tokenizer), QUESTION, Cut(200))
        text = tokenizer.decode(ids)
        assert text == "<|im_start|>user\nWhat is 2 plus 2?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("name", "vocabulary", "thinking", "answer"),
    [
        ("qwen-plain", "qwen_tokenizer", "<|im_start|>think\nTwo.\n", "<|im_start|>answer\nAnswer: 4"),
        ("qwen-plain", "qwen_tokenizer", "", "Two and two. 4"),
        ("qwen3", "qwen3_tokenizer", "<think>\nTwo.\n", "</think>\n\nAnswer: 4"),
        ("qwen3", "qwen3_tokenizer", "Two.\n", "</think>\n\nAnswer: 4"),  # the template has opened the thinking
        ("qwen3", "qwen_tokenizer", "<think>\nTwo.\n", "</think>\n\nAnswer: 4"),  # many tokens
        ("qwen3", "qwen3_tokenizer", "", "The answer is 4."),
    ],
)
def test_thinking_is_told_from_the_answer_where_the_model_marks_it(
    request: pytest.FixtureRequest, name: str, vocabulary: str, thinking: str, answer: str
) -> None:
    tokenizer: Any = request.getfixturevalue(vocabulary)
    forced, engine = say(name, tokenizer, f"{thinking}{answer}<|im_end|>")
    assert tokenizer.decode(forced.thinking_ids) == thinking
    assert tokenizer.decode(forced.answer_ids) == answer
    assert (forced.finish, forced.answer_cut, forced.injected_tokens) == ("natural", False, 0)
    assert forced.sampled_tokens == len(forced.thinking_ids)
    assert len(engine.requests) == 1


def test_a_generation_that_ends_at_its_cap_is_marked(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    opening = len(FORMATS["qwen-plain"].bind(qwen_tokenizer).opening_ids)
    forced, _ = say("qwen-plain", qwen_tokenizer, "<|im_start|>think\nTwo and two and two", budget=opening + 2)
    assert (len(forced.thinking_ids), forced.answer_ids) == (opening + 2, ())
    assert (forced.finish, forced.answer_cut) == ("budget", True)


def test_a_cap_and_the_whole_length(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    words = plain_ids(qwen_tokenizer, "on and on ") * 60
    for budget, length in ((9, 9), (200, None)):
        forced, engine = say("qwen-plain", qwen_tokenizer, qwen_tokenizer.decode(words), budget)
        (request,) = engine.requests
        assert request.max_tokens == length or request.max_tokens == 200 - len(request.prompt_ids)
        assert len(forced.answer_ids) == request.max_tokens and forced.answer_cut
