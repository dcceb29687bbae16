"""Loops are found where a plain definition, tried for every block and every end, finds them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from typing import SupportsIndex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.scaling.loops import LONGEST_BLOCK, SHORTEST_LOOP, loop_end


def ends_in_a_loop(ids: list[int], repeats: int) -> bool:
    """The last tokens, `SHORTEST_LOOP` or more, are one block, `repeats` times or more."""
    for block in range(1, LONGEST_BLOCK + 1):
        length = max(block * repeats, SHORTEST_LOOP)
        start = len(ids) - length
        if start >= 0 and all(ids[i] == ids[start + (i - start) % block] for i in range(start, len(ids))):
            return True
    return False


def first_end(ids: list[int], repeats: int) -> int | None:
    return next((n for n in range(1, len(ids) + 1) if ends_in_a_loop(ids[:n], repeats)), None)


@st.composite
def traces(draw: st.DrawFn) -> list[int]:
    """Talk, circles and more talk, of few words so that they repeat by chance too."""
    talk = st.lists(st.integers(0, 2), max_size=40)
    block = draw(st.lists(st.integers(0, 2), min_size=1, max_size=45))
    circles = (block * 60)[: draw(st.integers(0, 120))]
    return draw(talk) + circles + draw(talk)


def test_the_end_of_a_loop_is_the_first_by_definition() -> None:
    seen: Counter[bool] = Counter()

    @given(ids=traces(), repeats=st.integers(2, 6))
    @settings(max_examples=400, deadline=None, derandomize=True)
    def check(ids: list[int], repeats: int) -> None:
        end = loop_end(ids, repeats)
        assert end == first_end(ids, repeats)
        seen[end is None] += 1

    check()
    assert min(seen[True], seen[False]) > 50


@given(ids=traces(), more=st.lists(st.integers(0, 2), max_size=30), repeats=st.integers(2, 6))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_follows_does_not_move_the_end(ids: list[int], more: list[int], repeats: int) -> None:
    end = loop_end(ids, repeats)
    if end is not None:
        assert loop_end(ids + more, repeats) == loop_end(ids[:end], repeats) == end
        assert loop_end(ids[: end - 1], repeats) is None
    else:
        assert (loop_end(ids + more, repeats) or len(ids) + 1) > len(ids)


@st.composite
def long_traces(draw: st.DrawFn) -> list[int]:
    """Blocks up to one token too long to be found, said often enough or almost."""
    block = range(draw(st.integers(1, LONGEST_BLOCK + 1)))
    circles = [*block] * 6
    return [
        *range(500, 500 + draw(st.integers(0, 99))),
        *circles[: draw(st.integers(0, len(circles)))],
        *range(600, 650),
    ]


def watched_end(ids: list[int], repeats: int, sizes: Iterable[int]) -> int | None:
    """The end that is found by who looks after every piece, for ever of the same `sizes`."""
    seen = 0
    for size in itertools.cycle(sizes):
        end = loop_end(ids[: seen + size], repeats, seen)
        if end is not None or seen + size >= len(ids):
            return end
        seen += size
    raise AssertionError


SIZES = st.lists(st.integers(1, 9) | st.integers(1, 100), min_size=1, max_size=5)
PIECES = {"short": (traces(), SIZES), "long": (long_traces(), SIZES.map(lambda sizes: [99 + size for size in sizes]))}


@pytest.mark.parametrize("case", PIECES)
def test_watching_piece_by_piece_finds_the_end_of_the_whole(case: str) -> None:
    seen: Counter[bool] = Counter()
    traces_of_case, sizes_of_case = PIECES[case]

    @given(ids=traces_of_case, repeats=st.integers(2, 4), sizes=sizes_of_case)
    @settings(max_examples=200, deadline=None, derandomize=True)
    def check(ids: list[int], repeats: int, sizes: list[int]) -> None:
        end = loop_end(ids, repeats)
        assert watched_end(ids, repeats, sizes) == end
        seen[end is None] += 1

    check()
    assert min(seen[True], seen[False]) > 30


class Counted(list[int]):
    """Counts how often one of its numbers is read."""

    reads = 0

    def __getitem__(self, index: SupportsIndex | slice) -> int:  # type: ignore[override]
        self.reads += 1
        return super().__getitem__(index)  # type: ignore[return-value,index]


def test_a_look_takes_no_longer_at_the_end_of_a_long_trace() -> None:
    reads = []
    for length in (2_048, 32_768):
        ids = Counted(n * n % 9973 for n in range(length))
        assert loop_end(ids, 4, seen=length - 256) is None
        reads.append(ids.reads)
    assert reads[0] == reads[1]


@pytest.mark.parametrize(
    ("ids", "repeats", "end"),
    [
        ([1, 2, 3] * 20, 4, SHORTEST_LOOP),
        ([7, *[1] * 99], 2, 1 + SHORTEST_LOOP),
        ([1] * (SHORTEST_LOOP - 1), 2, None),
        (list(range(20)) * 3, 3, 60),
        (list(range(20)) * 3, 4, None),
        ([*range(20)] * 2 + [*range(19)], 3, None),
        ([*range(LONGEST_BLOCK)] * 2, 2, 2 * LONGEST_BLOCK),
        ([*range(LONGEST_BLOCK + 1)] * 3, 2, None),
        ([], 2, None),
    ],
)
def test_loops_are_of_a_certain_size(ids: list[int], repeats: int, end: int | None) -> None:
    assert loop_end(ids, repeats) == end
