"""Step control reads the published form: thinking ends at the answer's opening or, forced, at 0 steps left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.engines import Sampling, ScriptedEngine
from s1repro.records import Question
from s1repro.scaling import Forced, Prompt
from s1repro.scaling.conditional import StepControl
from s1repro.scaling.method import Cut
from s1repro.scaling.methods import METHODS

QUESTION = Question("q", "What is 2 plus 2?", "4", "exact", "11")
COUNT = "10 steps left\nTwo.\n<|im_start|>9 steps left\nAnd two.\n"


def take(name: str, written: str, tokenizer: PreTrainedTokenizerBase) -> tuple[Forced, ScriptedEngine]:
    """What the method makes of a model that writes `written` behind the opening, and then answers "4"."""
    fmt = FORMATS["qwen-plain"].bind(tokenizer)
    method = METHODS[name](budgets=[160])
    assert isinstance(method, StepControl)
    method.tokens_per_step = 16
    ids = tuple(method.prompt_ids(fmt, QUESTION, Cut(160)))

    def script(prompt: tuple[int, ...]) -> Iterator[int]:
        thinks = prompt == ids
        text = written if thinks else "4<|im_end|>"
        yield from tokenizer(text, add_special_tokens=False)["input_ids"]
        while True:
            yield fmt.turn_end_id

    engine = ScriptedEngine(tokenizer, script, 512)
    prompt = Prompt(engine, ids, fmt, Sampling())
    return asyncio.run(method.take(prompt, QUESTION, [Cut(160)]))[0], engine


def text_of(tokenizer: PreTrainedTokenizerBase, ids: tuple[int, ...]) -> str:
    return str(tokenizer.decode(list(ids)))


@pytest.mark.parametrize("name", ["scc", "scc+bf"])
def test_a_model_that_answers_in_time_ends_by_itself(name: str, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    forced, engine = take(name, COUNT + "<|im_start|>answer\n4", qwen_tokenizer)
    assert text_of(qwen_tokenizer, forced.thinking_ids) == COUNT  # 10 is not taken for a 0
    assert (forced.finish, forced.final_tokens) == ("natural", 0)
    asked = text_of(qwen_tokenizer, engine.requests[-1].prompt_ids)
    assert asked.endswith("Think for up to 10 steps.<|im_end|>\n<|im_start|>assistant\n<|im_start|>" + COUNT + ANSWER)


ANSWER = "<|im_start|>answer\n"


def test_a_forced_count_ends_at_zero_without_a_final_string(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    forced, engine = take("scc+bf", COUNT + "<|im_start|>0 steps left\nAnd on and on.", qwen_tokenizer)
    assert text_of(qwen_tokenizer, forced.thinking_ids) == COUNT
    assert (forced.finish, forced.final_tokens) == ("steps", 0)
    assert text_of(qwen_tokenizer, engine.requests[-1].prompt_ids).endswith(COUNT + ANSWER)


def test_a_told_count_may_go_on_behind_zero(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    beyond = COUNT + "<|im_start|>0 steps left\nAnd on and on.\n"
    forced, _ = take("scc", beyond + ANSWER, qwen_tokenizer)
    assert text_of(qwen_tokenizer, forced.thinking_ids) == beyond and forced.finish == "natural"


def test_tokens_enforce_nothing(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    long = COUNT + "And two. " * 25
    forced, _ = take("scc+bf", long + "\n" + ANSWER, qwen_tokenizer)
    assert len(forced.thinking_ids) > 160 and forced.finish == "natural"
