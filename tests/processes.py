"""Waiting for what another process does, before it is killed or interrupted."""

from __future__ import annotations

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


def whole_lines(path: Path) -> int:
    """How many lines a journal holds so far."""
    return path.read_bytes().count(b"\n") if path.is_file() else 0
