"""The protocol of `/v1/completions` in token ids: what all servers are told, a request, and what comes back.

body = request(settings, "my-model", ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())
read(settings, response).token_ids
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from s1repro.endpoint import Unreadable, error_message
from s1repro.engines.base import EngineSettings, Sampling, Stop
from s1repro.engines.checked import Sampled
from s1repro.settings.checks import is_address, require_at_least_one, require_variable


@dataclass
class ServerSettings(EngineSettings):
    """What all servers are told: a profile adds the fields of its requests, and reads its ids."""

    ids_need: ClassVar[str]
    """What it takes for ids to come back, for whoever gets none."""
    spare_tokens: ClassVar[int] = 0
    """Tokens of the length it was started for that the server keeps to itself."""

    urls: list[str] = field(default_factory=lambda: ["http://127.0.0.1:8000"])
    """Where servers of the checkpoint answer, without `/v1`: one, or a fleet."""
    model: str = ""
    """The checkpoint's name there, where it is another than the checkpoint's own."""
    key_env: str = "S1REPRO_ENGINE_KEY"
    """Name of the environment variable that holds the key; a server that wants none needs none set."""
    timeout: float = 1800.0
    """Seconds until a completion has to be there whole."""
    retries: int = 16
    """How often a request is sent again after a fault that may pass, with pauses of 1, 2, 4, ... up to 60 seconds: for
    five to eleven minutes, in which a server can be started again."""
    loading_seconds: float = 600.0
    """How long a server that is still starting is waited for."""

    @property
    def precision(self) -> str:
        """See `EngineSettings.precision`: the server's own affair, so its samples are a curve of their own."""
        return self.name

    def check(self) -> None:
        """See `EngineSettings.check`."""
        super().check()
        if not self.urls or not all(map(is_address, self.urls)):
            raise ValueError("engine.urls needs http addresses without a password, such as [http://127.0.0.1:8000]")
        require_variable("engine.key_env", self.key_env)
        require_at_least_one("engine", self, "retries")
        if not self.timeout > 0:
            raise ValueError(f"engine.timeout is {self.timeout}; give more than 0 seconds")

    def fields(self, stop: Stop) -> dict[str, Any]:
        """The fields of a request that are this server's own: stops, and that ids come back.

        Where a server keeps no stop back by itself, fewer `max_tokens` than were asked for; the rest is asked for then.
        """
        raise NotImplementedError

    def note(self, told: Callable[[str], Mapping[str, Any]]) -> str:
        """What of this server a user should know before it samples, or ""; `told` gets what it tells at a path."""
        return ""

    def ids_of(self, choice: Mapping[str, Any]) -> Any:
        """Where a choice of the answer has its token ids."""
        return choice.get("token_ids")


class NoCompletion(Unreadable):
    """The server's text is no completion with token ids; the message says how."""

    what = "a completion with token ids"


def request(
    settings: ServerSettings, model: str, ids: Sequence[int], max_tokens: int, stop: Stop, sampling: Sampling
) -> dict[str, Any]:
    """The body of a request to `/v1/completions`."""
    return {
        "model": model,
        "prompt": list(ids),
        "max_tokens": max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        **settings.fields(stop),
    }


def read(settings: ServerSettings, body: bytes) -> Sampled:
    """The ids of a completion. Raises `NoCompletion` for what is none, whatever its status said."""
    try:
        data = json.loads(body)
        choice = data["choices"][0]
        ids = settings.ids_of(choice)
    except (ValueError, RecursionError, KeyError, IndexError, TypeError, AttributeError):
        raise NoCompletion(error_message(body) or "no choice") from None
    if not isinstance(ids, list) or not all(type(token) is int for token in ids):
        raise NoCompletion(f"no token ids: it takes {settings.ids_need}")
    usage = data.get("usage")
    details = (usage if isinstance(usage, dict) else {}).get("prompt_tokens_details")
    cached = (details if isinstance(details, dict) else {}).get("cached_tokens")
    return Sampled(tuple(ids), cached if type(cached) is int else 0)
