"""A chat request with a thinking budget, as OpenAI's clients send it.

One user's turn is answered, by the checkpoint's own thinking format. Beside the fields that OpenAI has, a request may
hold `thinking_budget` (tokens of thinking; left out, all that fits) and `waits` (how often the end of thinking becomes
a Wait). How they go together with OpenAI's own bound is `s1repro.serve.room`. Temperature is 0 where none is given, and
`stop` ends the answer, whatever the thinking says. Conversations, system prompts, tools, several choices and all else
that is not taken are refused by name, and nothing is passed over.

    asked = read_request({"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "thinking_budget": 64})
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from s1repro.engines.base import Sampling
from s1repro.scaling import Budget

KNOWN = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop", "user"}
KNOWN |= {"stream", "stream_options"}
"""OpenAI's fields that are taken; `user` changes nothing."""
OWN = {"thinking_budget", "waits"}
IDLE: dict[str, Any] = {
    "n": 1,
    "logprobs": False,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "response_format": {"type": "text"},
}
"""What fields that are not taken hold where they ask for nothing; null does so in all."""
INSTEAD = {
    "n": ": send as many requests, each without a seed draws a sample of its own",
    "reasoning_effort": ": thinking_budget says how many tokens",
}
"""What to do in place of some that are refused."""
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
    stop: tuple[str, ...]
    """Strings that the answer ends before."""
    stream: bool
    with_usage: bool


def read_request(body: Any, model: str) -> Asked:
    """A request's meaning. Raises `BadRequest` for what is not taken, by its name."""
    if not isinstance(body, dict):
        raise BadRequest("the body is no JSON object")
    body = {name: value for name, value in body.items() if value is not None and IDLE.get(name) != value}
    if unknown := sorted(set(body) - KNOWN - OWN):
        raise BadRequest(f"{unknown[0]} is not supported{INSTEAD.get(unknown[0], '')}")
    require_model(body.get("model"), model)
    budget = Budget(_number(body, "thinking_budget", int, 1), waits=_number(body, "waits", int, 0) or 0)
    seed = _number(body, "seed", int, 0, SEEDS - 1)
    sampling = Sampling(
        temperature=_number(body, "temperature", float, 0) or 0.0,
        top_p=_number(body, "top_p", float, 1e-6, 1.0) or 1.0,
        seed=secrets.randbelow(SEEDS) if seed is None else seed,
    )
    _require_drawn(body, sampling)
    stream, most = _flag(body, "stream"), _most_tokens(body)
    question, stop = _question(body.get("messages")), _stop(body.get("stop", []))
    return Asked(question, budget, sampling, most, stop, stream, _with_usage(body.get("stream_options"), stream))


def require_model(asked: Any, model: str) -> None:
    """Raise `BadRequest` where another model is asked for than there is."""
    if asked != model:
        raise BadRequest(f"no model {asked!r}; this server has {model}", status=404)


def _flag(options: dict[str, Any], name: str) -> bool:
    value = options.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} is {value!r}; give true or false")
    return value is True


def _with_usage(options: Any, stream: bool) -> bool:
    """Whether a stream ends with its usage."""
    if options is None:
        return False
    if not stream or not isinstance(options, dict):
        raise BadRequest("stream_options: give an object, for a stream")
    if unknown := sorted(set(options) - {"include_usage"}):
        raise BadRequest(f"stream_options.{unknown[0]} is not supported")
    return _flag(options, "include_usage")


def _stop(stop: Any) -> tuple[str, ...]:
    strings = [stop] if isinstance(stop, str) else stop
    if not isinstance(strings, list) or not all(isinstance(string, str) and string for string in strings):
        raise BadRequest("stop: give a string or a list of them, none of them empty")
    return tuple(strings)


def _number(body: dict[str, Any], name: str, kind: type, least: float, most: float = float("inf")) -> Any:
    value = body.get(name)
    if value is None:
        return None
    kinds = (int, float) if kind is float else (int,)
    if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
        bounds = f"from {least:g}" + (f" to {most:.10g}" if most < float("inf") else "")
        raise BadRequest(f"{name} is {value!r}; give {'a number' if kind is float else 'a whole number'} {bounds}")
    return value


def _most_tokens(body: dict[str, Any]) -> int | None:
    """The bound on thinking and answer, which has two names."""
    given = {_number(body, name, int, 1) for name in ("max_completion_tokens", "max_tokens")} - {None}
    if len(given) > 1:
        raise BadRequest(
            f"max_completion_tokens is {body['max_completion_tokens']} and max_tokens {body['max_tokens']}, and they "
            "are one bound; give one of them"
        )
    return given.pop() if given else None


def _require_drawn(body: dict[str, Any], sampling: Sampling) -> None:
    """Refuse a `top_p` that would narrow nothing. Who says temperature 0 beside it means that."""
    if "temperature" not in body and sampling.top_p < 1:
        raise BadRequest(
            f"top_p is {sampling.top_p}, and at temperature 0, which is taken where none is given, nothing is drawn; "
            "give a temperature too"
        )


def _question(messages: Any) -> str:
    """The text of the one user's turn."""
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        raise BadRequest("messages: give one message, the user's question")
    role, content = messages[0].get("role"), messages[0].get("content")
    if isinstance(content, list):  # OpenAI's parts
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        texts = [text for text in parts if isinstance(text, str)]
        content = "".join(texts) if len(texts) == len(content) else None
    if role != "user" or not isinstance(content, str) or not content.strip():
        raise BadRequest("messages: give one message, the user's question as text")
    return content
