"""The stages' commands with few imports: a process of its own takes many seconds to load the libraries.

In this process, which has loaded them; what is printed is read from pytest's capture:

    assert exit_code("s1repro.curate", ["recipe=nope"]) == 2
    assert capsys.readouterr().err.startswith("error: ")

Several in one other process, which ends with the first that fails:

    subprocess.run([sys.executable, "-c", IN_TURN, "curate recipe=demo selection.size=9", "train recipe=demo"])
"""

from __future__ import annotations

import logging
import runpy
import sys
from collections.abc import Callable, Sequence

import pytest

IN_TURN = """
import runpy, sys
for command in sys.argv[1:]:
    sys.argv = command.split()
    runpy.run_module(f"s1repro.{sys.argv[0]}", run_name="__main__")
"""


def exit_code(command: str, arguments: Sequence[str], start: Callable[[], object] | None = None) -> int:
    """What `python -m command arguments` ends with, or `python command` for a file; `start` begins it another way."""
    run = runpy.run_path if command.endswith(".py") else runpy.run_module
    root = logging.getLogger()
    level = root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [command, *arguments])
        patch.setenv("HYDRA_FULL_ERROR", "0")  # the stage sets it; so it is put back
        patch.setattr(root, "handlers", list(root.handlers))  # a new one would outlive the stream that it writes to
        try:
            start() if start else run(command, run_name="__main__")
        except SystemExit as leaving:
            return int(str(leaving.code))
        finally:
            root.setLevel(level)
    return 0
