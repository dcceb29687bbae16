"""A chat request with a thinking budget, and the answer in the form that OpenAI's clients read.

One user's turn is answered, by the checkpoint's own thinking format. Beside the fields that OpenAI has, a request may
hold `thinking_budget` (tokens of thinking; left out, all that fits) and `waits` (how often the end of thinking becomes
a Wait). How they go together with OpenAI's own bound is `s1repro.serve.room`. Conversations, system prompts, tools and
several choices are not covered and refused.

    asked = read_request({"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "thinking_budget": 64})
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

from s1repro.engines.base import Sampling
from s1repro.scaling import Budget, Forced

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


@dataclass(frozen=True)
class Answer:
    """What came of a request: the texts of thinking and answer, and their account."""

    model: str
    reasoning: str
    content: str
    prompt_tokens: int
    forced: Forced

    def completion(self) -> dict[str, Any]:
        """The whole of it, as a chat completion."""
        message = {"role": "assistant", "content": self.content, "reasoning_content": self.reasoning}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return {**envelope(self.model, "chat.completion"), "choices": [choice], "usage": self.usage()}

    @property
    def finish(self) -> str:
        """OpenAI's word for why it ended."""
        return "length" if self.forced.answer_cut else "stop"

    def usage(self) -> dict[str, Any]:
        """The account in OpenAI's terms; how the thinking ended is ours."""
        thinking, answer = len(self.forced.thinking_ids), len(self.forced.answer_ids)
        details = {"reasoning_tokens": thinking, "waits": self.forced.waits_used, "thinking_ended": self.forced.finish}
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": thinking + answer,
            "total_tokens": self.prompt_tokens + thinking + answer,
            "completion_tokens_details": details,
        }


def envelope(model: str, kind: str) -> dict[str, Any]:
    """What all answers begin with."""
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def piece(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One piece of a streamed answer."""
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
