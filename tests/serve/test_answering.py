"""Stop strings, whole and in a stream, asked for with OpenAI's client."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.engines import ScriptedEngine
from tests.serve.scripted import MODEL, QUESTION, Says, serving

ANSWER = "Answer: 12 and 30.\n\nHmm, </think> is 42"


@pytest.mark.parametrize("thinking", ["So it is.\n\nYes.\n", "1" * 99])
@pytest.mark.parametrize(
    ("stop", "left"),
    [
        (["\n\n"], "Answer: 12 and 30."),
        ("and", "Answer: 12 "),
        (["0.\n", "12 and"], "Answer: "),
        (["Final"], ANSWER),
        (["nswer"], "A"),
        (None, ANSWER),
    ],
)
def test_an_answer_ends_before_a_stop_string_and_thinking_does_not(
    qwen_tokenizer: PreTrainedTokenizerBase, thinking: str, stop: list[str] | str | None, left: str
) -> None:
    fmt = FORMATS["qwen-plain"].bind(qwen_tokenizer)
    engine = ScriptedEngine(qwen_tokenizer, Says(fmt, thinking, ANSWER), 500)
    asked = {"model": MODEL, "messages": QUESTION, "stop": stop, "extra_body": {"thinking_budget": 60}}
    with serving(engine, fmt) as client:
        whole = client.chat.completions.create(**asked).choices[0]  # type: ignore[call-overload]
        assert whole.finish_reason == "stop"
        forced = thinking.startswith("1")
        assert whole.message.content == ("Final Answer:" if forced else "") + left
        assert whole.message.reasoning_content == (thinking[:60] if forced else thinking)
        deltas = [piece.choices[0].delta for piece in client.chat.completions.create(**asked, stream=True)]  # type: ignore[call-overload]
        assert "".join(delta.content or "" for delta in deltas) == whole.message.content
