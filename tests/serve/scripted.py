"""A model that thinks and answers as written down, and the real application in front of an engine, in this process.

engine = ScriptedEngine(tokenizer, Says(fmt, "Two and two.\n", "4"), 500)
with serving(engine, fmt) as client:        # OpenAI's own
    client.chat.completions.create(model=MODEL, messages=QUESTION)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import openai
import uvicorn

from s1repro.chat import BoundFormat
from s1repro.encoding import plain_ids
from s1repro.engines import Engine
from s1repro.serve.server import build

MODEL = "scripted"
QUESTION: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "What is 2 plus 2?"}]


@dataclass
class Says:
    """What the model says next behind any ids: the rest of its thinking, or of its answer where that has begun."""

    fmt: BoundFormat
    thinking: str
    answer: str
    final_string: str = "Final Answer:"

    def __call__(self, ids: tuple[int, ...]) -> Iterator[int]:
        """For a `ScriptedEngine`."""
        answered = _behind(ids, self.fmt.closed_ids)
        if answered is None:
            said = _behind(ids, self.fmt.opening_ids)
            assert said is not None
            yield from [*plain_ids(self.fmt.tokenizer, self.thinking), *self.fmt.stop_ids][len(said) :]
        else:
            begun = self.fmt.piece_ids(self.final_string)
            said = answered[len(begun) :] if answered[: len(begun)] == begun else answered
            yield from [*plain_ids(self.fmt.tokenizer, self.answer), self.fmt.turn_end_id][len(said) :]


def _behind(ids: tuple[int, ...], opening: tuple[int, ...]) -> tuple[int, ...] | None:
    """What comes behind the last `opening`."""
    for end in range(len(ids), len(opening) - 1, -1):
        if ids[end - len(opening) : end] == opening:
            return ids[end:]
    return None


@contextmanager
def serving(engine: Engine, fmt: BoundFormat, *, key: str = "", slice_tokens: int = 4) -> Iterator[openai.OpenAI]:
    """The server on a port of its own while the block runs, and a client that asks once."""
    app = build(engine, fmt, MODEL, key, slice_tokens)
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="warning"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key or "none", max_retries=0) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=60)
    assert not thread.is_alive()
