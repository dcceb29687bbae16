"""A server is asked what it is before it is asked for anything else.

It may still be loading, and is waited for. Then: which models it has, for how many tokens, and whether a completion
comes back as token ids. What cannot work is refused in one line that says what to change. A server that has a model of
another name than the checkpoint's is not taken for it unless `engine.model` says so.

    probe(VllmServer(), "http://127.0.0.1:8000", "runs/demo/train/checkpoint")      # the model's name there
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from s1repro.endpoint import PASSING, error_message, one_line
from s1repro.engines.base import Sampling, Stop
from s1repro.engines.completions import NoCompletion, ServerSettings, read, request

PAUSE = 1.0
"""Seconds between two looks at a server that is loading."""
_TOLD_EVERY = 15.0
"""Seconds between two lines that say so."""
_LISTING_SECONDS = 30.0
"""How long the list of the models may take; one that hangs is looked at again."""
_ANY_TOKEN = 1
"""A prompt that every vocabulary has."""


def probe(settings: ServerSettings, url: str, checkpoint: str) -> str:
    """The name of `checkpoint` at the server at `url`. Raises `ValueError` where it is of no use, and says why."""
    key = _key(settings)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    deadline = time.monotonic() + settings.loading_seconds
    try:
        with httpx2.Client(base_url=url.rstrip("/"), headers=headers, timeout=settings.timeout) as client:
            listing = partial(client.get, "/v1/models", timeout=min(settings.timeout, _LISTING_SECONDS))
            models = _listed(_loaded(listing, settings, url, deadline), settings, url)
            entry = _entry(models, settings, url, checkpoint)
            body = request(settings, entry["id"], [_ANY_TOKEN], 1, Stop(), Sampling())
            completing = partial(client.post, "/v1/completions", json=body)
            _require_ids(_loaded(completing, settings, url, deadline), settings, url)
            if note := settings.note(partial(_told, client)):
                print(f"engine: {url}: {note}", file=sys.stderr)
    except httpx2.InvalidURL as error:
        raise ValueError(f"engine.urls has {url!r}: {error}") from None
    return str(entry["id"])


def _loaded(
    send: Callable[[], httpx2.Response], settings: ServerSettings, url: str, deadline: float
) -> httpx2.Response:
    """The first answer that is not one of a server that is still loading, or has no place free."""
    told = time.monotonic()
    while True:
        try:
            response = send()
            if response.status_code < 500 and response.status_code not in PASSING:
                return response
            why = _status(response, settings)
        except httpx2.RequestError as error:
            why = type(error).__name__
        if time.monotonic() >= deadline:
            raise ValueError(
                f"engine: {url} does not answer ({why}); start it, or check engine.urls (it was waited for "
                f"{settings.loading_seconds:g} s: engine.loading_seconds)"
            )
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            print(f"engine: waiting for {url} ({why}), {deadline - told:.0f} s to go", file=sys.stderr)
        time.sleep(PAUSE)


def _told(client: httpx2.Client, path: str) -> dict[str, Any]:
    """What a server tells of itself at `path`; nothing where it does not."""
    try:
        said = client.get(path, timeout=_LISTING_SECONDS).json()
    except (httpx2.RequestError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _key(settings: ServerSettings) -> str:
    return os.environ.get(settings.key_env, "").strip()


def _status(response: httpx2.Response, settings: ServerSettings) -> str:
    """An answer's status, and what the server says to it."""
    said = one_line(error_message(response.content), _key(settings))
    return f"HTTP {response.status_code}: {said}" if said else f"HTTP {response.status_code}"


def _listed(response: httpx2.Response, settings: ServerSettings, url: str) -> list[Any]:
    if response.status_code in (401, 403):
        raise ValueError(
            f"engine: {url} refuses the key (HTTP {response.status_code}); set the environment variable "
            f"{settings.key_env}"
        )
    try:
        models = response.json()["data"]
        if response.is_success and isinstance(models, list) and all(isinstance(entry["id"], str) for entry in models):
            return models
    except (ValueError, KeyError, TypeError):
        pass
    said = f"HTTP {response.status_code} at /v1/models"
    raise ValueError(f"engine: {url} is no OpenAI-compatible server ({said}); check engine.urls")


def _entry(models: list[Any], settings: ServerSettings, url: str, checkpoint: str) -> Any:
    """The entry of the model that is wanted, which must take as many tokens as are asked for."""
    wanted = settings.model or checkpoint
    same = [entry for entry in models if _is(entry, wanted)]
    if not same:
        names = ", ".join(entry["id"] for entry in models) or "none"
        raise ValueError(
            f"engine: {url} has no model {wanted} (it has: {names}); if one of these is it, give its name as "
            f"engine.model"
        )
    entry = same[0]
    length, needed = entry.get("max_model_len"), settings.max_model_len + settings.spare_tokens
    if type(length) is int and length < needed:
        kept = f", of which it keeps {settings.spare_tokens} to itself" if settings.spare_tokens else ""
        raise ValueError(
            f"engine: {url} serves {entry['id']} for {length} tokens{kept}, and engine.max_model_len is "
            f"{settings.max_model_len}: lower that, or start the server for {needed}"
        )
    return entry


def _is(entry: Any, wanted: str) -> bool:
    """Whether an entry is the model of that name; servers that were started on a folder say which in `root`."""
    names = [entry["id"], entry.get("root")]
    folders = [Path(name).resolve() for name in names if isinstance(name, str) and Path(name).is_dir()]
    return wanted in names or (Path(wanted).is_dir() and Path(wanted).resolve() in folders)


def _require_ids(response: httpx2.Response, settings: ServerSettings, url: str) -> None:
    """Raise `ValueError` where one token was asked for and it did not come back as an id."""
    if not response.is_success:
        raise ValueError(f"engine: {url} refuses a request of {settings.name} ({_status(response, settings)})")
    try:
        read(settings, response.content)
    except NoCompletion as lie:
        raise ValueError(f"engine: {url} gives {lie}; or choose the engine that it is") from None
