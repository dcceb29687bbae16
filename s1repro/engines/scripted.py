"""The test double that ships: an engine whose continuations are written down.

It keeps the contract of `Engine.complete` to the letter (stop tokens cut off and reported, `max_tokens` exact,
requests that do not fit refused) and records what it was asked, so that a method's token accounts can be checked
without a model. It has no prefix cache and no notion of temperature: the script decides.

    engine = ScriptedEngine(tokenizer, lambda ids: [7, 8, eos], max_model_len=128)
    await engine.complete([1, 2], max_tokens=8, stop=Stop((eos,)), sampling=Sampling())
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1repro.engines.base import Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled
from s1repro.engines.stopping import find_stop

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class ScriptedRequest:
    """One request as it arrived."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    stop: Stop
    sampling: Sampling


class ScriptedEngine(CheckedEngine):
    """An `Engine` that continues a prompt with what `script(prompt_ids)` gives.

    The script's tokens are taken one by one until a stop token or `max_tokens`; it may be endless
    (`itertools.repeat`), and one that runs dry before either is a `ValueError`. In place of a stop that is held back
    (`Stop.min_tokens`) the script's next token is said, and the script is asked anew behind that. `vocab_size` is the
    model's, the tokenizer's where not given. With `shuffle_seed`, requests that run at the same time end in a shuffled
    order. `requests` holds every request in order of arrival.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        script: Callable[[tuple[int, ...]], Iterable[int]],
        max_model_len: int,
        *,
        vocab_size: int | None = None,
        shuffle_seed: int | None = None,
    ) -> None:
        size = len(tokenizer) if vocab_size is None else vocab_size
        super().__init__(tokenizer, vocab_size=size, max_model_len=max_model_len)
        self.requests: list[ScriptedRequest] = []
        self._script = script
        self._shuffle = None if shuffle_seed is None else random.Random(shuffle_seed)

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """Continue `prompt_ids` by the script; see `CheckedEngine.sample`."""
        prompt = tuple(prompt_ids)
        self.requests.append(ScriptedRequest(prompt, max_tokens, stop, sampling))
        if self._shuffle is not None:
            for _ in range(self._shuffle.randrange(8)):
                await asyncio.sleep(0)
        return Sampled(_follow(self._spoken(prompt, stop), max_tokens, stop, self.tokenizer))

    def _spoken(self, prompt: tuple[int, ...], stop: Stop) -> Iterator[int]:
        """What the model says after `prompt`, where it says no stop among the first `min_tokens`."""
        script = iter(self._script(prompt))
        for _ in range(stop.min_tokens):
            token = next(script, None)
            held_back = token in stop.token_ids
            if held_back:
                rest = itertools.islice(script, self.max_model_len)  # one of nothing but stops would have no end
                token = next((other for other in rest if other not in stop.token_ids), None)
            if token is None:
                return
            yield token
            prompt = (*prompt, token)
            if held_back:
                script = iter(self._script(prompt))
        yield from script

    async def close(self) -> None:
        """Nothing to give back."""


def _follow(script: Iterable[int], max_tokens: int, stop: Stop, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Take tokens until the first stop token, stop string or `max_tokens` of them."""
    taken: list[int] = []
    for token in script:
        taken.append(token)
        spelt = stop.strings and find_stop(tokenizer, taken, stop.strings)
        if token in stop.token_ids or spelt or len(taken) == max_tokens:
            return tuple(taken)
    raise ValueError(f"the script ran dry after {len(taken)} tokens: it must go on to a stop token or {max_tokens}")
