"""Run folders: journals that survive a kill, files that are whole or absent, a manifest that is written last.

A stage may be killed at any moment and started again. Work in progress goes line by line into a `Journal`,
results are written atomically, and `finish` marks the folder as done for one fingerprint of its inputs, so that
the next start returns at once. What goes into a fingerprint is the stage's business; locking of whole run folders,
and files on object stores, are not covered.

    folder = stage_folder(config.runs, config.name, "curate")
    mark = fingerprint({"pool": file_sha256(pool), "selection": config.selection})
    if not is_done(folder, mark):
        write_jsonl(folder / "s1k.jsonl", rows)
        finish(folder, mark, ["s1k.jsonl"], {"rows": len(rows)})
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from s1repro.strict import parse

MANIFEST = "manifest.json"
"""Name of the file that marks a stage's folder as done."""


def stage_folder(runs: str | Path, name: str, stage: str) -> Path:
    """`<runs>/<name>/<stage>`, which is not made here. Raises `ValueError` when `name` is not a plain folder name."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        raise ValueError(f"name: {name!r} cannot name a run; use letters, digits, '.', '_' and '-'")
    return Path(runs) / name / stage


@dataclass(frozen=True, slots=True)
class Line:
    """Where a line of a journal stands: its first byte, and how many it has."""

    path: Path
    offset: int
    size: int


class Journal:
    """An append-only JSONL file for work in progress, one finished piece a line.

    Each line is handed to the operating system before `append` returns, so killing the process loses at most the
    line being written; that torn line is cut off when the journal is opened again. One process at a time may hold a
    journal: a second one gets a `ValueError`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file: IO[bytes] | None = None

    def append(self, obj: Mapping[str, Any]) -> Line:
        """Write `obj` as one line; returns where that is."""
        file, data = self._open(), _line(obj)
        line = Line(self.path, file.seek(0, os.SEEK_END), len(data))
        file.write(data)
        file.flush()
        return line

    def read(self) -> list[dict[str, Any]]:
        """All whole lines, oldest first. Raises `ValueError` naming file and line where one is malformed."""
        return [obj for _, _, obj in self.lines()]

    def lines(self) -> Iterator[tuple[int, Line, dict[str, Any]]]:
        """The same one by one, each with its number and where it stands."""
        file = self._open()
        file.seek(0)
        return _lines(self.path, file)

    def at(self, line: Line) -> dict[str, Any]:
        """The object of a line of this journal."""
        return _at(self._open(), line)

    def hold(self) -> None:
        """Keep other processes from the journal, without reading it."""
        self._open()

    def close(self) -> None:
        """Let go of the file; the next `append` or `read` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = open(self.path, "a+b")  # noqa: SIM115 - held until close()
            try:
                # A record lock ends with its process, also after kill -9, and children do not inherit it.
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise ValueError(f"{self.path}: another process is writing it; wait for it or stop it") from None
            _cut_torn_line(file)
            self._file = file
        return self._file


def _cut_torn_line(file: IO[bytes]) -> None:
    """Truncate `file` after its last newline."""
    end = file.seek(0, os.SEEK_END)
    position, step = end, 1 << 16
    while position > 0:
        start = max(0, position - step)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            position = start + newline + 1
            break
        position = start
    if position < end:
        file.truncate(position)


def read_jsonl(path: str | Path, number: Callable[[str], object] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield `(line number, object)` for each line of a JSONL file, 1-based; `.gz` is read too, blank lines are skipped.

    `number` makes a value of a number's spelling, as in `s1repro.strict.parse`.
    Raises `ValueError`, with file and line, where the file is missing or a line is not a JSON object.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    line_number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as file:
            for line_number, line in enumerate(cast("IO[bytes]", file), start=1):
                if line.strip():
                    yield line_number, _parse(f"{path}:{line_number}", line, number)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path}:{line_number + 1}: not whole gzip data ({error}); fetch or make the file again"
        ) from error


def read_journal(path: str | Path) -> Iterator[tuple[int, Line, dict[str, Any]]]:
    """Yield what `Journal.lines` does of a journal as it stands, without holding or repairing it.

    Half of a last line, which a kill or a process that is writing leaves, is no line yet. Raises `ValueError`, with
    file and line, where `Journal.read` does.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    with open(path, "rb") as file:
        yield from _lines(path, file)


def read_line(line: Line) -> dict[str, Any]:
    """The object of a line; not for who holds its journal, whose lock would end with the file that is closed here."""
    with open(line.path, "rb") as file:
        return _at(file, line)


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, Line, dict[str, Any]]]:
    offset = 0
    for number, data in enumerate(file, start=1):
        if data.endswith(b"\n"):
            yield number, Line(path, offset, len(data)), _parse(f"{path}:{number}", data)
        offset += len(data)


def _at(file: IO[bytes], line: Line) -> dict[str, Any]:
    file.seek(line.offset)
    return _parse(f"{line.path}, byte {line.offset}", file.read(line.size))


def _parse(where: str, data: bytes, number: Callable[[str], object] | None = None) -> dict[str, Any]:
    if not data.strip():
        raise ValueError(f"{where}: a blank line; delete it")
    obj = parse(data, where, number=number)
    if not isinstance(obj, dict):
        raise ValueError(f"{where}: expected a JSON object, found {type(obj).__name__}")
    return obj


def _line(obj: Mapping[str, Any]) -> bytes:
    return json.dumps(obj, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file atomically: a reader, or a restart after a kill, sees the old file or the whole new one."""
    write_pieces(path, [data])


def write_pieces(path: str | Path, pieces: Iterable[bytes]) -> None:
    """Write a file atomically that is larger than memory should be: piece by piece."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")  # a fixed name, so that kills do not pile up leftovers
    with open(temporary, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_jsonl(path: str | Path, objs: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, atomically; with the suffix `.gz` compressed, the same bytes each time."""
    lines = map(_line, objs)
    write_pieces(path, [gzip.compress(b"".join(lines), mtime=0)] if Path(path).suffix == ".gz" else lines)


def fingerprint(obj: object) -> str:
    """16 hex digits of the SHA-256 of `obj` as canonical JSON: key order does not matter, dataclasses are allowed."""
    text = json.dumps(obj, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _plain(obj: object) -> object:
    if is_dataclass(obj) and not isinstance(obj, type):
        return asdict(obj)
    raise TypeError(f"{type(obj).__name__} has no canonical JSON form")


def file_sha256(path: str | Path) -> str:
    """The SHA-256 of a file, 64 hex digits. Raises `ValueError` where the file is missing."""
    if not Path(path).is_file():
        raise ValueError(f"{path}: no such file")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_done(folder: str | Path, fingerprint: str) -> bool:
    """Whether `finish` marked `folder` for this fingerprint and all files it listed are there in their size."""
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return manifest["fingerprint"] == fingerprint and all(
            (folder / name).is_file() and (folder / name).stat().st_size == size
            for name, size in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no manifest, or not one of ours
        return False


def finish(folder: str | Path, fingerprint: str, files: Iterable[str | Path], facts: Mapping[str, Any]) -> None:
    """Mark `folder` as done by writing its manifest, last and atomically.

    `files` are names relative to `folder` (or paths inside it); a folder stands for all files below it. `facts` is
    plain JSON for people and later stages, without times, so that equal runs give equal manifests.
    """
    folder = Path(folder)
    sizes: dict[str, int] = {}
    for name in files:
        path = Path(name) if Path(name).is_relative_to(folder) else folder / name
        assert path.exists(), f"finish: {path} was not written"
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                sizes[file.relative_to(folder).as_posix()] = file.stat().st_size
    manifest = {"fingerprint": fingerprint, "files": dict(sorted(sizes.items())), "facts": dict(facts)}
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=True, allow_nan=False) + "\n")
