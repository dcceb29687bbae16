"""A stand-in for the Hugging Face hub on this machine: what its client asks for a data set's files, and no more.

Each data set is a folder, which is `main` and the one commit there is. `asked` holds the paths of all requests.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

COMMIT = hashlib.sha1(b"the only commit").hexdigest()


@dataclass
class Hub:
    """`sets` by id, their `commits` where not `COMMIT`.

    Those of `gated` may be looked at and not fetched; with `broken` every answer is an error 500.
    """

    sets: dict[str, Path]
    commits: dict[str, str] = field(default_factory=dict)
    gated: tuple[str, ...] = ()
    broken: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path such as `/api/datasets/org/name/tree/<commit>`."""
        if self.broken:
            return 500, {}, b""
        parts = path.strip("/").split("/")
        api = parts[0] == "api"
        parts = parts[2:] if api else parts[1:]
        name, rest = "/".join(parts[:2]), parts[2:]
        if name not in self.sets:
            return 401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}, b""
        commit = self.commits.get(name, COMMIT)
        if len(rest) > 1 and rest[1] not in (commit, "main"):
            return 404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": f"Invalid rev id: {rest[1]}"}, b""
        if api and rest[0] == "revision":
            return 200, {}, json.dumps({"id": name, "sha": commit}).encode()
        files = {path.relative_to(self.sets[name]).as_posix(): path for path in self.sets[name].rglob("*.*")}
        if api and rest[0] == "tree":
            entries = [
                {"type": "file", "path": file, "size": path.stat().st_size, "oid": _oid(path)}
                for file, path in files.items()
            ]
            return 200, {}, json.dumps(entries).encode()
        assert rest[0] == "resolve", path
        if name in self.gated:
            return 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": f"Access to {name} is restricted"}, b""
        file = files["/".join(rest[2:])]
        return 200, {"X-Repo-Commit": commit, "ETag": f'"{_oid(file)}"'}, file.read_bytes()


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """The hub at `hub.url` on the loopback interface, for the time of a `with`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0])
            hub.asked.append(path)
            status, headers, body = hub.answer(path)
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
