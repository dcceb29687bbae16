"""An engine that counts what goes through it: requests, prompt tokens, cached ones, sampled ones, accepted drafts.

Accounts of single samples are the methods' business and overlap where samples share a trace; this is what was really
run. It changes nothing on the way.

    metered = MeteredEngine(engine)
    await sweep(metered, ...)
    metered.sampled_tokens
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.engines.acceptance import Acceptance
from s1repro.engines.base import Completion, Engine, Sampling, Stop


class MeteredEngine:
    """`engine`, counted. `sampled_tokens` holds the tokens of the completions and those that stopped them."""

    def __init__(self, engine: Engine) -> None:
        self.tokenizer = engine.tokenizer
        self.max_model_len = engine.max_model_len
        self.acceptance = Acceptance()
        self.requests = self.prompt_tokens = self.cached_tokens = self.sampled_tokens = 0
        self._engine = engine

    @property
    def under_way(self) -> int:
        """As the engine inside."""
        return self._engine.under_way

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """As the engine inside; counted when it is finished."""
        completion = await self._engine.complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        self.requests += 1
        self.prompt_tokens += len(prompt_ids)
        self.cached_tokens += completion.cached_tokens
        self.sampled_tokens += len(completion.token_ids) + len(completion.stop_ids)
        self.acceptance.add(len(prompt_ids), completion.drafts)
        return completion

    async def close(self) -> None:
        """Close the engine inside."""
        await self._engine.close()
