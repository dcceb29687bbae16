"""A failure begins nothing more and drops nothing that is under way; cancelling drops it."""

from __future__ import annotations

import asyncio

import pytest

from s1repro.crowd import each


def test_what_is_under_way_behind_a_failure_comes_to_its_end() -> None:
    begun, ended = [], []

    async def do(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise ValueError("no more")
        await asyncio.sleep(0.02)
        ended.append(item)

    with pytest.raises(ValueError, match="no more"):
        asyncio.run(each(range(100), do, at_once=3))
    assert begun == [0, 1, 2] and ended == [0, 2]


def test_all_are_done_in_order_and_no_more_at_once_than_allowed() -> None:
    under_way, most, begun = 0, 0, []

    async def do(item: int) -> None:
        nonlocal under_way, most
        begun.append(item)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    asyncio.run(each(range(50), do, at_once=4))
    assert begun == list(range(50)) and most == 4


def test_cancelling_drops_what_is_under_way() -> None:
    dropped = []

    async def do(item: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            dropped.append(item)

    async def cancelled() -> None:
        task = asyncio.create_task(each(range(9), do, at_once=2))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert dropped == [0, 1]

    asyncio.run(cancelled())
