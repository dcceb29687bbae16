"""How far a long step is: done, rate, tokens a second, time left, and what has come of it so far.

On a terminal one line that is updated in place, elsewhere (a log file, a CI job) a plain line every ten seconds and
one at the end. Below it may stand what grows with the steps: on a terminal it is updated with the line, elsewhere it is
written once, at the end. `watching` shows that many steps which run at once go on, long before the first is done.
Nothing but standard error is written; results belong on standard output.

    progress = Progress(total=500, label="solver 1", below=lambda: ["right so far: 31.2 %"])
    progress.step(tokens=64)
    progress.close()            # solver 1: 500/500, 41.2/s, 2,637 tokens/s, took 0:12
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TextIO


class Progress:
    """Counts steps up to `total` and shows them; usable as a context manager.

    `below` gives the lines below. The first `early` steps are the quick ones of many that run at once: no time left is
    told until they are done, for it would be far too long. `stream` is standard error unless given; `clock` gives
    seconds. `note` is what else the line should say, such as a cost so far.
    """

    def __init__(
        self,
        total: int,
        label: str,
        *,
        below: Callable[[], Sequence[str]] = list,
        early: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.label = total, label
        self.done = self.tokens = 0
        self.note = ""
        self._growing: Callable[[], int] = int
        self._below = below
        self._early = early
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._every = 0.2 if self._terminal else 10.0
        self._start = self._shown = clock()
        self._drawn = 0  # lines below the first
        self._closed = False

    def step(self, tokens: int = 0) -> None:
        """One more is done, and `tokens` were made for it."""
        self.done += 1
        self.tokens += tokens
        if self.done < self.total:
            self._show_if_due()

    def say(self, note: str) -> None:
        """Show `note` although nothing is done: something keeps the next step waiting."""
        self.note = note
        self._show_if_due()

    @asynccontextmanager
    async def watching(self, growing: Callable[[], int]) -> AsyncIterator[None]:
        """Show it while no step is done as well; `growing` counts the tokens of steps that are not done yet."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(self._every / 2)
                self._show_if_due()

        self._growing = growing
        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()
            self._growing = int

    def close(self) -> None:
        """Show the final line, once."""
        if not self._closed:
            self._closed = True
            self._show(last=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> str:
        seconds = self._clock() - self._start
        parts = [f"{self.label}: {self.done:,}/{self.total:,}"]
        if self.done and seconds > 0:
            parts.append(f"{self.done / seconds:,.1f}/s")
        if (tokens := self.tokens + self._growing()) and seconds > 0:
            parts.append(f"{tokens / seconds:,.0f} tokens/s")
        if self.note:
            parts.append(self.note)
        if self._closed:
            parts.append(f"took {clock_time(seconds)}")
        elif self.total > self.done > self._early:
            parts.append(f"{clock_time(seconds / self.done * (self.total - self.done))} left")
        return ", ".join(parts)

    def _show_if_due(self) -> None:
        if self._clock() - self._shown >= self._every:
            self._show(last=False)

    def _show(self, last: bool) -> None:
        self._shown = self._clock()
        if self._terminal:
            self._draw([self._line(), *self._below()], last)
        else:
            lines = [self._line(), *(self._below() if last else [])]
            self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def _draw(self, lines: Sequence[str], last: bool) -> None:
        """Put `lines` where those drawn before are; as many and as much of each as the terminal holds."""
        width, height = self._size()
        left_out = len(lines) - height + 1
        if left_out > 0 and not last:  # what has left the screen cannot be drawn over
            lines = [*lines[: height - 2], f"and {left_out + 1} more"]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._stream.write(f"\r{up}\x1b[J" + "\n".join(line[: width - 1] for line in lines) + ("\n" if last else ""))
        self._drawn = len(lines) - 1

    def _size(self) -> tuple[int, int]:
        """The terminal's columns and lines."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return 80, 24
        return size.columns or 80, size.lines or 24


def clock_time(seconds: float) -> str:
    """Minutes and seconds, and hours where there are some: `2:05`, `1:02:05`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
