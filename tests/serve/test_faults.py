"""Clients that go and engines that fail, in front of the real application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import httpx2
import openai
import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, BoundFormat
from s1repro.engines import Sampling, ScriptedEngine, Stop
from s1repro.engines.checked import Sampled
from tests.serve.scripted import MODEL, QUESTION, Says, serving


@pytest.fixture
def fmt(qwen_tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
    return FORMATS["qwen-plain"].bind(qwen_tokenizer)


class Faulty(ScriptedEngine):
    """Answers `good` requests; the next is never answered, or fails with `error`."""

    def __init__(self, fmt: BoundFormat, good: int, error: Exception | None = None) -> None:
        super().__init__(fmt.tokenizer, Says(fmt, "Two and two is 4.\n", "4"), 500)
        self.good, self.error = good, error
        self.begun = self.running = 0

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        if len(self.requests) < self.good:
            return await super().sample(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        if self.error:
            raise self.error
        self.begun += 1
        self.running += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1
        raise AssertionError

    def wait_until(self, running: int) -> None:
        deadline = time.monotonic() + 30
        while self.running != running:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("good", [0, 1])
def test_a_client_that_timed_out_is_not_answered_any_more(fmt: BoundFormat, good: int) -> None:
    engine = Faulty(fmt, good)
    with serving(engine, fmt) as client:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=1).chat.completions.create(model=MODEL, messages=QUESTION)
        engine.wait_until(running=0)
        assert engine.begun == 1


def test_a_stream_that_nobody_reads_ends(fmt: BoundFormat) -> None:
    engine = Faulty(fmt, good=2)
    with serving(engine, fmt) as client:
        with client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True) as stream:
            next(stream)
            engine.wait_until(running=1)
        engine.wait_until(running=0)


@pytest.mark.parametrize(
    ("error", "told"),
    [(RuntimeError("out of memory\nin layer 7"), "out of memory"), (AssertionError(), "AssertionError")],
)
def test_an_engine_that_fails_is_a_503(
    fmt: BoundFormat, error: Exception, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(Faulty(fmt, 1, error), fmt) as client:
        with pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(model=MODEL, messages=QUESTION)
        assert failed.value.status_code == 503
        assert failed.value.body == {"message": f"the engine failed: {told}", "type": "server_error"}
    assert "Traceback" in capfd.readouterr().err


def test_an_engine_that_gives_up_is_told_in_one_line(fmt: BoundFormat, capfd: pytest.CaptureFixture[str]) -> None:
    failing = serving(Faulty(fmt, 1, ValueError("engine: no answer")), fmt)
    with failing as client, pytest.raises(openai.InternalServerError, match="the engine failed: engine: no answer"):
        client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert capfd.readouterr().err == "serve: engine: no answer\n"


def test_a_stream_that_fails_says_so_at_its_end(fmt: BoundFormat) -> None:
    with serving(Faulty(fmt, 3, RuntimeError("out of memory")), fmt) as client:
        heard = []
        with pytest.raises(openai.APIError, match=r"^the engine failed: out of memory$"):
            for piece in client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True):
                heard.append(piece.choices[0].delta)
        assert getattr(heard[-1], "reasoning_content", None)
        body = {"model": MODEL, "messages": QUESTION, "stream": True}
        events = httpx2.post(f"{client.base_url}chat/completions", json=body).text.strip().split("\r\n\r\n")
        assert events[-1].startswith("event: error\r\ndata: {") and len(events) == 2
