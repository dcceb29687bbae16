"""wandb never costs a run: what cannot go online goes offline, with one line that says why, and soon."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import s1repro.wandb_mode
from s1repro.wandb_mode import settled_mode

KEY = "0123456789abcdef"


class Server(BaseHTTPRequestHandler):
    """wandb's server as far as it is asked: it knows `KEY` alone, and its status is what the test wants."""

    status, stalls = 200, 0.0

    def do_POST(self) -> None:
        time.sleep(type(self).stalls)
        self.rfile.read(int(self.headers["Content-Length"]))
        known = base64.b64decode(self.headers["Authorization"].split()[1]).decode() == f"api:{KEY}"
        body = json.dumps({"data": {"viewer": {"id": "me"} if known else None}}).encode()
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Server]]:
    """A server of this machine in place of wandb's, and no settings or login of the user's."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    kind = type("OneServer", (Server,), {})
    http = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{http.server_address[1]}")
    yield kind
    http.shutdown()


def test_online_needs_a_key_that_the_server_takes(
    server: type[Server], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settled_mode() == "offline"
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert settled_mode() == "online"
    for asked, settled in {"run": "online", "dryrun": "offline", "offline": "offline", "disabled": "disabled"}.items():
        monkeypatch.setenv("WANDB_MODE", asked)
        assert settled_mode() == settled
    assert capsys.readouterr().err == ""


def test_a_login_is_a_key(server: type[Server], tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1\n  login user\n  password {KEY}\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert settled_mode() == "online"


@pytest.mark.parametrize(
    ("settings", "status", "why"),
    [
        ({"WANDB_MODE": "onlin"}, 200, "WANDB_MODE is 'onlin', none of online, offline, disabled"),
        ({"WANDB_API_KEY": " "}, 200, "there is no key"),
        ({"WANDB_MODE": "online"}, 200, "there is no key"),
        ({"WANDB_API_KEY": "another-key"}, 200, "does not know the key"),
        ({"WANDB_API_KEY": KEY}, 401, "refuses the key (HTTP 401)"),
        ({"WANDB_API_KEY": KEY}, 503, "answered with HTTP 503"),
        ({"WANDB_API_KEY": KEY, "WANDB_BASE_URL": "nonsense"}, 200, "cannot be reached"),
    ],
)
def test_what_cannot_go_online_is_one_line(
    server: type[Server],
    settings: dict[str, str],
    status: int,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.status = status
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert settled_mode() == "offline"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wandb: offline, because ") and why in line
    assert KEY not in line and "another-key" not in line


def test_a_closed_door_and_a_silent_server_cost_seconds(
    server: type[Server], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setattr(s1repro.wandb_mode, "SECONDS", 1.0)
    server.stalls = 30.0
    started = time.monotonic()
    assert settled_mode() == "offline"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert settled_mode() == "offline"
    assert time.monotonic() - started < 25
    assert len(capsys.readouterr().err.splitlines()) == 2
