"""A model that repeats itself: found by its token ids, so that forcing can end it.

Small models, and large ones under greedy decoding, fall into loops: one block of tokens again and again until the
budget is spent. The paper forbids nothing here; users asked for it. A loop is a block of 1 to `LONGEST_BLOCK` tokens
said `repeats` times in a row, `SHORTEST_LOOP` tokens or more together, so that `0000` in a number is none.

    loop_end([1, 2, 3] * 20, repeats=4)     # 32: the thinking is ended there
    loop_end(ids, repeats=4, seen=4096)     # the same, where ids[:4096] was looked at before
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_BLOCK = 128
"""Tokens of the longest block that is looked for."""
SHORTEST_LOOP = 32
"""Tokens that a loop has at least, all its repeats together."""


def loop_end(ids: Sequence[int], repeats: int, seen: int = 0) -> int | None:
    """The least n for which `ids[:n]` ends in a loop; None where there is no loop.

    It does not depend on what follows, so a trace that is watched while it grows is ended at the same token as one
    that is looked at afterwards. The first `seen` tokens are known to hold no loop: of them only those are read that
    a loop which ends later may have begun with, so that watching takes time in proportion to the trace.
    """
    ends = []
    for block in range(1, min(LONGEST_BLOCK, len(ids) // repeats) + 1):
        needed = max(block * repeats, SHORTEST_LOOP) - block  # tokens in a row that equal the one a block before
        equal = 0
        for n in range(max(block, seen + 1 - needed), len(ids)):
            equal = equal + 1 if ids[n] == ids[n - block] else 0
            if equal == needed:
                ends.append(n + 1)
                break
    return min(ends, default=None)
