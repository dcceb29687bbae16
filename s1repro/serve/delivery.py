"""An answer on its way to the client: whole, or as server-sent events, for as long as the client is there.

return await whole(request, answered(asked, fmt, engine, "my-model"))
return EventSourceResponse(events(asked, fmt, engine, "my-model", slice_tokens=16))
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from s1repro.chat import BoundFormat
from s1repro.engines import Engine
from s1repro.serve.answering import told
from s1repro.serve.chat import Asked
from s1repro.serve.reply import Answer, envelope, piece


async def whole(request: Request, answering: Coroutine[Any, Any, Answer]) -> Response:
    """The answer. Raises `ClientDisconnect` where the client goes first; the answering does not go on then.

    A client that times out and asks again would leave one generation after the other behind.
    """
    working, leaving = asyncio.create_task(answering), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return JSONResponse(working.result().completion())
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def events(asked: Asked, fmt: BoundFormat, engine: Engine, model: str, slice_tokens: int) -> AsyncIterator[str]:
    """The data of a streamed answer's events."""
    head = envelope(model, "chat.completion.chunk")
    yield json.dumps(piece(head, {"role": "assistant", "content": ""}))
    async with aclosing(told(asked, fmt, engine, model, slice_tokens)) as pieces:
        async for said in pieces:
            if isinstance(said, Answer):
                yield json.dumps(piece(head, {}, said.finish))
                if asked.with_usage:
                    yield json.dumps({**head, "choices": [], "usage": said.usage()})
            else:
                field, text = said
                yield json.dumps(piece(head, {field: text}))
    yield "[DONE]"
