r"""Worker processes for math-verify, with a hard limit: who takes too long is killed, and the next one starts.

Signals keep time in a main thread only, and not in C; a process can be killed from any thread. The workers are plain
child processes that speak lines of JSON, so they start from a script, a thread, pytest or beside vLLM's own processes
alike. They start with the first question and end with this process: their input closes.

    ask(r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}")       # True
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
from pathlib import Path

SECONDS = 5.0
"""How long a worker may compute about one pair; a verdict does not depend on what else the machine does."""
PATIENCE = 12
"""So many times as long it may take by the clock, where the machine is busy."""
_STARTUP_SECONDS = 120.0
"""How long a worker may take to import math-verify."""
_WORKERS = max(1, min(4, os.cpu_count() or 1))
_PACKAGE_FOLDER = str(Path(__file__).resolve().parents[2])


class Worker:
    """One child process. Not for two threads at a time."""

    def __init__(self) -> None:
        path = os.pathsep.join([_PACKAGE_FOLDER, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "s1repro.grading.worker", str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
        )
        if self._line(_STARTUP_SECONDS) != b"ready":
            self.kill()
            raise RuntimeError("math-verify's process does not start; try: python -m s1repro.grading.worker 5")

    def ask(self, answer: str, reference: str) -> bool:
        """The verdict. Raises `TimeoutError` where there is none: the worker is of no use any more."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([answer, reference]).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise TimeoutError from error
        line = self._line(PATIENCE * SECONDS)
        if line not in (b"true", b"false"):
            raise TimeoutError
        return line == b"true"

    def _line(self, seconds: float) -> bytes:
        """The next line, b"" where none came in time or the process ended."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline().strip() if readable else b""

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


_idle: queue.LifoQueue[Worker] = queue.LifoQueue()
_room = threading.Semaphore(_WORKERS)
_all: set[Worker] = set()


def ask(answer: str, reference: str) -> bool:
    """Whether two formulas are the same to math-verify; False where it does not say so in time. From any thread."""
    with _room:
        try:
            worker = _idle.get_nowait()
        except queue.Empty:
            worker = Worker()
            _all.add(worker)
        try:
            verdict = worker.ask(answer, reference)
        except BaseException as error:  # an interrupt leaves a reply on its way, which would answer the next question
            _all.discard(worker)
            worker.kill()
            if isinstance(error, TimeoutError):
                return False
            raise
        _idle.put(worker)
        return verdict


@atexit.register
def close() -> None:
    """End all workers; the next question starts new ones."""
    while not _idle.empty():
        _idle.get_nowait()
    while _all:
        _all.pop().kill()
