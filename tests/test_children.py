"""What a process starts ends with it, however it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s1repro.children import told_of_our_end
from tests.processes import ends, wait_for

PARENT = """
import signal, subprocess, sys, time
from s1repro.children import told_of_our_end
child = f"import os, time; open({sys.argv[1]!r}, 'w').write(str(os.getpid())); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child], start_new_session=True, preexec_fn=told_of_our_end(signal.SIGTERM))
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_ends_with_the_process_that_started_it(tmp_path: Path, how: signal.Signals) -> None:
    told = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", PARENT, str(told)]) as parent:
        wait_for(lambda: told.is_file() and told.read_text(), parent)
        parent.send_signal(how)
    assert ends(int(told.read_text()), 20), "the child goes on"


def test_a_child_that_can_ask_only_after_its_parent_s_end_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: 0)  # no process is a child of it
        ask = told_of_our_end(signal.SIGTERM)
    assert subprocess.run(["sleep", "60"], preexec_fn=ask).returncode == -signal.SIGTERM
