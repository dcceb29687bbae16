"""An answer in the form that OpenAI's clients read: whole, in pieces, or the reason why there is none.

Answer("my-model", "Two and two.", "4", prompt_tokens=12, forced=forced).completion()
piece(envelope("my-model", "chat.completion.chunk"), {"content": "4"})
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from s1repro.scaling import Forced


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


def refusal(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """Why a request is not answered."""
    return {"error": {"message": message, "type": kind}}
