"""Journals and files survive a kill at any moment; done means done."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.artifacts import (
    Journal,
    file_sha256,
    fingerprint,
    finish,
    is_done,
    read_journal,
    read_jsonl,
    read_line,
    stage_folder,
    write_bytes,
    write_jsonl,
    write_text,
)
from s1repro.settings.training import SftConfig

REPO = Path(__file__).resolve().parent.parent


@contextmanager
def child(code: str, *args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A Python process running `code`; killed with SIGKILL at the end of the block."""
    environment = os.environ | {"PYTHONPATH": str(REPO)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_journal_keeps_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    with Journal(path) as journal:
        assert journal.read() == []
        journal.append({"n": 1})
        journal.append({"n": 2, "text": "π\u2028\n"})
        assert journal.read() == [{"n": 1}, {"n": 2, "text": "π\u2028\n"}]
        journal.append({"n": 3})
    with Journal(path) as journal:
        assert [entry["n"] for entry in journal.read()] == [1, 2, 3]


@given(cut=st.integers(0, 200))
def test_journal_drops_a_line_torn_at_any_byte(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "journal.jsonl"
    whole = b'{"n": 1}\n{"n": 2}\n'
    torn = json.dumps({"n": 3, "text": "x" * 190}).encode()[:cut]
    path.write_bytes(whole + torn)
    with Journal(path) as journal:
        assert journal.read() == [{"n": 1}, {"n": 2}]
        journal.append({"n": 3})
    assert path.read_bytes() == whole + b'{"n": 3}\n'


def test_journal_repairs_a_torn_line_longer_than_a_block_before_appending(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n": 1}\n{"text": "' + b"x" * 200_000)
    with Journal(path) as journal:
        journal.append({"n": 2})
    assert path.read_bytes() == b'{"n": 1}\n{"n": 2}\n'
    path.write_bytes(b"x" * 200_000)
    with Journal(path) as journal:
        assert journal.read() == []


def test_journal_names_file_and_line_of_a_malformed_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": \n{"n": 3}\n')
    with Journal(path) as journal, pytest.raises(ValueError, match=rf"^{path}:2: not JSON"):
        journal.read()


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.04])
def test_journal_loses_nothing_it_acknowledged_to_kill_9(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "journal.jsonl"
    code = """
import sys
from s1repro.artifacts import Journal
journal = Journal(sys.argv[1])
n = len(journal.read())
while True:
    journal.append({"n": n, "text": "x" * 100_000})
    print(n, flush=True)
    n += 1
"""
    acknowledged = -1
    for _ in range(2):  # the second time resumes
        with child(code, path) as process:
            assert process.stdout is not None
            acknowledged = int(process.stdout.readline())
            time.sleep(delay)
        with Journal(path) as journal:
            numbers = [entry["n"] for entry in journal.read()]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > acknowledged


def test_journal_gives_a_line_again_and_holds_its_file_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        appended = [journal.append({"n": n, "text": "é" * n}) for n in range(3)]
        assert [line for _, line, _ in journal.lines()] == appended
        assert journal.at(appended[1]) == {"n": 1, "text": "é"}
        appended.append(journal.append({"n": 3}))  # at the end, wherever was read
        code = "import sys; from s1repro.artifacts import Journal; Journal(sys.argv[1]).read()"
        with child(code, path) as process:
            assert process.wait(60) != 0, "the lock is still there"
    assert [read_line(line)["n"] for line in appended] == [0, 1, 2, 3]
    assert [(number, line, obj["n"]) for number, line, obj in read_journal(path)] == [
        (n + 1, line, n) for n, line in enumerate(appended)
    ]


def test_journal_refuses_a_second_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    code = "import sys, time; from s1repro.artifacts import Journal\n"
    code += "journal = Journal(sys.argv[1]); journal.append({'n': 1}); print('held', flush=True); time.sleep(60)"
    with child(code, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="another process"):
            Journal(path).read()
    with Journal(path) as journal:  # the lock ended with its process
        assert journal.read() == [{"n": 1}]


def test_files_are_whole_or_absent_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = """
import sys
from s1repro.artifacts import write_bytes
print("go", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_bytes(sys.argv[1], letter * 3_000_000)
"""
    for attempt in range(4):
        with child(code, path) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.01 + 0.007 * attempt)
        if path.exists():
            data = path.read_bytes()
            assert len(data) == 3_000_000
            assert data.count(data[:1]) == len(data)
    assert len(list(tmp_path.iterdir())) <= 2  # at most one leftover, whatever the number of kills
    write_bytes(path, b"done")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"n": 1}])
    with pytest.raises(ValueError, match="JSON compliant"):
        write_jsonl(path, [{"n": 2}, {"n": float("nan")}])
    assert list(read_jsonl(path)) == [(1, {"n": 1})]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_jsonl_round_trip_gives_the_same_bytes_each_time(tmp_path: Path, name: str) -> None:
    rows = [{"n": 1, "text": "é\u2028"}, {"n": 2, "text": "😀"}]
    write_jsonl(tmp_path / name, rows)
    first = (tmp_path / name).read_bytes()
    write_jsonl(tmp_path / name, rows)
    assert (tmp_path / name).read_bytes() == first
    assert list(read_jsonl(tmp_path / name)) == [(1, rows[0]), (2, rows[1])]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"n": 1}\n\n{"n": }\n', ":3: not JSON"),
        (b'{"n": 1}\n[1]\n', ":2: expected a JSON object, found list"),
        (b'{"n": 1}\n{"n": "\xff"}\n', ":2: not JSON"),
        (b'{"n": 1}\n{"n', ":2: not JSON"),
    ],
)
def test_read_jsonl_names_file_and_line(tmp_path: Path, data: bytes, message: str) -> None:
    plain, packed = tmp_path / "rows.jsonl", tmp_path / "rows.jsonl.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    for path in (plain, packed):
        with pytest.raises(ValueError) as error:
            list(read_jsonl(path))
        assert str(error.value).startswith(f"{path}{message}")


def test_read_jsonl_explains_files_it_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        list(read_jsonl(tmp_path / "none.jsonl"))
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(b'{"n": 1}\n')
    with pytest.raises(ValueError, match="not whole gzip data"):
        list(read_jsonl(path))
    whole = gzip.compress(b'{"n": 1}\n' * 1000)
    for damaged in (whole[:-12], whole[:10] + b"\xff" * (len(whole) - 10)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="not whole gzip data"):
            list(read_jsonl(path))


def test_fingerprint_depends_on_content_only() -> None:
    assert fingerprint({"a": 1, "b": [2, "x"]}) == fingerprint({"b": [2, "x"], "a": 1})
    assert fingerprint(SftConfig()) == fingerprint(SftConfig())
    assert fingerprint(SftConfig()) != fingerprint(SftConfig(epochs=4.0))
    assert len(fingerprint([])) == 16
    with pytest.raises(TypeError, match="canonical"):
        fingerprint({"a": {1, 2}})


def test_file_sha256(tmp_path: Path) -> None:
    write_text(tmp_path / "abc", "abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(ValueError, match="no such file"):
        file_sha256(tmp_path / "none")


def test_done_holds_for_one_fingerprint_and_whole_files(tmp_path: Path) -> None:
    folder = stage_folder(tmp_path, "demo", "train")
    assert folder == tmp_path / "demo" / "train"
    assert not is_done(folder, "f1")
    write_text(folder / "log.jsonl", "{}\n")
    write_text(folder / "checkpoint" / "config.json", "{}")
    finish(folder, "f1", ["log.jsonl", folder / "checkpoint"], {"steps": 3})
    assert is_done(folder, "f1")
    assert not is_done(folder, "f2")
    manifest = (folder / "manifest.json").read_bytes()
    assert json.loads(manifest)["files"] == {"checkpoint/config.json": 2, "log.jsonl": 3}
    finish(folder, "f1", ["checkpoint", "log.jsonl"], {"steps": 3})
    assert (folder / "manifest.json").read_bytes() == manifest
    write_text(folder / "checkpoint" / "config.json", "{ }")
    assert not is_done(folder, "f1")
    (folder / "checkpoint" / "config.json").unlink()
    assert not is_done(folder, "f1")


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", "{}", '{"fingerprint": "f1"}', '{"fingerprint": "f1", "files": 3}']
)
def test_a_foreign_manifest_is_not_done(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert not is_done(tmp_path, "f1")


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a b", "/tmp", "a\n"])
def test_a_run_name_is_a_plain_folder_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a run"):
        stage_folder("runs", name, "curate")
