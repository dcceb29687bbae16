"""An engine that tells what it says while it says it, a slice of tokens at a time.

A completion is asked for in slices that continue each other; a prefix cache makes that cheap. The first is short, so
that something is told soon, and each is twice as long as the one before, up to `slice_tokens`: each costs a request
that holds all ids so far. Greedy ids are those of the whole completion. Above temperature 0 each slice draws from a
stream of its own.

    engine = StreamedEngine(engine, heard, slice_tokens=64)     # heard(prompt_ids, token_ids so far)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.engines.checked import Sampled, cut
from s1repro.engines.stopping import place_before

Heard = Callable[[Sequence[int], Sequence[int]], Awaitable[None]]

_FIRST_SLICE = 4
"""Tokens until something is told."""

_SEED_STRIDE = 7_919
"""Between the seeds of two slices."""


class StreamedEngine:
    """`engine` in slices; `heard` is told the prompt and all ids so far, without a stop, after each."""

    def __init__(self, engine: Engine, heard: Heard, slice_tokens: int) -> None:
        self.tokenizer = engine.tokenizer
        self.max_model_len = engine.max_model_len
        self._engine, self._heard, self._slice = engine, heard, slice_tokens

    @property
    def under_way(self) -> int:
        """As the engine inside."""
        return self._engine.under_way

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """As the engine inside; a stop string may begin in one slice and end in the next."""
        ids: tuple[int, ...] = ()
        cached = number = 0
        longest = max((len(string) for string in stop.strings), default=0)
        while True:
            room = min(_FIRST_SLICE << number, self._slice, max_tokens - len(ids))
            seed = (sampling.seed + number * _SEED_STRIDE) % 2**31
            said = await self._engine.complete(
                [*prompt_ids, *ids], max_tokens=room, stop=stop.behind(len(ids)), sampling=replace(sampling, seed=seed)
            )
            cached = cached or said.cached_tokens
            place = place_before(self.tokenizer, ids, longest)  # in front of it nothing stops
            ids += said.token_ids + said.stop_ids
            number += 1
            tail = cut(Sampled(ids[place:], cached), stop, self.tokenizer)
            whole = replace(tail, token_ids=ids[:place] + tail.token_ids)
            await self._heard(prompt_ids, whole.token_ids)
            if whole.finish_reason == "stop" or len(ids) >= max_tokens:
                return whole

    async def close(self) -> None:
        """The engine inside is closed by whoever started it."""
