"""Many questions under way at once, such that a failure costs no answer that is already being paid for.

await each(rows, ask, at_once=32)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


async def each(items: Iterable[Item], do: Callable[[Item], Awaitable[None]], at_once: int) -> None:
    """Do all items, begun in their order, at most `at_once` at once.

    Behind a failure no further item is begun; those under way come to their end before the first failure is raised.
    Cancelling drops them.
    """
    waiting = iter(items)
    failures: list[Exception] = []

    async def work() -> None:
        for item in waiting:
            try:
                await do(item)
            except Exception as failure:
                failures.append(failure)
            if failures:
                return

    await asyncio.gather(*(work() for _ in range(at_once)))
    if failures:
        raise failures[0]
