"""An engine that tells what it says while it says it, a slice of tokens at a time.

A completion is asked for in slices that continue each other; a prefix cache makes that cheap. Greedy ids are those of
the whole completion. Above temperature 0 each slice draws from a stream of its own.

    engine = StreamedEngine(engine, heard, slice_tokens=16)     # heard(prompt_ids, token_ids so far)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.engines.checked import Sampled, cut

Heard = Callable[[Sequence[int], Sequence[int]], Awaitable[None]]

_SEED_STRIDE = 7_919
"""Between the seeds of two slices."""


class StreamedEngine:
    """`engine` in slices; `heard` is told the prompt and all ids so far, without a stop, after each."""

    def __init__(self, engine: Engine, heard: Heard, slice_tokens: int) -> None:
        self.tokenizer = engine.tokenizer
        self.max_model_len = engine.max_model_len
        self._engine, self._heard, self._slice = engine, heard, slice_tokens

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """As the engine inside; a stop string may begin in one slice and end in the next."""
        ids: tuple[int, ...] = ()
        cached = number = 0
        while True:
            room = min(self._slice, max_tokens - len(ids))
            seed = (sampling.seed + number * _SEED_STRIDE) % 2**31
            said = await self._engine.complete(
                [*prompt_ids, *ids], max_tokens=room, stop=stop.behind(len(ids)), sampling=replace(sampling, seed=seed)
            )
            cached = cached or said.cached_tokens
            ids += said.token_ids + said.stop_ids
            number += 1
            whole = cut(Sampled(ids, cached), stop, self.tokenizer)
            await self._heard(prompt_ids, whole.token_ids)
            if whole.finish_reason == "stop" or len(ids) >= max_tokens:
                return whole

    async def close(self) -> None:
        """The engine inside is closed by whoever started it."""
