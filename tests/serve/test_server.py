"""The real server as a process, asked by OpenAI's own client: budgets, Waits, streams, keys, refusals."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

REPO = Path(__file__).resolve().parents[2]
KEY = "sk-very-secret-1234"
QUESTION = [{"role": "user", "content": "What is 2 plus 2?"}]


@pytest.fixture(scope="module")
def url(tiny_qwen: Path) -> Iterator[str]:
    overrides = ["recipe=demo", f"checkpoint={tiny_qwen}", "model.format=qwen-plain", "engine=transformers"]
    overrides += ["engine.max_model_len=256", "serve.port=0", "serve.slice_tokens=4"]
    environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", "S1REPRO_SERVE_KEY": KEY}
    command = [sys.executable, "-m", "s1repro.serve", *overrides]
    process = subprocess.Popen(command, cwd=REPO, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if line.startswith(f"serve: {tiny_qwen} at ")), "")
        assert process.poll() is None
        yield said.split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) in (0, 130, -signal.SIGINT)


@pytest.fixture(scope="module")
def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key=KEY, max_retries=0)


def ask(client: openai.OpenAI, tiny_qwen: Path, stream: bool = False, **more: Any) -> Any:
    extra = {"max_tokens": 60, **more}
    own = {name: extra.pop(name) for name in ("thinking_budget", "waits") if name in extra}
    return client.chat.completions.create(
        model=str(tiny_qwen), messages=QUESTION, extra_body=own, stream=stream, **extra
    )


def test_two_budgets_and_a_wait_are_kept(client: openai.OpenAI, tiny_qwen: Path) -> None:
    thoughts = []
    for asked in ({"thinking_budget": 5}, {"thinking_budget": 40}, {"thinking_budget": 40, "waits": 1}):
        completion = ask(client, tiny_qwen, **asked)
        details = completion.usage.completion_tokens_details
        assert details.reasoning_tokens <= asked["thinking_budget"]
        message = completion.choices[0].message
        assert message.reasoning_content and message.content.startswith("Final Answer:")
        thoughts.append(message.reasoning_content)
    assert thoughts[1].startswith(thoughts[0]) and len(thoughts[1]) > len(thoughts[0])


@pytest.mark.parametrize("asked", [{}, {"thinking_budget": 15}])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_thinking_and_answer_together_are_bounded(
    client: openai.OpenAI, tiny_qwen: Path, asked: dict[str, int], name: str
) -> None:
    for most in (24, 70):
        usage = ask(client, tiny_qwen, **{"max_tokens": None, name: most, **asked}).usage
        assert usage.completion_tokens <= most
        assert 0 < usage.completion_tokens_details.reasoning_tokens < usage.completion_tokens


@pytest.mark.parametrize("asked", [{"thinking_budget": 5}, {"thinking_budget": 40, "waits": 1}])
def test_a_stream_adds_up_to_the_whole_answer(client: openai.OpenAI, tiny_qwen: Path, asked: Any) -> None:
    whole = ask(client, tiny_qwen, **asked)
    pieces = list(ask(client, tiny_qwen, stream=True, stream_options={"include_usage": True}, **asked))
    deltas = [piece.choices[0].delta for piece in pieces if piece.choices]
    thought = [getattr(delta, "reasoning_content", None) or "" for delta in deltas]
    said = [delta.content or "" for delta in deltas]
    assert "".join(thought) == whole.choices[0].message.reasoning_content
    assert "".join(said) == whole.choices[0].message.content
    assert sum(map(bool, thought)) >= (5 if asked["thinking_budget"] == 40 else 1)
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] in ("stop", "length")
    assert pieces[-1].usage == whole.usage


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"thinking_budget": 0}, "thinking_budget is 0; give a whole number from 1"),
        ({"thinking_budget": 4000}, "do not fit in max_model_len 256"),
        ({"thinking_budget": 40, "max_tokens": 40}, r"is 40 and holds thinking and answer together; give 4\d or more"),
        ({"waits": -1}, "waits is -1"),
        ({"temperature": -0.5}, r"temperature is -0\.5"),
        ({"n": 2}, "n is not supported: send as many requests"),
        ({"tools": []}, "tools is not supported"),
        ({"model": "another"}, "no model 'another'"),
        ({"messages": [{"role": "system", "content": "x"}, *QUESTION]}, "messages: give one message"),
    ],
)
def test_what_is_not_taken_is_told_by_its_name(url: str, tiny_qwen: Path, more: Any, says: str) -> None:
    body = {"model": str(tiny_qwen), "messages": QUESTION, **more}
    reply = httpx2.post(f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"})
    assert reply.status_code == (404 if "model" in more else 400)
    assert re.search(says, reply.json()["error"]["message"])


def test_a_wrong_key_and_a_body_that_is_none_are_refused(url: str, tiny_qwen: Path) -> None:
    with pytest.raises(openai.AuthenticationError, match="this is not it"):
        ask(openai.OpenAI(base_url=url, api_key="another", max_retries=0), tiny_qwen)
    reply = httpx2.post(f"{url}/chat/completions", content=b"{", headers={"Authorization": f"Bearer {KEY}"})
    assert reply.status_code == 400 and re.match("the body: not JSON", reply.json()["error"]["message"])


def test_the_model_is_listed_to_who_has_the_key(client: openai.OpenAI, url: str, tiny_qwen: Path) -> None:
    (model,) = client.models.list()
    assert (model.id, model.max_model_len) == (str(tiny_qwen), 256)  # type: ignore[attr-defined]
    assert abs(model.created - time.time()) < 3600
    assert client.models.retrieve(str(tiny_qwen)) == model
    with pytest.raises(openai.NotFoundError, match="no model 'another'"):
        client.models.retrieve("another")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=url, api_key="another").models.list()


def test_without_a_seed_each_request_draws_a_sample_of_its_own(client: openai.OpenAI, tiny_qwen: Path) -> None:
    def thought(**more: Any) -> str:
        message = ask(client, tiny_qwen, thinking_budget=20, temperature=1, **more).choices[0].message
        return str(message.reasoning_content)

    assert len({thought() for _ in range(3)}) == 3
    assert thought(seed=0) == thought(seed=0)


def test_many_clients_at_once_get_what_each_gets_alone(client: openai.OpenAI, url: str, tiny_qwen: Path) -> None:
    alone = ask(client, tiny_qwen, thinking_budget=20).choices[0].message.reasoning_content

    async def all_of_them() -> list[Any]:
        many = openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0)
        create = many.chat.completions.create
        asked = (
            create(model=str(tiny_qwen), messages=QUESTION, max_tokens=30, extra_body={"thinking_budget": 20})
            for _ in range(16)
        )
        return await asyncio.gather(*asked)

    assert {one.choices[0].message.reasoning_content for one in asyncio.run(all_of_them())} == {alone}
