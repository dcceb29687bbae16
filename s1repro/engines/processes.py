"""The processes that vLLM starts: Ctrl-C while they do, and no one left behind when this one dies.

What is here knows nothing of vLLM but that it starts processes by spawning them, waits for them without handling a
signal, and sends them its configuration by pickling it.

    config.additional_config = DiesWithParent()     # or DiesWithParent(first=prepare)
    with interruptible_start():
        ...                     # starts processes
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interruptible_start() -> Iterator[None]:
    """Keep Ctrl-C from the processes that start meanwhile, and let it end the start at once.

    Ctrl-C reaches every process of a terminal. The engine's inherit a mask that keeps it from them: this process stops
    them, and must not find them dead before it does. While they start this process waits inside vLLM, which handles no
    signal and does not come back from a start that is broken off. So a thread watches for Ctrl-C, kills them, and ends
    this process as `s1repro.cli` would; nothing has been sampled yet that could be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # the one that signals reach is elsewhere
        return
    import psutil

    resource_tracker.ensure_running()  # it starts with the first process otherwise, and ends the mask as it does
    there = {child.pid for child in psutil.Process().children()}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def watch() -> None:
        while caught := os.read(reading, 1):
            if caught[0] == signal.SIGINT:
                # One that is just being spawned is in no list of multiprocessing's yet.
                for child in psutil.Process().children():
                    if child.pid not in there:
                        child.kill()
                print("interrupted; run the same command again to resume", file=sys.stderr, flush=True)
                os._exit(130)

    watcher = threading.Thread(target=watch, name="interrupted-start", daemon=True)
    watcher.start()  # before the mask, which it would inherit: it is the thread that the signal can reach
    before = signal.set_wakeup_fd(writing)
    unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


class DiesWithParent:
    """Makes every process that receives it end when the process that sent it does.

    vLLM sends its configuration to the engine process, and that one to its workers, by pickling it. Unpickling this
    part of it starts a thread that watches the sender, so that nothing is left behind even when the user's process is
    killed outright. `first`, a function of a module's, is called there too,
    before anything else is done with the configuration.
    """

    def __init__(self, first: Callable[[], None] | None = None) -> None:
        self._first = first

    def __reduce__(self) -> tuple[Callable[..., DiesWithParent], tuple[int, Callable[[], None] | None]]:
        return _arrive, (os.getpid(), self._first)

    def compute_hash(self) -> str:
        """vLLM keys its compilation cache with this; the watch changes nothing that is compiled."""
        return "dies-with-parent"


def _arrive(sender: int, first: Callable[[], None] | None) -> DiesWithParent:
    def outlive_nobody() -> None:
        while os.getppid() == sender:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGKILL)

    if sender != os.getpid():  # a copy within one process watches nothing
        threading.Thread(target=outlive_nobody, name="dies-with-parent", daemon=True).start()
        if first is not None:
            first()
    return DiesWithParent(first)
