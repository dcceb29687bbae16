"""An answer on its way to the client: whole, or as server-sent events, for as long as the client is there.

An engine that fails is told to the client in OpenAI's form, with status 503 or as the last event of the stream, which
is named `error` and which no [DONE] follows; whoever runs the server reads it on stderr. Asking again is the client's
business.

return await whole(request, answered(asked, fmt, engine, "my-model"))
return EventSourceResponse(events(asked, fmt, engine, "my-model", slice_tokens=64))
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from s1repro.chat import BoundFormat
from s1repro.engines import Engine
from s1repro.reasons import first_line
from s1repro.serve.answering import told
from s1repro.serve.chat import Asked
from s1repro.serve.reply import Answer, envelope, piece, refusal


async def whole(request: Request, answering: Coroutine[Any, Any, Answer]) -> Response:
    """The answer. Raises `ClientDisconnect` where the client goes first; the answering does not go on then.

    A client that times out and asks again would leave one generation after the other behind.
    """
    working, leaving = asyncio.create_task(answering), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        if error := working.exception():
            return JSONResponse(_failure(error), status_code=503)
        return JSONResponse(working.result().completion())
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def events(
    asked: Asked, fmt: BoundFormat, engine: Engine, model: str, slice_tokens: int
) -> AsyncIterator[dict[str, str]]:
    """The events of a streamed answer."""
    head = envelope(model, "chat.completion.chunk")
    try:
        yield _event(piece(head, {"role": "assistant", "content": ""}))
        async with aclosing(told(asked, fmt, engine, model, slice_tokens)) as pieces:
            async for said in pieces:
                if isinstance(said, Answer):
                    yield _event(piece(head, {}, said.finish))
                    if asked.with_usage:
                        yield _event({**head, "choices": [], "usage": said.usage()})
                else:
                    field, text = said
                    yield _event(piece(head, {field: text}))
        yield {"data": "[DONE]"}
    except Exception as error:
        yield {"event": "error", **_event(_failure(error))}


def _event(data: dict[str, Any]) -> dict[str, str]:
    return {"data": json.dumps(data)}


def _failure(error: BaseException) -> dict[str, Any]:
    """What a client is told of an engine that failed; all of it goes to stderr, a user's mistake in one line."""
    line = first_line(error)
    if isinstance(error, ValueError):
        print(f"serve: {line}", file=sys.stderr, flush=True)
    else:
        traceback.print_exception(error)
    return refusal(f"the engine failed: {line}", "server_error")
