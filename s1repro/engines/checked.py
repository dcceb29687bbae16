"""What every engine does around its sampling: check the request, and cut what was sampled at its stop.

An id outside the vocabulary kills some engines and a request that does not fit is cut by others without a word; how a
stop is named differs from one to the next. So the contract of `Engine.complete` is kept here, once, and an engine says
only how tokens are sampled.

    class MyEngine(CheckedEngine):
        async def sample(self, prompt_ids, *, max_tokens, stop, sampling): ...      # -> Sampled
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from s1repro.engines.base import Completion, Drafts, Sampling, Stop
from s1repro.engines.stopping import find_stop

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Sampled:
    """What a model wrote, the stop included, how many prompt tokens came from a cache, and what was drafted."""

    token_ids: tuple[int, ...]
    cached_tokens: int = 0
    drafts: Drafts = field(default_factory=Drafts)


class CheckedEngine(ABC):
    """An `Engine` that samples in `sample`.

    `vocab_size` is the model's, padding included: a model may sample an id that its tokenizer does not have, and such
    an id must be accepted back.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, vocab_size: int, max_model_len: int) -> None:
        self.tokenizer = tokenizer
        self.max_model_len = max_model_len
        self._vocab_size = vocab_size

    @property
    def under_way(self) -> int:
        """See `Engine.under_way`: none, unless an engine knows of them before they end."""
        return 0

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """See `Engine.complete`. Raises `ValueError` for a request that could not be run as asked."""
        self._require(prompt_ids, max_tokens, sampling)
        stop = replace(stop, min_tokens=min(stop.min_tokens, max_tokens))
        sampled = await self.sample(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        return cut(sampled, stop, self.tokenizer)

    @abstractmethod
    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """Sample until the first stop, which is kept, or `max_tokens`. The request is checked already."""

    @abstractmethod
    async def close(self) -> None:
        """See `Engine.close`."""

    def _require(self, prompt_ids: Sequence[int], max_tokens: int, sampling: Sampling) -> None:
        if not prompt_ids:
            raise ValueError("a prompt needs at least one token")
        if max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens}: ask for at least 1 token")
        low, high = min(prompt_ids), max(prompt_ids)
        if low < 0 or high >= self._vocab_size:
            wrong = low if low < 0 else high
            raise ValueError(f"token id {wrong} is outside the model's vocabulary of {self._vocab_size}")
        if len(prompt_ids) + max_tokens > self.max_model_len:
            raise ValueError(
                f"{len(prompt_ids)} prompt tokens and {max_tokens} new ones do not fit in max_model_len "
                f"{self.max_model_len}"
            )
        if not sampling.temperature >= 0:
            raise ValueError(f"the temperature is {sampling.temperature}; give 0 (greedy) or more")
        if not 0 < sampling.top_p <= 1:
            raise ValueError(f"top_p is {sampling.top_p}; give a share above 0, up to 1")


def cut(sampled: Sampled, stop: Stop, tokenizer: PreTrainedTokenizerBase) -> Completion:
    """What was sampled as a `Completion`: the stop taken off the end and reported.

    A stop string is looked for here and not taken from an engine's report: on the last token allowed some say "length".
    """
    ids: tuple[int, ...] = sampled.token_ids
    stop_ids: tuple[int, ...] = ()
    if ids and ids[-1] in stop.token_ids:
        ids, stop_ids = ids[:-1], ids[-1:]
    completion = Completion(ids, "length", cached_tokens=sampled.cached_tokens, drafts=sampled.drafts)
    if stop.strings and (found := find_stop(tokenizer, ids, stop.strings)):
        ids, spelt = ids[: found.kept], ids[found.kept : found.end]
        return replace(completion, token_ids=ids, finish_reason="stop", stop_string=found.string, stop_ids=spelt)
    if stop_ids:
        return replace(completion, finish_reason="stop", stop_token=stop_ids[0], stop_ids=stop_ids)
    return completion
