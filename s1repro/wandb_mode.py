"""Whether a run can go to wandb's server, settled before the work, so that a dashboard never costs a run.

Without an account nothing leaves the machine: runs are written offline, below the stage's folder, and `wandb sync` can
upload them later. With one, its server is asked for ten seconds at most whether it answers and takes the key; if not,
or where a setting makes no sense, the run goes on offline and one line says why. A server that goes away later is
wandb's own business: it keeps what it could not send.

    os.environ["WANDB_MODE"] = settled_mode()
    require_online("dashboard: a layout")       # ValueError: ... there is no key: set WANDB_API_KEY, or run wandb login
"""

from __future__ import annotations

import configparser
import netrc
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import httpx2

Mode = Literal["online", "offline", "disabled"]

SECONDS = 8.0
"""How long the server has to answer, all told."""
_SERVERS = ("https://api.forge.coreweave.com", "https://api.wandb.ai")
"""Two names of wandb's own server. Of these wandb asks the first; a login may stand under either."""
_OTHER_NAMES: dict[str, Mode] = {"run": "online", "dryrun": "offline"}
"""Modes by names that wandb used to have, and still takes."""


@dataclass(frozen=True)
class _Settled:
    """Where runs go, why not to a server (`why`), and whether that is another answer than was `wanted`."""

    mode: Mode
    why: str = ""
    wanted: bool = False


def settled_mode() -> Mode:
    """`WANDB_MODE` where it is set, else online with a key (`WANDB_API_KEY` or `wandb login`) and offline without.

    Online only where the server answers and takes the key; otherwise a line on stderr says why it is offline.
    """
    settled = _settle()
    if settled.wanted:
        print(f"wandb: offline, because {settled.why}; wandb sync uploads the run later", file=sys.stderr)
    return settled.mode


def require_online(what: str) -> None:
    """Raise `ValueError`, beginning with `what`, where the server cannot be used, or shall not be."""
    settled = _settle()
    if settled.mode != "online":
        raise ValueError(f"{what} is saved on wandb's server, which takes an account, and {settled.why}")


def _settle() -> _Settled:
    asked = os.environ.get("WANDB_MODE", "").strip().lower()
    asked = _OTHER_NAMES.get(asked, asked)
    if asked in ("offline", "disabled"):
        return _Settled("offline" if asked == "offline" else "disabled", f"WANDB_MODE is {asked}: leave it out")
    if asked not in ("", *get_args(Mode)):
        return _Settled("offline", f"WANDB_MODE is {asked!r}, none of {', '.join(get_args(Mode))}", wanted=True)
    server = _server()
    key = os.environ.get("WANDB_API_KEY", "").strip() or _logged_in(server)
    if not key:
        wanted = bool(asked) or "WANDB_API_KEY" in os.environ
        return _Settled("offline", "there is no key: set WANDB_API_KEY, or run wandb login", wanted)
    trouble = _trouble(server, key)
    return _Settled("offline", trouble, wanted=True) if trouble else _Settled("online")


def _server() -> str:
    """`WANDB_BASE_URL`, else what `wandb login --host` has left in wandb's settings, else wandb's own."""
    settings = configparser.ConfigParser(interpolation=None)
    folder = Path(os.environ.get("WANDB_CONFIG_DIR") or Path.home() / ".config" / "wandb")
    try:
        settings.read(folder / "settings", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        settings.clear()
    left = settings.get("default", "base_url", fallback="")
    return (os.environ.get("WANDB_BASE_URL", "").strip() or left or _SERVERS[0]).rstrip("/")


def _logged_in(server: str) -> str:
    """The key that `wandb login` has left for the server, "" where there is none."""
    try:
        logins = netrc.netrc(os.environ.get("NETRC"))
    except (OSError, netrc.NetrcParseError):
        return ""
    for name in _SERVERS if server in _SERVERS else (server,):
        if entry := logins.authenticators(urlsplit(name).netloc):
            return entry[2] or ""
    return ""


def _trouble(server: str, key: str) -> str:
    """Why the server cannot be used, "" where it can. Its host's name may take longer to look up than any time-out."""
    found: list[str] = []
    asking = threading.Thread(target=lambda: found.append(_ask(server, key)), daemon=True)
    asking.start()
    asking.join(SECONDS)
    return found[0] if found else f"{server} did not answer within {SECONDS:.0f} seconds"


def _ask(server: str, key: str) -> str:
    """Ask who the key belongs to. What the server says is not repeated: it may hold the key."""
    try:
        query = {"query": "query Viewer { viewer { id } }"}
        reply = httpx2.post(f"{server}/graphql", json=query, auth=("api", key), timeout=SECONDS)
        if reply.status_code in (401, 403):
            return f"{server} refuses the key (HTTP {reply.status_code})"
        if reply.status_code != 200:
            return f"{server} answered with HTTP {reply.status_code}"
        known = (reply.json().get("data") or {}).get("viewer")
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, AttributeError) as error:
        return f"{server} cannot be reached ({type(error).__name__})"
    return "" if known else f"{server} does not know the key"
