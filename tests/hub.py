"""A hub of data sets and models on this machine, as far as its clients ask it: files of a commit, gated or not.

A process reads HF_ENDPOINT once, when it imports the hub's client, so ask from one that is started for it:

    with serving({"me/set": Repo(folder, commit="a" * 40)}) as endpoint:
        subprocess.run(command, env={"HF_ENDPOINT": endpoint})
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Repo:
    """A data set or a model: the files of `folder`, at its newest commit; `token` is asked for where it is gated.

    `older` are folders by commits from before.
    """

    folder: Path
    commit: str
    token: str = ""
    older: Mapping[str, Path] = field(default_factory=dict)

    def at(self, revision: str) -> Repo | None:
        """As it is at `revision`, a commit or `main`; None where there is none."""
        if revision in ("main", self.commit):
            return self
        return replace(self, folder=self.older[revision], commit=revision) if revision in self.older else None


@contextmanager
def serving(repos: Mapping[str, Repo]) -> Iterator[str]:
    """Serve `repos` on the loopback interface; the endpoint's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.respond()

        def do_GET(self) -> None:
            self.respond()

        def do_POST(self) -> None:
            self.respond(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

        def respond(self, body: bytes = b"") -> None:
            path = unquote(urlsplit(self.path).path).strip("/").split("/")
            path = path[path[0] == "api" :]
            path = path[path[0] in ("datasets", "models") :]  # a model's files are right at its name
            owner, name, action, revision, *rest = [*path, "", "", "", ""]
            repo = repos.get(f"{owner}/{name}")
            if repo is None:
                self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif repo.token and self.headers["Authorization"] != f"Bearer {repo.token}":
                self.send(401, b"", {"X-Error-Code": "GatedRepo"})
            elif (repo := repo.at(revision)) is None:
                self.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            elif action == "resolve":
                file = repo.folder / "/".join(rest).rstrip("/")
                data = file.read_bytes() if file.is_file() else b""
                found = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"'} if data else {"X-Error-Code": "EntryNotFound"}
                self.send(200 if data else 404, data, {"X-Repo-Commit": repo.commit, **found})
            else:
                asked = json.loads(body)["paths"] if body.startswith(b"{") else None
                self.tell(repo, action, asked if action == "paths-info" else ["/".join(rest).rstrip("/")])

        def tell(self, repo: Repo, action: str, paths: list[str]) -> None:
            """What the hub's API says of a repository, one folder of its tree, or some of its paths."""
            entries = [path for path in repo.folder.rglob("*")]
            if action == "tree":
                within = repo.folder / paths[0]
                deep = "recursive=true" in urlsplit(self.path).query.lower()
                entries = [path for path in entries if path.parent == within or (deep and within in path.parents)]
            elif action == "paths-info":
                entries = [path for path in entries if str(path.relative_to(repo.folder)) in paths]
            told = [
                {
                    "type": "file" if path.is_file() else "directory",
                    "path": str(path.relative_to(repo.folder)),
                    "size": path.stat().st_size,
                    "oid": "0" * 40,
                }
                for path in entries
            ]
            info = {"id": "x/y", "sha": repo.commit, "siblings": [{"rfilename": entry["path"]} for entry in told]}
            answer = json.dumps(info if action == "revision" else told)
            self.send(200, answer.encode(), {"Content-Type": "application/json"})

        def send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
