"""wandb's server on this machine, as far as the project asks it: who a key belongs to, and layouts that are saved.

with serving() as server:           # server.url for WANDB_BASE_URL, KEY is the key that it knows
    server.saved                    # the layouts, as the variables of the mutation that saves one
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef0123456789abcdef01234567"


class WandbServer(ThreadingHTTPServer):
    """Answers with `status` after `stalls` seconds, and refuses to save a layout where it has a `refusal`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.stalls, self.refusal = 200, 0.0, ""
        self.saved: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, query: str, variables: dict[str, Any], known: bool) -> dict[str, Any]:
        """What GraphQL gives for `query`, of a key that is `known` or not."""
        if "upsertView" in query and self.refusal:
            return {"data": None, "errors": [{"message": self.refusal}]}
        if "upsertView" in query:
            self.saved.append(variables)
            return {"data": {"upsertView": {"view": {"id": "1", "name": variables["name"]}, "inserted": True}}}
        me = {"id": "me", "entity": "somebody", "username": "somebody", "flags": "{}", "teams": {"edges": []}}
        return {"data": {"viewer": me if known else None}}


class _Handler(BaseHTTPRequestHandler):
    server: WandbServer

    def do_POST(self) -> None:
        time.sleep(self.server.stalls)
        told = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/graphql":  # what wandb's own process reports of itself
            self.send_error(404)
            return
        asked = json.loads(told)
        known = base64.b64decode(self.headers["Authorization"].split()[1]).decode() == f"api:{KEY}"
        body = json.dumps(self.server.answer(asked["query"], asked.get("variables") or {}, known)).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def serving() -> Iterator[WandbServer]:
    """The server, at a port of its own."""
    server = WandbServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
