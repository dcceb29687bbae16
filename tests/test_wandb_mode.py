"""wandb never costs a run: what cannot go online goes offline, with one line that says why, and soon."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import s1repro.wandb_mode
from s1repro.wandb_mode import require_online, settled_mode
from tests.wandb_server import KEY, WandbServer


def test_online_needs_a_key_that_the_server_takes(
    wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settled_mode() == "offline"
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert settled_mode() == "online"
    for asked, settled in {"run": "online", "dryrun": "offline", "offline": "offline", "disabled": "disabled"}.items():
        monkeypatch.setenv("WANDB_MODE", asked)
        assert settled_mode() == settled
    assert capsys.readouterr().err == ""


def test_a_login_is_a_key_for_the_server_that_it_was_for(
    wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def log_in(url: str) -> None:  # as wandb login --host leaves it: host and port, and the server in its settings
        (tmp_path / ".netrc").write_text(f"machine {urlsplit(url).netloc}\n  login user\n  password {KEY}\n")
        (tmp_path / ".netrc").chmod(0o600)
        (tmp_path / ".config" / "wandb").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".config" / "wandb" / "settings").write_text(f"[default]\nbase_url = {url}\n")

    monkeypatch.delenv("WANDB_BASE_URL")
    assert settled_mode() == "offline"
    log_in(wandb_server.url)
    assert settled_mode() == "online"
    monkeypatch.setenv("WANDB_BASE_URL", f"{wandb_server.url}1")
    assert settled_mode() == "offline", "the login is for another one"


def test_a_login_under_either_name_of_wandb_s_own_server_is_a_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wandb_server: WandbServer
) -> None:
    monkeypatch.setattr(s1repro.wandb_mode, "_SERVERS", (wandb_server.url, "https://an.older.name"))
    (tmp_path / ".netrc").write_text(f"machine an.older.name\n  login user\n  password {KEY}\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.delenv("WANDB_BASE_URL")
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
    wandb_server: WandbServer,
    settings: dict[str, str],
    status: int,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wandb_server.status = status
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert settled_mode() == "offline"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wandb: offline, because ") and why in line
    assert KEY not in line and "another-key" not in line


def test_a_closed_door_and_a_silent_server_cost_seconds(
    wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setattr(s1repro.wandb_mode, "SECONDS", 1.0)
    wandb_server.stalls = 30.0
    started = time.monotonic()
    assert settled_mode() == "offline"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert settled_mode() == "offline"
    assert time.monotonic() - started < 25
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "there is no key: set WANDB_API_KEY, or run wandb login"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "WANDB_MODE is offline: leave it out"),
        ({"WANDB_API_KEY": KEY, "WANDB_BASE_URL": "http://127.0.0.1:9"}, "cannot be reached (ConnectError)"),
    ],
)
def test_what_needs_the_server_says_why_there_is_none(
    wandb_server: WandbServer,
    settings: dict[str, str],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"^a layout is saved on wandb's server, which takes an account, and ") as told:
        require_online("a layout")
    assert str(told.value).endswith(why) and capsys.readouterr().err == ""
    monkeypatch.setenv("WANDB_BASE_URL", wandb_server.url)
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    require_online("a layout")
