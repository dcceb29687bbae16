"""What of a request is taken, what asks for nothing, and what is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from s1repro.serve.chat import Asked, BadRequest, read_request


def read(**more: Any) -> Asked:
    return read_request({"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "seed": 1, **more}, "m")


@pytest.mark.parametrize(
    "idle",
    [
        {"n": 1, "logprobs": False, "frequency_penalty": 0, "presence_penalty": 0.0, "user": "me"},
        {"response_format": {"type": "text"}},
        {"tools": None, "logit_bias": None, "stop": None, "stream": None, "stream_options": None, "max_tokens": None},
        {"stop": []},
    ],
)
def test_what_asks_for_nothing_changes_nothing(idle: dict[str, Any]) -> None:
    assert read(**idle) == read()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"n": 2}, "^n is not supported: send as many requests, each without a seed draws a sample of its own$"),
        ({"logprobs": True}, "^logprobs is not supported$"),
        ({"top_logprobs": 3}, "^top_logprobs is not supported$"),
        ({"response_format": {"type": "json_object"}}, "^response_format is not supported$"),
        ({"reasoning_effort": "low"}, "^reasoning_effort is not supported: thinking_budget says how many tokens$"),
        ({"stream": "yes"}, "^stream is 'yes'; give true or false$"),
        ({"stream_options": {"include_usage": True}}, "^stream_options: give an object, for a stream$"),
        ({"stream": True, "stream_options": [1]}, "^stream_options: give an object, for a stream$"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "^include_usage is 1; give true or false$"),
        ({"stream": True, "stream_options": {"more": 1}}, r"^stream_options\.more is not supported$"),
        ({"stop": ["a", ""]}, "^stop: give a string or a list of them, none of them empty$"),
        ({"stop": 3}, "^stop: give a string"),
        ({"top_p": 1.5}, r"^top_p is 1\.5; give a number from 1e-06 to 1$"),
        ({"top_p": 0.5}, r"^top_p is 0\.5, and at temperature 0, which is taken where none is given, nothing"),
        ({"max_completion_tokens": 200, "max_tokens": 3}, "^max_completion_tokens is 200 and max_tokens 3, and"),
        ({"max_completion_tokens": 200, "max_tokens": 0}, "^max_tokens is 0; give a whole number from 1$"),
        ({"seed": 2**31}, "^seed is 2147483648; give a whole number from 0 to 2147483647$"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "^messages: give one message"),
    ],
)
def test_what_is_not_taken_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        read(**more)


def test_a_bound_of_two_names_and_a_narrowed_draw_are_read() -> None:
    assert read(max_tokens=9) == read(max_completion_tokens=9) == read(max_tokens=9, max_completion_tokens=9)
    assert read(max_tokens=9).most_tokens == 9
    assert read(top_p=0.5, temperature=1).sampling.top_p == 0.5
    assert read(top_p=0.5, temperature=0).sampling.temperature == 0


def test_stop_strings_and_parts_are_read() -> None:
    assert read(stop="\n\n").stop == ("\n\n",)
    assert read(stop=["a", "b"]).stop == ("a", "b")
    parts = [{"type": "text", "text": "2+"}, {"type": "text", "text": "2?"}]
    assert read(messages=[{"role": "user", "content": parts}]) == read()
    assert read(stream=True, stream_options={"include_usage": True}).with_usage
