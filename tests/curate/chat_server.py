"""A chat endpoint on loopback that answers, fails, stalls, lies and dies as its script says.

It stands for an HTTP proxy too: what it is asked for another host it answers itself, and it lets no one through to an
encrypted one.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[int, dict[str, Any]], Any]
"""Request number (from 0) and body to a completion, `(status, body, headers)`, "stall", "trickle" or "reset"."""


def completion(content: str | None = "4", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion of 10 prompt and 20 completion tokens."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    return {"object": "chat.completion", "choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 20}}


class ChatServer(ThreadingHTTPServer):
    """Keeps what it was asked: `requests` are the bodies, `keys` the Authorization headers, `times` the arrivals.

    `passes` are the Proxy-Authorization headers.
    """

    daemon_threads = True
    block_on_close = False  # some replies never end

    def __init__(self, script: Script, host: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Handler)
        self.script, self.lock, self.stopping = script, threading.Lock(), threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.times: list[float] = []
        self.passes: list[str | None] = []
        self.paths: list[str] = []
        self.place = f"{f'[{host}]' if ':' in host else host}:{self.server_address[1]}"
        self.url = f"http://{self.place}/v1"

    def questions(self) -> list[str]:
        """What the user's turns said, in order of arrival."""
        return [body["messages"][-1]["content"] for body in self.requests]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append(body)
            self._note()
        said = self.server.script(number, body)
        if said == "reset":
            self.close_connection = True
        elif said == "stall":
            self.server.stopping.wait(60)
        elif said == "trickle":  # blanks for ever, as servers send while a question waits in a queue
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while not self.server.stopping.wait(0.05):
                self.wfile.write(b"1\r\n \r\n")
        else:
            self._say(*(said if isinstance(said, tuple) else (200, said, {})))

    def do_CONNECT(self) -> None:
        self._note()
        self._say(407, b"", {})

    def _note(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        self.server.passes.append(self.headers["Proxy-Authorization"])
        self.server.times.append(time.monotonic())
        self.server.paths.append(self.path)

    def _say(self, status: int, body: Any, headers: dict[str, str]) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving(script: Script, host: str = "127.0.0.1") -> Iterator[ChatServer]:
    """The server, while the block runs."""
    server = ChatServer(script, host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
