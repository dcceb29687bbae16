"""The server engine: what it sends, how it takes a server's faults, and where a fleet's requests go."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro import endpoint
from s1repro.engines import ENGINES, Completion, Engine, Sampling, Stop, load_engine
from s1repro.engines import server as engine_module
from tests.engines.completion_server import Server, serving

KEY = "sk-very-secret-1234"
ENDLESS = Stop()
GREEDY = Sampling()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PAUSE", 0.01)
    monkeypatch.setenv("S1REPRO_ENGINE_KEY", KEY)


@pytest.fixture
def server(qwen_tokenizer: PreTrainedTokenizerBase) -> Iterator[Server]:
    with serving("vllm", len(qwen_tokenizer), qwen_tokenizer.eos_token_id) as one:
        yield one


def engine_on(model: Path, *urls: str, kind: str = "vllm-server", **settings: Any) -> Engine:
    values = {"max_model_len": 256, "model": "toy", "retries": 3, "timeout": 60.0, "loading_seconds": 0.0}
    return load_engine(ENGINES[kind](urls=list(urls), **{**values, **settings}), str(model))


def ask(
    engine: Engine, *prompts: list[int], max_tokens: int = 20, stop: Stop = ENDLESS, sampling: Sampling = GREEDY
) -> list[Completion]:
    async def all_of_them() -> list[Completion]:
        try:
            asked = (engine.complete(p, max_tokens=max_tokens, stop=stop, sampling=sampling) for p in prompts)
            return await asyncio.gather(*asked)
        finally:
            await engine.close()

    return asyncio.run(all_of_them())


def test_a_commit_is_said_to_be_the_server_s_own_business(
    server: Server, tiny_qwen: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("require_model", "load_tokenizer"):  # a hub's model, of which a folder stands here
        own = getattr(engine_module, name)
        monkeypatch.setattr(engine_module, name, lambda *told, own=own: own(*told[:-1]))
    settings = ENGINES["vllm-server"](max_model_len=256, urls=[server.url], model="toy")
    for revision, said in (("", ""), ("abc", "engine: no server tells its model's revision; start it with abc\n")):
        ask(settings.start(str(tiny_qwen), False, revision), [5, 6])
        assert capsys.readouterr().err == said


def test_ids_go_out_with_the_key_and_nothing_of_the_model_s_own_sampling(server: Server, tiny_qwen: Path) -> None:
    (said,) = ask(engine_on(tiny_qwen, server.url), [5, 6], stop=Stop((9,), ("x",)))
    assert said.token_ids and set(server.keys) == {f"Bearer {KEY}"}
    body = server.requests[-1]
    assert (body["prompt"], body["max_tokens"], body["model"]) == ([5, 6], 20, "toy")
    assert (body["stop_token_ids"], body["stop"]) == ([9], ["x"])
    assert (body["top_k"], body["repetition_penalty"], body["temperature"]) == (-1, 1.0, 0.0)


def test_a_password_of_a_netrc_takes_no_part(
    server: Server, tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    ask(engine_on(tiny_qwen, server.url), [5, 6])
    assert server.keys[-1] == f"Bearer {KEY}"


FAULTS = {
    "503": (503, b"loading", {}),
    "429 with a pause": (429, b"{}", {"Retry-After": "0.05"}),
    "half a JSON": (200, b'{"choices": [{"tok', {}),
    "without ids": (200, json.dumps({"choices": [{"text": "hm"}]}).encode(), {}),
    "cut body": (200, b"{", {"Content-Length": "5000", "Connection": "close"}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_passes_leaves_the_same_samples(server: Server, tiny_qwen: Path, fault: Any) -> None:
    prompts = [[5, i] for i in range(1, 9)]
    undisturbed = ask(engine_on(tiny_qwen, server.url), *prompts)
    engine = engine_on(tiny_qwen, server.url)
    begun = len(server.requests)
    server.fault = lambda number: fault if number - begun in (1, 4, 5) else None
    disturbed = ask(engine, *prompts)
    assert [one.token_ids for one in disturbed] == [one.token_ids for one in undisturbed]
    assert len(server.requests) == begun + 8 + 3


def test_a_server_that_goes_and_comes_back_leaves_the_same_samples(
    tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    vocabulary, eos = len(qwen_tokenizer), qwen_tokenizer.eos_token_id
    prompts = [[5, i] for i in range(1, 41)]
    with serving("vllm", vocabulary, eos) as server:
        undisturbed = ask(engine_on(tiny_qwen, server.url), *prompts)
        port = int(server.url.rpartition(":")[2])

    async def disturbed() -> list[Completion]:
        with serving("vllm", vocabulary, eos, port=port) as first:
            engine = engine_on(tiny_qwen, first.url, retries=12, max_concurrency=4)
            asked = (engine.complete(p, max_tokens=20, stop=ENDLESS, sampling=Sampling()) for p in prompts)
            tasks = [asyncio.create_task(one) for one in asked]
            await asyncio.sleep(0.02)
            first.fault = lambda number: (503, b"going down", {"Connection": "close"})
        await asyncio.sleep(0.05)
        assert not all(task.done() for task in tasks)
        with serving("vllm", vocabulary, eos, port=port) as second:
            said = await asyncio.gather(*tasks)
            assert second.requests
        await engine.close()
        return said

    assert [one.token_ids for one in asyncio.run(disturbed())] == [one.token_ids for one in undisturbed]


def test_a_fault_that_stays_is_one_line(server: Server, tiny_qwen: Path) -> None:
    engine = engine_on(tiny_qwen, server.url)
    server.fault = lambda number: (500, json.dumps({"message": f"no memory, {KEY}"}).encode(), {})
    with pytest.raises(
        ValueError, match=r"engine: http.*/v1/completions gave no answer \(HTTP 500: no memory, \*\*\*\)"
    ):
        ask(engine, [5])


@pytest.mark.parametrize("kind", ["sglang", "trtllm"])
def test_an_end_of_the_server_s_own_is_gone_on_from(
    kind: str, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    """The toy says its end of sequence at some time; asked to stop at another token only, it must not end there."""
    vocabulary, eos = len(qwen_tokenizer), 58
    with serving("vllm", vocabulary, eos) as plain, serving(kind, vocabulary, eos) as other:
        whole = ask(engine_on(tiny_qwen, plain.url), [5, 6], max_tokens=200)[0].token_ids
        assert eos in whole[:-1]
        never = next(token for token in range(vocabulary) if token not in whole)
        engine = engine_on(tiny_qwen, other.url, kind=f"{kind}-server")
        (said,) = ask(engine, [5, 6], max_tokens=200, stop=Stop((never,)))
        assert said.token_ids == whole and said.finish_reason == "length"
        assert len(other.requests) > 2


@pytest.mark.parametrize("kind", ["sglang", "trtllm"])
def test_what_is_drawn_behind_such_an_end_is_not_what_was_drawn_before_it(
    kind: str, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    """Each request begins its seed's stream anew; asked with the same seed again it would go in a circle."""
    vocabulary, hot = len(qwen_tokenizer), Sampling(temperature=1.0, seed=2**31 - 5)
    stream = random.Random(hot.seed)
    eos = [stream.randrange(vocabulary) for _ in range(12)][-1]
    with serving(kind, vocabulary, eos) as other:
        engine = engine_on(tiny_qwen, other.url, kind=f"{kind}-server")
        once, again = ask(engine, [5, 6], [5, 6], max_tokens=200, stop=Stop((vocabulary + 1,)), sampling=hot)
    assert once.token_ids == again.token_ids and len(once.token_ids) == 200
    ends = [place + 1 for place, token in enumerate(once.token_ids) if token == eos]
    parts = [once.token_ids[i:j] for i, j in pairwise([0, *ends, 200]) if j - i > 3]
    assert len(parts) > 1 and len({part[:3] for part in parts}) == len(parts)
    seeds = {body["seed"] for body in other.requests[1:]}
    assert len(seeds) == len(ends) + 1 and all(0 <= seed < 2**31 for seed in seeds)


def test_a_fleet_shares_the_questions_and_keeps_each_where_it_began(
    tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    with ExitStack() as stack:
        fleet = [stack.enter_context(serving("vllm", len(qwen_tokenizer), 2)) for _ in range(3)]
        engine = engine_on(tiny_qwen, *(one.url for one in fleet))
        questions = [[5, i, 9] for i in range(1, 31)]

        async def answered() -> None:
            async def one(question: list[int]) -> None:
                said = question
                for _ in range(3):
                    done = await engine.complete(said, max_tokens=4, stop=ENDLESS, sampling=Sampling())
                    said = [*said, *done.token_ids]

            await asyncio.gather(*(one(question) for question in questions))
            await engine.close()

        asyncio.run(answered())
        asked = [[tuple(body["prompt"][:3]) for body in one.requests[1:]] for one in fleet]
    assert all(set(Counter(prompts).values()) == {3} for prompts in asked)
    assert sorted(len(prompts) for prompts in asked) == [30, 30, 30]


def test_connections_are_kept_and_no_more_than_are_asked_for_at_once(server: Server, tiny_qwen: Path) -> None:
    engine = engine_on(tiny_qwen, server.url, max_concurrency=4)
    made: list[socket.socket] = []
    server.connections = Noted(made)
    said = ask(engine, *([5, i] for i in range(1, 41)))
    assert len(said) == 40 and 0 < len(made) <= 4


class Noted(set[socket.socket]):
    """A set that also writes down what is added."""

    def __init__(self, added: list[socket.socket]) -> None:
        super().__init__()
        self._added = added

    def add(self, one: socket.socket) -> None:
        self._added.append(one)
        super().add(one)


def test_a_thousand_at_once_are_answered(server: Server, tiny_qwen: Path) -> None:
    engine = engine_on(tiny_qwen, server.url, max_concurrency=1000)
    said = ask(engine, *([5, i % 300 + 1, i // 300 + 1] for i in range(1000)), max_tokens=2)
    assert [len(one.token_ids) for one in said] == [2] * 1000


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"urls": []}, r"engine\.urls needs http addresses"),
        ({"urls": ["127.0.0.1:8000"]}, r"engine\.urls needs http addresses"),
        ({"urls": ["http://me:s3cret@host"]}, r"engine\.urls needs http addresses without a password"),
        ({"key_env": "sk-s3cret"}, r"engine\.key_env is no name of an environment variable"),
        ({"timeout": 0.0}, r"engine\.timeout is 0\.0"),
        ({"retries": 0}, r"engine\.retries is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        ENGINES["vllm-server"](**settings).check()
    assert "s3cret" not in str(caught.value)
