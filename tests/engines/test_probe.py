"""A server is asked what it is first; what cannot work is one line that says what to change."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s1repro.engines import ENGINES, probe
from s1repro.engines.completions import ServerSettings
from tests.engines.completion_server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving("vllm", 400, 2) as one:
        yield one


def settings(server: Server, kind: str = "vllm-server", **more: Any) -> ServerSettings:
    made = ENGINES[kind](**{"urls": [server.url], "max_model_len": 256, "loading_seconds": 0.0, **more})
    assert isinstance(made, ServerSettings)
    return made


def asked(server: Server, checkpoint: str = "toy", **more: Any) -> str:
    return probe.probe(settings(server, **more), server.url, checkpoint)


def test_the_checkpoint_is_known_by_its_name_its_folder_or_what_the_user_says(server: Server, tmp_path: Path) -> None:
    assert asked(server) == "toy"
    assert asked(server, "runs/x/checkpoint", model="toy") == "toy"
    server.model |= {"id": "mine", "root": str(tmp_path)}
    assert asked(server, str(tmp_path / "..") + "/" + tmp_path.name) == "mine"


@pytest.mark.parametrize(
    ("model", "more", "says"),
    [
        ({}, {"model": "other"}, r"has no model other \(it has: toy\); if one of these is it, .* engine\.model"),
        ({"max_model_len": 128}, {}, r"serves toy for 128 tokens, and engine\.max_model_len is 256: lower that"),
    ],
)
def test_another_model_or_a_shorter_one_is_refused(server: Server, model: Any, more: Any, says: str) -> None:
    server.model |= model
    with pytest.raises(ValueError, match=says):
        asked(server, **more)


def test_a_server_that_keeps_tokens_to_itself_has_to_be_longer(server: Server) -> None:
    server.model |= {"max_model_len": 256}
    with pytest.raises(ValueError, match=r"for 256 tokens, of which it keeps 6 to itself, .* start the server for 262"):
        asked(server, kind="sglang-server")


def test_a_server_whose_seeds_do_not_count_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with serving("sglang", 400, 2) as server:
        server.info = {"enable_deterministic_inference": True}
        asked(server, kind="sglang-server")
        assert capsys.readouterr().err == ""
        server.info = {"enable_deterministic_inference": False}
        asked(server, kind="sglang-server")
        assert "with --enable-deterministic-inference seeds count" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ((401, b"{}", {}), r"refuses a request of vllm-server \(HTTP 401"),
        ((400, json.dumps({"message": "no\nids"}).encode(), {}), r"\(HTTP 400: no ids\)"),
        ((200, json.dumps({"choices": [{"text": "x"}]}).encode(), {}), r"gives no token ids: it takes vLLM 0\.10\.2"),
        ((200, b"<html>", {}), r"gives no choice; or choose the engine that it is"),
    ],
)
def test_a_completion_without_ids_is_refused(server: Server, said: Any, says: str) -> None:
    server.fault = lambda number: said
    with pytest.raises(ValueError, match=says) as caught:
        asked(server)
    assert "\n" not in str(caught.value)


def test_the_wrong_kind_of_server_is_refused() -> None:
    with serving("trtllm", 400, 2) as server, pytest.raises(ValueError, match=r"refuses a request .*HTTP 400: Extra"):
        asked(server)
    with serving("vllm", 400, 2) as server, pytest.raises(ValueError, match=r"trtllm-serve 1\.2"):
        asked(server, kind="trtllm-server")


def test_nobody_there_is_one_line_and_a_late_one_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probe, "PAUSE", 0.05)
    monkeypatch.setattr(probe, "_TOLD_EVERY", 0.1)
    wanted = settings(server)
    with pytest.raises(ValueError, match=r"http://127.0.0.1:9 does not answer \(ConnectError\); start it"):
        probe.probe(wanted, "http://127.0.0.1:9", "toy")

    class Loading(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            looked.append(time.monotonic())
            ready = len(looked) > 10
            data = json.dumps({"data": [{"id": "toy"}]}).encode()
            self.send_response(200 if ready else 503)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            data = json.dumps({"choices": [{"token_ids": [1]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Silent."""

    looked: list[float] = []
    late = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loading)
    threading.Thread(target=late.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{late.server_port}"
    assert probe.probe(settings(server, loading_seconds=20.0), url, "toy") == "toy"
    assert f"engine: waiting for {url} (HTTP 503)" in capsys.readouterr().err
    late.shutdown()
