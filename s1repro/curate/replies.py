r"""What a chat completion holds: the thinking, the answer, why it ended, and what it cost.

Servers hand thinking over in four ways, all read here: `reasoning_content` (DeepSeek, older vLLM, SGLang), `reasoning`
(OpenRouter, newer vLLM), `<think>...</think>` inside the content (the opening tag may be missing, as DeepSeek's
template writes it into the prompt), and plain text. In plain text the answer is the last paragraph that holds a
`\boxed{...}` or "Answer:", with the lines that lead up to it and all that follows; what stands before is the trace.
Streams, tool calls and several choices are not covered.

    reply = read_reply(response.content)
    answer = split(reply)           # Answer(trace="...", attempt="...", failure="")
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from s1repro.endpoint import Unreadable, error_message
from s1repro.strict import repaired

OPEN, CLOSE = "<think>", "</think>"

_FINAL = re.compile(r"\\boxed\s*\{|\banswer\b[*_\s]*:", re.IGNORECASE)
"""Where a final answer stands in plain text."""
_LEAD = re.compile(r"\s*(#.*|\*\*.*\*\*|.*:[*_\s]*|\\\[|\$\$)\s*")
"""A line that only leads up to what follows: a heading, one that ends in a colon, the start of a formula."""
_ENDED = ("stop", "eos_token", "stop_sequence", None)
"""Finish reasons of a whole reply; some servers give none."""


class NotACompletion(Unreadable):
    """The server's text is no chat completion; the message says how."""

    what = "a chat completion"


@dataclass(frozen=True)
class Reply:
    """A chat completion as it came, with the tokens that the server says it cost (0 where it does not say)."""

    reasoning: str
    content: str
    finish: str | None
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class Answer:
    """A reply as a trace and an attempt, or else why it is of no use."""

    trace: str = ""
    attempt: str = ""
    failure: str = ""


def read_reply(body: str | bytes) -> Reply:
    """The first choice of a chat completion. Raises `NotACompletion` for what is none, whatever its status said."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise NotACompletion("not JSON") from None
    if isinstance(data, dict) and data.get("error"):
        raise NotACompletion(error_message(body))
    choices = data.get("choices") if isinstance(data, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise NotACompletion("no choice with a message")
    texts = {name: message.get(name) for name in ("reasoning_content", "reasoning", "content")}
    for name, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise NotACompletion(f"the message's {name} is no text")
    finish = choice.get("finish_reason")
    if finish is not None and not isinstance(finish, str):
        raise NotACompletion("finish_reason is no text")
    return Reply(
        reasoning=repaired(texts["reasoning_content"] or texts["reasoning"] or ""),
        content=repaired(texts["content"] or ""),
        finish=None if finish is None else repaired(finish),
        prompt_tokens=_count(data, "prompt_tokens"),
        completion_tokens=_count(data, "completion_tokens"),
    )


def marks_thinking(reply: Reply) -> bool:
    """Whether the reply tells its thinking from its answer."""
    return bool(reply.reasoning.strip()) or OPEN in reply.content or CLOSE in reply.content


def split(reply: Reply) -> Answer:
    """The trace and the attempt of a reply, or the reason why it has none.

    A reply that was cut is of no use in any part: its trace would teach a model to think without an end.
    """
    if reply.finish == "length":
        return Answer(failure="cut at max_tokens")
    if reply.finish not in _ENDED:
        return Answer(failure=f"ended by {reply.finish}")
    if reply.reasoning.strip():
        trace, attempt = reply.reasoning, reply.content.rpartition(CLOSE)[2]
    elif marks_thinking(reply):
        trace, end, attempt = reply.content.partition(CLOSE)
        if not end:
            return Answer(failure="its thinking never ended")
        trace = trace.partition(OPEN)[2] if OPEN in trace else trace
    else:
        return _split_plain(reply.content)
    if not trace.strip() or not attempt.strip():
        return Answer(failure="no thinking before the answer" if attempt.strip() else "no answer after the thinking")
    return Answer(trace.strip(), attempt.strip())


def _split_plain(text: str) -> Answer:
    """Plain text, cut in front of its final answer: at a paragraph, or at a line where there is only one."""
    text = text.strip()
    marks = list(_FINAL.finditer(text))
    if not marks:
        return Answer(failure="no final answer in plain text" if text else "an empty reply")
    for gap in (r"\n\s*\n", r"\n"):
        starts = [0, *(match.end() for match in re.finditer(gap, text))]
        place = max(index for index, start in enumerate(starts) if start <= marks[-1].start())
        while place > 0 and _LEAD.fullmatch(text[starts[place - 1] : starts[place]].rstrip()):
            place -= 1
        trace, attempt = text[: starts[place]].strip(), text[starts[place] :].strip()
        if trace:
            return Answer(trace, attempt)
    return Answer(failure="no thinking before the answer")


def _count(data: dict[str, Any], name: str) -> int:
    """A count of the reply's `usage`; what is no count is 0: an answer is not lost for its bill."""
    usage = data.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else 0
    return count if type(count) is int and 0 < count < 10**9 else 0
