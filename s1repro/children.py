"""Processes that this one starts, and that end with it whatever ends it.

A `finally` does not run where SIGTERM or SIGKILL ends this process, and what it started would go on for ever; so the
kernel is asked to tell the child. Linux alone, and the child alone: what it has started itself is its own business,
which is why the signal should be one that it handles. Linux means the *thread* that started the child when it says
parent: start it from one that lives as long as the child should, as the main thread does.

    subprocess.Popen(command, preexec_fn=told_of_our_end(signal.SIGTERM))
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
"""Linux's prctl(2): which signal a process gets when the one that started it ends."""


def told_of_our_end(number: signal.Signals) -> Callable[[], None]:
    """What a child does before its command begins, so that it gets the signal `number` when this process ends."""
    parent = os.getpid()

    def ask() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before it could be asked
            os.kill(os.getpid(), number)

    return ask
