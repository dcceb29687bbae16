"""Whether a run can go to wandb's server, settled before the work, so that a dashboard never costs a run.

Without an account nothing leaves the machine: runs are written offline, below the stage's folder, and `wandb sync` can
upload them later. With one, its server is asked for ten seconds at most whether it answers and takes the key; if not,
or where a setting makes no sense, the run goes on offline and one line says why. A server that goes away later is
wandb's own business: it keeps what it could not send.

    os.environ["WANDB_MODE"] = settled_mode()
"""

from __future__ import annotations

import netrc
import os
import sys
import threading
from typing import Literal, get_args
from urllib.parse import urlsplit

import httpx2

Mode = Literal["online", "offline", "disabled"]

SECONDS = 8.0
"""How long the server has to answer, all told."""
_SERVER = "https://api.wandb.ai"
_OTHER_NAMES: dict[str, Mode] = {"run": "online", "dryrun": "offline"}
"""Modes by names that wandb used to have, and still takes."""


def settled_mode() -> Mode:
    """`WANDB_MODE` where it is set, else online with a key (`WANDB_API_KEY` or `wandb login`) and offline without.

    Online only where the server answers and takes the key; otherwise a line on stderr says why it is offline.
    """
    asked = os.environ.get("WANDB_MODE", "").strip().lower()
    asked = _OTHER_NAMES.get(asked, asked)
    if asked in ("offline", "disabled"):
        return "offline" if asked == "offline" else "disabled"
    if asked not in ("", *get_args(Mode)):
        return _offline(f"WANDB_MODE is {asked!r}, none of {', '.join(get_args(Mode))}")
    server = os.environ.get("WANDB_BASE_URL", "").strip().rstrip("/") or _SERVER
    key = os.environ.get("WANDB_API_KEY", "").strip() or _logged_in(server)
    if not key:
        wanted = asked or "WANDB_API_KEY" in os.environ
        return _offline("there is no key: set WANDB_API_KEY, or run wandb login") if wanted else "offline"
    trouble = _trouble(server, key)
    return _offline(trouble) if trouble else "online"


def _offline(why: str) -> Mode:
    print(f"wandb: offline, because {why}; wandb sync uploads the run later", file=sys.stderr)
    return "offline"


def _logged_in(server: str) -> str:
    """The key that `wandb login` has left for the server, "" where there is none."""
    try:
        entry = netrc.netrc().authenticators(urlsplit(server).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return ""
    return entry[2] or "" if entry else ""


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
