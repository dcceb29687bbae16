"""A text told while its ids grow, in time that grows with the text and not with its square.

Only the ids behind the last place where a telling ended are decoded again, with those of the telling before: some
tokenizers take a blank off what begins a text. What may still become part of a stop string is held back, and so is a
character whose bytes are not all there.

    text = GrowingText(tokenizer, held=len("</think>"), say=pieces.put)
    await text.grow(ids)                # all so far, each time
    await text.end("What came of it.")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from s1repro.engines.stopping import UNFINISHED, place_before, text_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LONGEST_CHARACTER = 4
"""Bytes, and so tokens, of one character at most."""


class GrowingText:
    """Tells `say` what is new; `held` characters at the end are not told yet. `prefix` are ids in front of all."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, held: int, say: Callable[[str], Awaitable[None]]) -> None:
        self.prefix: tuple[int, ...] = ()
        self._tokenizer, self._held, self._say = tokenizer, held, say
        self._before = self._told = self._length = 0  # where the last two tellings ended; characters told

    async def grow(self, ids: Sequence[int]) -> None:
        """`ids` have been said so far."""
        ids = (*self.prefix, *ids)
        settled = place_before(self._tokenizer, ids, self._held)
        known = text_of(self._tokenizer, ids[self._before : self._told])
        for end in range(settled, max(self._told, settled - _LONGEST_CHARACTER), -1):
            text = text_of(self._tokenizer, ids[self._before : end])
            if not text.endswith(UNFINISHED):
                self._before, self._told = self._told, end
                await self._tell(text[len(known) :])
                return

    async def end(self, text: str) -> None:
        """This is all of it."""
        await self._tell(text[self._length :])

    async def _tell(self, new: str) -> None:
        self._length += len(new)
        if new:
            await self._say(new)
