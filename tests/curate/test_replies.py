import json

import pytest

from s1repro.curate.replies import (
    Answer,
    NotACompletion,
    Reply,
    marks_thinking,
    read_reply,
    split,
)
from s1repro.endpoint import error_message
from tests.curate.chat_server import completion

COUNTED = "I count: 1, 2, 3, 4."


def reply(content="", finish="stop", reasoning=""):
    return Reply(reasoning, content, finish, 1, 2)


def read(data):
    return read_reply(json.dumps(data))


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": COUNTED, "content": "It is 4."},
        {"reasoning": COUNTED, "content": "It is 4."},
        {"reasoning_content": None, "reasoning": COUNTED, "content": "\n\nIt is 4.\n"},
        {"reasoning_content": "", "content": f"<think>\n{COUNTED}\n</think>\n\nIt is 4."},
        {"content": f"{COUNTED}\n</think>\n\nIt is 4."},
        {"reasoning_content": f"{COUNTED}\n", "content": f"<think>{COUNTED}</think>It is 4."},
    ],
)
def test_thinking_is_found_wherever_a_server_puts_it(message):
    told = read(completion(**message))
    assert marks_thinking(told)
    assert split(told) == Answer(COUNTED, "It is 4.")


QWEN = r"""To find the sum, we add the tens first.

1. 10 + 30 = 40
2. 2 + 0 = 2

So the sum is \(\boxed{42}\) at first sight.

Let me add again: 40 + 2 = 42.

Therefore, the sum is:
\[
\boxed{42}
\]"""


@pytest.mark.parametrize(
    ("text", "attempt"),
    [
        (QWEN, "Therefore, the sum is:\n\\[\n\\boxed{42}\n\\]"),
        ("2 and 2.\nThat is 4.\nSo it is $\\boxed{4}$.", "So it is $\\boxed{4}$."),
        ("2 and 2.\nThat is:\n\\[\n\\boxed{4}\n\\]", "That is:\n\\[\n\\boxed{4}\n\\]"),
        (
            "2 and 2.\n\n### Final Answer\n\nThe answer is:\n\n\\boxed{4}",
            "### Final Answer\n\nThe answer is:\n\n\\boxed{4}",
        ),
        ("2 and 2.\n\n**Answer:** 4\n\nI am sure.", "**Answer:** 4\n\nI am sure."),
        ("The answer: at first 5.\n\nNo, 4.\n\nFinal Answer: 4", "Final Answer: 4"),
    ],
)
def test_plain_text_is_cut_in_front_of_its_final_answer(text, attempt):
    told = reply(text)
    assert not marks_thinking(told)
    assert split(told) == Answer(text.removesuffix(attempt).strip(), attempt)


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        (reply("It is 4.", "length", COUNTED), "cut at max_tokens"),
        (reply("2 and 2.\n\n\\boxed{4}", "length"), "cut at max_tokens"),
        (reply("I cannot", "content_filter"), "ended by content_filter"),
        (reply("", "stop", COUNTED), "no answer after the thinking"),
        (reply(f"<think>{COUNTED}</think>\n"), "no answer after the thinking"),
        (reply("<think>\n\n</think>\n\nIt is 4."), "no thinking before the answer"),
        (reply(f"<think>{COUNTED} and so on"), "its thinking never ended"),
        (reply("So it is \\boxed{4}."), "no thinking before the answer"),
        (reply("2 and 2.\n\nIt is even."), "no final answer in plain text"),
        (reply(" \n"), "an empty reply"),
    ],
)
def test_a_reply_of_no_use_says_why(told, failure):
    assert split(told) == Answer(failure=failure)


@pytest.mark.parametrize("finish", ["stop", "eos_token", None])
def test_whole_replies(finish):
    assert split(reply("It is 4.", finish, COUNTED)).failure == ""


def test_what_it_cost():
    told = read(completion())
    assert (told.prompt_tokens, told.completion_tokens) == (10, 20)


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": "many"}, {"prompt_tokens": -5}, {"prompt_tokens": 10**400}]
)
def test_an_answer_is_not_lost_for_its_bill(usage):
    told = read(completion("Four.") | {"usage": usage})
    assert (told.content, told.prompt_tokens, told.completion_tokens) == ("Four.", 0, 0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "no choice"),
        ({}, "no choice"),
        ({"choices": None}, "no choice"),
        ({"choices": []}, "no choice"),
        ({"choices": {"0": "x"}}, "no choice"),
        ({"choices": ["x"]}, "no choice"),
        ({"choices": [{"text": "4"}]}, "no choice"),
        (completion(content=[{"type": "text", "text": "4"}]), "content is no text"),
        (completion(reasoning={"a": 1}), "reasoning is no text"),
        (completion(finish=3), "finish_reason is no text"),
        ({"error": {"message": "the provider is away"}}, "the provider is away"),
    ],
)
def test_lies_are_told_apart(data, says):
    with pytest.raises(NotACompletion, match=says):
        read(data)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\x00", b'{"choices": [', b"[" * 100_000])
def test_what_is_no_json(body):
    with pytest.raises(NotACompletion, match="not JSON"):
        read_reply(body)
    assert error_message(body) == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"error": {"message": "no such key", "code": 1}}, "no such key"),
        ({"error": "no such key"}, "no such key"),
        ({"object": "error", "message": "no such key"}, "no such key"),
        ({"detail": "no such key"}, "no such key"),
        ({"error": {"code": 5}}, ""),
        (["no such key"], ""),
    ],
)
def test_what_a_server_says_went_wrong(data, message):
    assert error_message(json.dumps(data)) == message
