"""Servers that misbehave during an evaluation: the samples are those of an undisturbed one, or one line and a rerun."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro import endpoint
from s1repro.config import Config
from s1repro.engines import probe
from s1repro.engines.profiles import VllmServer
from s1repro.evaluate.pipeline import run
from tests.engines.completion_server import Server, serving
from tests.toy import make_config, write_benchmark

KEY = "sk-very-secret-1234"
QUESTIONS = 8
Say = tuple[int, bytes, dict[str, str]]
HALF: Say = (200, b'{"choices": [{"tok', {})
NO_IDS: Say = (200, json.dumps({"choices": [{"text": "hm"}]}).encode(), {})
CUT: Say = (200, b"{", {"Content-Length": "5000", "Connection": "close"})
BUSY: Say = (429, b"{}", {"Retry-After": "0.05"})
DOWN: Say = (503, b"going down", {})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PAUSE", 0.01)
    monkeypatch.setattr(probe, "PAUSE", 0.01)
    monkeypatch.setenv("S1REPRO_ENGINE_KEY", KEY)


@pytest.fixture
def servers(qwen_tokenizer: PreTrainedTokenizerBase) -> Iterator[list[Server]]:
    """Three of one model."""
    with ExitStack() as stack:
        size, eos = len(qwen_tokenizer), qwen_tokenizer.eos_token_id
        yield [stack.enter_context(serving("vllm", size, eos)) for _ in range(3)]


@pytest.fixture
def evaluate(tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Evaluates the toy's model as the run of that name on these servers: the bytes of its samples."""
    monkeypatch.chdir(tmp_path)
    write_benchmark(
        tmp_path,
        [{"id": f"q{i}", "question": f"What is {i} and {i}?", "answer": str(2 * i)} for i in range(QUESTIONS)],
    )

    def run_on(name: str, *servers: Server, **settings: Any) -> bytes:
        told = {"urls": [one.url for one in servers], "model": "toy", "retries": 4, "timeout": 60.0, **settings}
        config: Config = make_config(
            name=name,
            checkpoint=str(tiny_qwen),
            engine=VllmServer(max_model_len=256, max_concurrency=4, **{"loading_seconds": 0.0, **told}),
            method={"budgets": [8, 32], "waits": [0, 1], "max_answer_tokens": 12},
        )
        run(config)
        return Path(f"runs/{name}/evaluate/samples.jsonl").read_bytes()

    return run_on


def some(said: Say, *numbers: int) -> Callable[[int], Say | None]:
    """A fault that answers some of the requests behind the first, which is the probe's."""
    return lambda number: said if number - 1 in numbers else None


def slow(number: int) -> None:
    time.sleep(0.1)


PASSING = {
    "busy": some(BUSY, 1, 5, 6, 7),
    "half a JSON": some(HALF, 2, 3),
    "no ids": some(NO_IDS, 1, 9),
    "cut off": some(CUT, 4, 5, 6),
    "down and up again": some(DOWN, *range(5, 15)),
    "a hundred times slower": slow,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_leaves_the_bytes_of_an_undisturbed_run(
    servers: list[Server], evaluate: Callable[..., bytes], fault: Any
) -> None:
    undisturbed = evaluate("undisturbed", servers[1])
    servers[0].fault = fault
    assert evaluate("disturbed", servers[0]) == undisturbed


STAYING = {
    "the key is withdrawn": ((401, b'{"error": "no such key sk-very-secret-1234"}', {}), "S1REPRO_ENGINE_KEY"),
    "the model is gone": ((404, b'{"message": "no model toy"}', {}), "check engine.model=toy and engine.urls"),
    "it refuses": ((400, b'{"message": "no"}', {}), r"gave no answer \(HTTP 400: no\)$"),
    "half a JSON": (HALF, r"not a completion with token ids: no choice\); see to it, and run the same command again"),
    "no ids": (NO_IDS, r"no token ids: it takes vLLM 0\.10\.2 or newer\); see to it"),
    "busy": (BUSY, r"HTTP 429\); see to it"),
}


@pytest.mark.parametrize(("said", "line"), STAYING.values(), ids=STAYING)
def test_a_fault_that_stays_is_one_line_and_a_rerun_has_the_same_bytes(
    servers: list[Server], evaluate: Callable[..., bytes], said: Say, line: str
) -> None:
    undisturbed = evaluate("undisturbed", servers[1])
    servers[0].fault = lambda number: said if number > 20 else None
    with pytest.raises(ValueError, match=line) as caught:
        evaluate("disturbed", servers[0])
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)
    finished = Path("runs/disturbed/evaluate/samples.jsonl").read_text().splitlines()
    servers[0].fault = lambda number: None
    asked = len(servers[0].requests)
    again = evaluate("disturbed", servers[0])
    assert again == undisturbed and 0 < len(finished) < len(again.splitlines())
    assert {*finished} <= {*again.decode().splitlines()}
    assert len(servers[0].requests) - asked < len(servers[1].requests), "what is finished is not asked again"


def test_a_server_that_hangs_is_given_up_after_its_time_and_others_take_its_questions(
    servers: list[Server], evaluate: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = evaluate("undisturbed", servers[2])

    def hang(number: int) -> Say | None:
        if number > 5:
            time.sleep(3.0)
            return DOWN
        return None

    servers[0].fault = hang
    assert evaluate("disturbed", *servers[:2], timeout=1.0) == undisturbed
    assert "no reply within 1 s" in capsys.readouterr().err


def test_the_others_take_the_questions_of_a_server_that_stays_away(
    servers: list[Server],
    evaluate: Callable[..., bytes],
    qwen_tokenizer: PreTrainedTokenizerBase,
    capsys: pytest.CaptureFixture[str],
) -> None:
    undisturbed = evaluate("undisturbed", servers[2])
    with ExitStack() as going:
        first = going.enter_context(serving("vllm", len(qwen_tokenizer), qwen_tokenizer.eos_token_id))
        first.fault = lambda number: going.close() if number == 6 else None  # type: ignore[func-returns-value]
        assert evaluate("disturbed", first, *servers[:2]) == undisturbed
    err = capsys.readouterr().err
    assert err.count("is left out for now") == 1
    assert f"engine: {first.url}/v1/completions is left out for now (" in err
    assert "its questions go to the other 2" in err and "Traceback" not in err


def test_one_that_comes_back_is_asked_again(
    servers: list[Server], evaluate: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = evaluate("undisturbed", servers[2])
    servers[0].fault = some(BUSY, 4)  # it asks for a pause, which leaves it out at once
    slowly = servers[1]
    slowly.pace = 0.002
    assert evaluate("disturbed", servers[0], slowly) == undisturbed
    assert f"engine: {servers[0].url}/v1/completions answers again" in capsys.readouterr().err
    assert len(servers[0].requests) > 12


def test_a_fleet_of_which_none_is_left_is_one_line_and_a_rerun_has_the_same_bytes(
    servers: list[Server], evaluate: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = evaluate("undisturbed", servers[2])
    for one in servers[:2]:
        one.fault = lambda number: DOWN if number > 10 else None
    with pytest.raises(ValueError, match=r"engine: http\S+, http\S+ gave no answer \(HTTP 503\); see to it") as caught:
        evaluate("disturbed", *servers[:2])
    assert "\n" not in str(caught.value)
    assert "no server is left, they are waited for" in capsys.readouterr().err
    for one in servers[:2]:
        one.fault = lambda number: None
    assert evaluate("disturbed", *servers[:2]) == undisturbed


WRONG = {
    "nobody there": (
        {"urls": ["http://127.0.0.1:9"]},
        r"http://127\.0\.0\.1:9 does not answer \(ConnectError\); start",
    ),
    "another model's name": ({"model": "other"}, r"has no model other \(it has: toy\)"),
    "another key": ({}, r"refuses a request of vllm-server \(HTTP 401: no such key \*\*\*\)"),
}


@pytest.mark.parametrize(("settings", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_from_the_start_is_one_line_and_the_right_thing_then_runs(
    servers: list[Server], evaluate: Callable[..., bytes], settings: dict[str, Any], line: str
) -> None:
    if not settings:
        servers[0].fault = lambda number: STAYING["the key is withdrawn"][0]
    with pytest.raises(ValueError, match=line):
        evaluate("run", servers[0], **settings)
    assert Path("runs/run/evaluate/samples.jsonl").read_bytes() == b""
    servers[0].fault = lambda number: None
    assert evaluate("run", servers[0])


def test_a_server_that_is_still_loading_is_waited_for_and_says_so(
    servers: list[Server],
    evaluate: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It lists its model already, and completes nothing yet."""
    monkeypatch.setattr(probe, "_TOLD_EVERY", 0.05)
    servers[0].fault = lambda number: (503, b'{"message": "loading"}', {}) if number < 30 else None
    assert evaluate("late", servers[0], loading_seconds=60.0) == evaluate("ready", servers[1])
    assert f"engine: waiting for {servers[0].url} (HTTP 503: loading), " in capsys.readouterr().err
