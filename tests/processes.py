"""Waiting for what another process does, before it is killed or interrupted, and for its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def wait_for(
    found: Callable[[], object], process: subprocess.Popen[Any], said: Callable[[], str] | None = None
) -> None:
    """Until `found()`, at most four minutes; the process must go on. `said` tells its errors if not its output does."""
    deadline = time.monotonic() + 240
    while not found():
        assert process.poll() is None, said() if said else process.communicate()[0]
        assert time.monotonic() < deadline, said() if said else "it took too long"
        time.sleep(0.002)


def ends(pid: int, seconds: float = 60.0) -> bool:
    """Whether a process that is no child of this one ends by itself in this time; if it does not, it is killed."""
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return True
    return False


def whole_lines(path: Path) -> int:
    """How many lines a journal holds so far."""
    return path.read_bytes().count(b"\n") if path.is_file() else 0
