"""The server: OpenAI's chat completions in front of any engine, with a thinking budget and Waits per request.

It listens on this machine alone unless told otherwise, and asks for a key where one is in the environment. The models
are listed at `/v1/models`; `/health` says that the server is up, not how the engine does. Other endpoints of OpenAI's
are not covered.

    python -m s1repro.serve recipe=demo serve.port=8080

    client = openai.OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="none")
    client.chat.completions.create(model=..., messages=[...], extra_body={"thinking_budget": 256, "waits": 1})
"""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from socket import socket
from typing import Any

import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s1repro.chat import FORMATS, BoundFormat
from s1repro.config import Config
from s1repro.engines import Engine, load_engine
from s1repro.serve.answering import answered
from s1repro.serve.chat import BadRequest, read_request, require_model
from s1repro.serve.delivery import events, whole
from s1repro.serve.reply import refusal
from s1repro.serve.room import fitted
from s1repro.strict import parse
from s1repro.trained import require_format


def run(config: Config) -> None:
    """Serve `checkpoint` until interrupted.

    Raises `ValueError`, before the engine starts, for an address where nobody can listen, and for a model or a format
    that is unfit.
    """
    _require_free(config.serve.host, config.serve.port)
    if not config.model.other_format:
        require_format(config.checkpoint, FORMATS[config.model.format], config.checkpoint_revision)
    trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
    engine = load_engine(config.engine, config.checkpoint, trusted, revision)
    fmt = FORMATS[config.model.format].bind(engine.tokenizer)
    key = os.environ.get(config.serve.key_env, "").strip()
    app = build(engine, fmt, config.checkpoint, key, config.serve.slice_tokens)
    listening = uvicorn.Config(app, config.serve.host, config.serve.port, log_level="warning")
    _Server(listening, config.checkpoint).run()


def _require_free(host: str, port: int) -> None:
    """Raise `ValueError` where the server could not listen: an engine may take minutes to start."""
    try:
        with closing(asyncio.new_event_loop()) as loop:  # asyncio.run would leave the engine without a current loop
            loop.run_until_complete(loop.create_server(asyncio.Protocol, host, port)).close()  # as uvicorn asks for it
    except OSError as error:
        raise ValueError(
            f"serve.host is {host} and serve.port {port}, where this cannot listen: {error.strerror}; give others, "
            "such as serve.port=0, which takes a free one"
        ) from error


class _Server(uvicorn.Server):
    """Says where it listens once it does: only then a free port is known."""

    def __init__(self, config: uvicorn.Config, model: str) -> None:
        super().__init__(config)
        self._model = model

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"serve: {self._model} at http://{self.config.host}:{port}/v1", flush=True)


def build(engine: Engine, fmt: BoundFormat, model: str, key: str, slice_tokens: int) -> Starlette:
    """The application; it closes the engine when it ends."""

    card = {"id": model, "object": "model", "created": int(time.time()), "owned_by": "s1repro"}
    card["max_model_len"] = engine.max_model_len  # as vLLM's servers say it

    async def models(request: Request) -> Response:
        _require_key(request, key)
        return JSONResponse({"object": "list", "data": [card]})

    async def the_model(request: Request) -> Response:
        _require_key(request, key)
        require_model(request.path_params["name"], model)
        return JSONResponse(card)

    async def health(request: Request) -> Response:
        return Response()

    async def chat(request: Request) -> Response:
        _require_key(request, key)
        asked = fitted(read_request(await _body(request), model), fmt, engine)
        if asked.stream:
            return EventSourceResponse(events(asked, fmt, engine, model, slice_tokens))
        return await whole(request, answered(asked, fmt, engine, model))

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        yield
        await engine.close()

    routes = [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", the_model),
        Route("/health", health),
        Route("/v1/chat/completions", chat, methods=["POST"]),
    ]
    handlers = {BadRequest: _refused, ClientDisconnect: _unheard}
    return Starlette(routes=routes, lifespan=life, exception_handlers=handlers)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequest)
    return JSONResponse(refusal(str(error)), status_code=error.status)


def _unheard(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it


async def _body(request: Request) -> Any:
    try:
        return parse(await request.body(), "the body", "send it as JSON")
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _require_key(request: Request, key: str) -> None:
    given = request.headers.get("Authorization", "")
    if key and not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
        raise BadRequest("this server wants a key, and this is not it", status=401)
