"""A chat request with a thinking budget, as OpenAI's clients send it.

One user's turn is answered, by the checkpoint's own thinking format. Beside the fields that OpenAI has, a request may
hold `thinking_budget` (tokens of thinking; left out, all that fits) and `waits` (how often the end of thinking becomes
a Wait). How they go together with OpenAI's own bound is `s1repro.serve.room`. Conversations, system prompts, tools and
several choices are not covered and refused.

    asked = read_request({"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "thinking_budget": 64})
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from s1repro.engines.base import Sampling
from s1repro.scaling import Budget

KNOWN = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stream", "user"}
"""OpenAI's fields that are taken; `n` may be 1, `stream_options` is heeded."""
OWN = {"thinking_budget", "waits"}
SEEDS = 2**31
"""So many there are; a request without one draws its own."""


class BadRequest(Exception):
    """What a request asks for cannot be given; the message says why, `status` is HTTP's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """A request that can be answered."""

    question: str
    budget: Budget
    sampling: Sampling
    most_tokens: int | None
    """Of thinking and answer together."""
    stream: bool
    with_usage: bool


def read_request(body: Any, model: str) -> Asked:
    """A request's meaning. Raises `BadRequest` for what is not taken, by its name."""
    if not isinstance(body, dict):
        raise BadRequest("the body is no JSON object")
    unknown = sorted(set(body) - KNOWN - OWN - {"n", "stream_options"})
    if unknown:
        raise BadRequest(f"{unknown[0]} is not supported")
    if body.get("model") != model:
        raise BadRequest(f"no model {body.get('model')!r}; this server has {model}", status=404)
    if body.get("n", 1) != 1:
        raise BadRequest("n: one choice at a time")
    most = _number(body, "max_completion_tokens", int, 1) or _number(body, "max_tokens", int, 1)
    budget = Budget(_number(body, "thinking_budget", int, 1), waits=_number(body, "waits", int, 0) or 0)
    seed = _number(body, "seed", int, 0, SEEDS - 1)
    sampling = Sampling(
        temperature=_number(body, "temperature", float, 0) or 0.0,
        top_p=_number(body, "top_p", float, 1e-6, 1.0) or 1.0,
        seed=secrets.randbelow(SEEDS) if seed is None else seed,
    )
    options = body.get("stream_options") or {}
    usage = isinstance(options, dict) and options.get("include_usage") is True
    return Asked(_question(body.get("messages")), budget, sampling, most, body.get("stream") is True, usage)


def _number(body: dict[str, Any], name: str, kind: type, least: float, most: float = float("inf")) -> Any:
    value = body.get(name)
    if value is None:
        return None
    kinds = (int, float) if kind is float else (int,)
    if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
        raise BadRequest(
            f"{name} is {value!r}; give {'a number' if kind is float else 'a whole number'} from {least:g}"
        )
    return value


def _question(messages: Any) -> str:
    """The text of the one user's turn."""
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        raise BadRequest("messages: give one message, the user's question")
    role, content = messages[0].get("role"), messages[0].get("content")
    if isinstance(content, list):  # OpenAI's parts
        texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = "".join(map(str, texts)) if len(texts) == len(content) else None
    if role != "user" or not isinstance(content, str) or not content.strip():
        raise BadRequest("messages: give one message, the user's question as text")
    return content
