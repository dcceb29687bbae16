import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest

from s1repro import endpoint
from s1repro.curate.replies import read_reply
from s1repro.curate.teacher import address
from s1repro.endpoint import Endpoint, Fault, pause
from s1repro.settings.teacher import OpenaiTeacher
from tests.curate.chat_server import completion, serving

BODY = {"model": "m", "messages": [{"role": "user", "content": "2+2?"}]}
KEY = "sk-very-secret-1234"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(endpoint, "PAUSE", 0.01)
    monkeypatch.setenv("TEACHER_KEY", KEY)


def settings(url, **others):
    values = {"model": "m", "key_env": "TEACHER_KEY", "retries": 2, "timeout": 60.0, **others}
    return OpenaiTeacher(base_url=url, **values)


def ask(url, notice=lambda fault: None, body=BODY, **others):
    async def once():
        async with Endpoint(address(settings(url, **others)), read_reply, notice) as chat:
            return await chat.ask(body)

    return asyncio.run(once())


def test_one_question():
    with serving(lambda number, body: completion("It is 4.", reasoning="Two and two.")) as server:
        reply = ask(server.url + "/")
    assert (reply.reasoning, reply.content, reply.completion_tokens) == ("Two and two.", "It is 4.", 20)
    assert (server.paths, server.requests, server.keys) == (["/v1/chat/completions"], [BODY], [f"Bearer {KEY}"])


def test_without_a_key_none_is_sent(monkeypatch):
    monkeypatch.delenv("TEACHER_KEY")
    with serving(lambda number, body: completion()) as server:
        ask(server.url)
    assert server.keys == [None]


@pytest.fixture
def environment(monkeypatch):
    """Sets what it is told, where no other proxy is set."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return lambda **values: [monkeypatch.setenv(name, value) for name, value in values.items()]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("http://{}", None),
        ("http://{}/", None),
        ("{}", None),
        ("http://me:p%40ss@{}", "Basic bWU6cEBzcw=="),
        ("me:p%40ss@{}", "Basic bWU6cEBzcw=="),
    ],
)
def test_the_environment_s_proxy_is_asked(environment, host, written, shown):
    with serving(lambda number, body: completion("Four."), host) as proxy:
        environment(http_proxy=written.format(proxy.place), no_proxy="localhost,other.invalid")
        assert ask("http://teacher.invalid/v1").content == "Four."
    assert proxy.paths == ["http://teacher.invalid/v1/chat/completions"]
    assert (proxy.keys, proxy.passes) == ([f"Bearer {KEY}"], [shown])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("excepted", ["{}", "*", "other.invalid, {}"])
def test_no_proxy_is_asked_for_a_host_that_is_excepted(environment, host, excepted):
    with serving(lambda number, body: completion("Five.")) as proxy, serving(sums_up, host) as server:
        environment(http_proxy=f"http://{proxy.place}", no_proxy=excepted.format(host))
        assert ask(server.url).content == "Four."
    assert (proxy.paths, server.paths) == ([], ["/v1/chat/completions"])


def sums_up(number, body):
    return completion("Four.")


@pytest.mark.parametrize(("user", "shown"), [("", None), ("me:p%40ss@", "Basic bWU6cEBzcw==")])
def test_a_proxy_is_not_shown_the_key_for_an_encrypted_server_and_its_password_is_not_told(environment, user, shown):
    with serving(sums_up) as proxy, pytest.raises(Fault, match="the proxy says HTTP 407") as caught:
        environment(https_proxy=f"http://{user}{proxy.place}")
        ask("https://teacher.invalid/v1")
    assert (proxy.paths, proxy.keys, proxy.passes) == (["teacher.invalid:443"], [None], [shown])
    assert "p%40ss" not in str(caught.value) and "p@ss" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://me:p@127.0.0.1:port", "socks5://me:p@127.0.0.1:1", "http://"])
def test_a_proxy_that_is_none_is_one_line(environment, proxy):
    environment(http_proxy=proxy)
    says = r"^http_proxy in the environment is no address of an HTTP proxy, http://host:port; set it anew, or name teac"
    with pytest.raises(ValueError, match=says) as caught:
        ask("http://teacher.invalid/v1")
    assert "me:p" not in str(caught.value)


def test_half_of_a_surrogate_pair_in_a_reply_becomes_the_character_for_what_is_none():
    with serving(lambda number, body: completion("so \ud83d 4 😀", reasoning="\ude00 why")) as server:
        reply = ask(server.url)
    assert (reply.content, reply.reasoning) == ("so \ufffd 4 😀", "\ufffd why")


PASSING = {
    "429": ((429, {"error": {"message": "slow down"}}, {}), "HTTP 429", "slow down"),
    "500": ((500, b"oops", {}), "HTTP 500", ""),
    "503": ((503, {"message": "loading"}, {}), "HTTP 503", "loading"),
    "408": ((408, b"", {}), "HTTP 408", ""),
    "no json": ((200, b"<html>Welcome", {}), "not a chat completion", "not JSON"),
    "no choice": ({"choices": []}, "not a chat completion", "no choice"),
    "error inside": ({"error": {"message": "upstream"}}, "not a chat completion", "upstream"),
    "cut body": ((200, b'{"choices"', {"Content-Length": "5000", "Connection": "close"}), "connection lost", ""),
    "bad gzip": ((200, b"zzz", {"Content-Encoding": "gzip"}), "connection lost", ""),
    "reset": ("reset", "connection lost", ""),
}


@pytest.mark.parametrize(("said", "reason", "detail"), PASSING.values(), ids=PASSING)
def test_a_fault_that_may_pass_is_asked_again(said, reason, detail):
    heard = []
    with serving(lambda number, body: said if number < 2 else completion("Four.")) as server:
        assert ask(server.url, heard.append).content == "Four."
    assert len(server.requests) == 3 and len(heard) == 2
    assert {fault.reason for fault in heard} == {reason}
    assert detail in str(heard[0])


@pytest.mark.parametrize(("said", "reason", "detail"), PASSING.values(), ids=PASSING)
def test_its_tries_are_bounded(said, reason, detail):
    with serving(lambda number, body: said) as server, pytest.raises(Fault) as caught:
        ask(server.url)
    assert len(server.requests) == 3
    assert caught.value.reason == reason


@pytest.mark.parametrize("said", ["stall", "trickle"])
def test_a_reply_has_to_be_there_in_time(said):
    with serving(lambda number, body: said if number == 0 else completion("Four.")) as server:
        start = time.monotonic()
        assert ask(server.url, timeout=1.0).content == "Four."
        assert 1.0 <= time.monotonic() - start < 30
        server.script = lambda number, body: said
        with pytest.raises(Fault, match=r"no reply within 0\.5 s"):
            ask(server.url, timeout=0.5, retries=0)


def test_a_refused_question_is_not_asked_again():
    with (
        serving(lambda number, body: (400, {"error": {"message": "too long"}}, {})) as server,
        pytest.raises(Fault, match="HTTP 400: too long"),
    ):
        ask(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (
            401,
            r"refuses the key in TEACHER_KEY \(HTTP 401: no such key \*\*\*\); set the environment variable",
        ),
        (402, r"refuses the key in TEACHER_KEY \(HTTP 402"),
        (403, r"refuses the key in TEACHER_KEY \(HTTP 403"),
        (404, r"no such model or address \(HTTP 404: no such key \*\*\*\); check teacher.model=m and teacher.base_url"),
        (301, r"no such model or address \(HTTP 301"),
    ],
)
def test_what_no_other_question_can_mend_stops_at_once(status, says):
    echo = {"error": {"message": f"no such\nkey {KEY}"}}
    with serving(lambda number, body: (status, echo, {})) as server, pytest.raises(ValueError, match=says) as caught:
        ask(server.url)
    assert len(server.requests) == 1
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.delenv("TEACHER_KEY")
    with (
        serving(lambda number, body: (401, {}, {})) as server,
        pytest.raises(ValueError, match=r"refuses to answer without a key, and TEACHER_KEY is not set \(HTTP 401\)"),
    ):
        ask(server.url)


@pytest.mark.parametrize("key", ["sk-\nsecret", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(monkeypatch, key):
    monkeypatch.setenv("TEACHER_KEY", key)
    with pytest.raises(ValueError, match="TEACHER_KEY holds what no key has") as caught:
        ask("http://127.0.0.1:1/v1")
    assert key not in str(caught.value)


def test_an_impossible_address_is_one_line():
    with pytest.raises(ValueError, match=r"teacher\.base_url is 'http://127.0.0.1:port/v1'"):
        ask("http://127.0.0.1:port/v1")


def test_nobody_there_stops_after_some_tries():
    with serving(lambda number, body: completion()) as server:
        pass
    heard = []
    with pytest.raises(ValueError, match=r"cannot be reached \(no connection.*check the address teacher\.base_url"):
        ask(server.url, heard.append)
    assert len(heard) == 2


def test_pauses_grow_with_chance_and_an_end():
    chance = Random(0)
    for attempt in (0, 1, 5, 2000):
        longest = min(0.01 * 2.0 ** min(attempt, 10), 60)
        pauses = {pause(attempt, 0.0, chance) for _ in range(50)}
        assert len(pauses) > 10 and longest / 2 <= min(pauses) <= max(pauses) <= longest
    assert pause(0, 7.0, chance) == 7.0
    assert pause(0, 1e9, chance) == endpoint.LONGEST_WAIT


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("1", 1.0, 2.0),
        (lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True), 1.0, 3.0),
        ("soon", 0.0, 0.9),
        ("nan", 0.0, 0.9),
        ("-5", 0.0, 0.9),
        ("Wed, 21 Oct 2015 07:28:00", 0.0, 0.9),
    ],
)
def test_retry_after_is_heeded(value, least, most):
    def script(number, body):
        return (429, {}, {"Retry-After": value if isinstance(value, str) else value()}) if number == 0 else completion()

    with serving(script) as server:
        ask(server.url)
    first, second = server.times
    assert least <= second - first < most + 0.5


def test_many_at_once_share_the_connections():
    async def crowd(url):
        async with Endpoint(address(settings(url, concurrency=4)), read_reply) as chat:
            return await asyncio.gather(*[chat.ask({"number": number}) for number in range(40)])

    with serving(lambda number, body: completion(json.dumps(body["number"]))) as server:
        replies = asyncio.run(crowd(server.url))
    assert [reply.content for reply in replies] == [str(number) for number in range(40)]
