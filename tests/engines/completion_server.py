"""Stand-ins of the three servers at `/v1/completions`, each as strict as the real one where that matters.

The model is a toy: the next token follows from the last one and how many there are, and what it says is the same
wherever it is asked. `vllm` keeps to stops under `ignore_eos`; `sglang` switches them off with it and dies of an id it
does not know; both keep stops back for `min_tokens`. `trtllm` rejects unknown fields, gives ids only for `detokenize:
false`, and cuts a stop off unless told not to. Above temperature 0 a request draws from a stream of its seed, as vLLM's
and TensorRT-LLM's do. When one ends, so do its connections.

    with serving("vllm", vocab_size=400, eos=2) as server:
        server.url, server.requests

As a process of its own: `python -m tests.engines.completion_server vllm 400 2 SECONDS_PER_TOKEN NAME --port 8000`.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OPENAI = {"model", "prompt", "max_tokens", "temperature", "top_p", "seed", "stop"}
TRTLLM = OPENAI | {"stop_token_ids", "ignore_eos", "detokenize", "include_stop_str_in_output", "skip_special_tokens"}
TRTLLM.add("logit_bias")
Fault = Callable[[int], tuple[int, bytes, dict[str, str]] | None]


def toy(ids: Sequence[int], vocab_size: int) -> int:
    """The next token: never the same for long, and every token at some time."""
    return (ids[-1] * 31 + len(ids) * 17 + 7) % vocab_size


@dataclass
class Server:
    """What a stand-in heard, and how it misbehaves: `fault` may answer a request, by its number, in its place."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    fault: Fault = lambda number: None
    model: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    """What it tells at /server_info."""
    seen: list[list[int]] = field(default_factory=list)
    pace: float = 0.0
    """Seconds a token."""
    connections: set[socket.socket] = field(default_factory=set)


@contextmanager
def serving(
    kind: str, vocab_size: int, eos: int, name: str = "toy", max_model_len: int = 512, decode: Any = None, port: int = 0
) -> Iterator[Server]:
    """A stand-in of the server `kind` on the loopback interface. `decode` makes text of ids, for stop strings."""
    server = Server("", model={"id": name, "object": "model", "max_model_len": max_model_len})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            server.connections.add(self.connection)

        def finish(self) -> None:
            server.connections.discard(self.connection)
            super().finish()

        def do_GET(self) -> None:
            self.tell(200, server.info if self.path == "/server_info" else {"data": [server.model]})

        def do_POST(self) -> None:
            if self.path == "/reset_prefix_cache":
                server.seen.clear()
                self.tell(200, {})
                return
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(body)
            server.keys.append(self.headers["Authorization"])
            said = server.fault(len(server.requests))
            if said is not None:
                self.send(*said)
                return
            status, answer = complete(kind, body, vocab_size, eos, server, decode)
            self.tell(status, answer)

        def tell(self, status: int, answer: Any) -> None:
            self.send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

        def send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for header, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Silent."""

    class Quick(ThreadingHTTPServer):
        request_queue_size = 2048
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Silent: a client that is killed, or this server, cuts connections."""

    http = Quick(("127.0.0.1", port), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        for connection in list(server.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def complete(
    kind: str, body: dict[str, Any], vocab_size: int, eos: int, server: Server, decode: Any
) -> tuple[int, dict[str, Any]]:
    """The status and the answer to a request."""
    if kind == "trtllm" and (unknown := set(body) - TRTLLM):
        return 400, {"object": "error", "message": f"Extra inputs are not permitted: {sorted(unknown)}"}
    if body["model"] != server.model["id"]:
        return 404, {"message": f"The model {body['model']} does not exist."}
    prompt = body["prompt"]
    if max(prompt) >= vocab_size:
        assert kind != "sglang", "an id outside the vocabulary kills the real one"
        return 400, {"message": "Token id out of vocabulary"}
    ids, finish, ended_by = sample(kind, body, vocab_size, eos, decode)
    time.sleep(0.001 + server.pace * len(ids))
    if kind == "trtllm" and finish == "stop" and not body.get("include_stop_str_in_output"):
        ids = ids[: len(ids) - ended_by]
    cached = max((common(prompt, old) for old in server.seen), default=0)
    server.seen.append([*prompt, *ids])
    shows_ids = body.get("detokenize") is False if kind == "trtllm" else body.get("return_token_ids") is True
    choice = {"index": 0, "text": "" if kind == "trtllm" else "text", "finish_reason": finish}
    usage = {"prompt_tokens": len(prompt), "completion_tokens": len(ids)}
    usage |= {"prompt_tokens_details": {"cached_tokens": cached}}
    return 200, {"choices": [choice | ({"token_ids": ids} if shows_ids else {})], "usage": usage}


def sample(kind: str, body: dict[str, Any], vocab_size: int, eos: int, decode: Any) -> tuple[list[int], str, int]:
    """The tokens with the stop that ended them, why they end, and how many tokens spell that stop."""
    ids: list[int] = []
    ignores = body.get("ignore_eos", False)
    stops = set(body.get("stop_token_ids") or ()) if kind == "vllm" or not ignores else set()
    biased = {int(token) for token, bias in body.get("logit_bias", {}).items() if bias == -100}
    stream = random.Random(body["seed"])
    while len(ids) < body["max_tokens"]:
        token = stream.randrange(vocab_size) if body["temperature"] > 0 else toy([*body["prompt"], *ids], vocab_size)
        held_back = biased | ({*stops, eos} if len(ids) < body.get("min_tokens", 0) else set())
        while token in held_back:
            token = (token + 1) % vocab_size
        ids.append(token)
        if ids[-1] in stops or (ids[-1] == eos and not ignores):
            return ids, "stop", 1
        if decode and any(text in decode(ids) for text in body.get("stop") or ()):
            return ids, "stop", 1
    return ids, "length", 0


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def main() -> None:
    """Serve until the process is ended."""
    kind, vocab_size, eos, pace, name, _, port = sys.argv[1:]
    with serving(kind, int(vocab_size), int(eos), name, port=int(port)) as server:
        server.pace = float(pace)
        threading.Event().wait()


if __name__ == "__main__":
    main()
