"""What the tests of methods with several traces share: a model that draws, and a reward that is made up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.encoding import plain_ids
from s1repro.engines import Completion, Sampling, ScriptedEngine, Stop
from s1repro.engines.scripted import ScriptedRequest

MODEL_LEN = 200


class DrawingEngine:
    """A "model" that draws: a token is a fixed random function of the request's seed and all tokens before it.

    `stop_share` of its tokens are one of `stops`. Requests that run at the same time end in an order that depends on
    `shuffle_seed`. `written` counts the tokens that it gave, without stops; `together` is the most requests that ever
    ran at the same time.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, stop_share: float, stops: tuple[int, ...], shuffle_seed: int = 0
    ) -> None:
        self.tokenizer, self.max_model_len = tokenizer, MODEL_LEN
        self.requests: list[ScriptedRequest] = []
        self.written = self.running = self.together = 0
        self._stop_share, self._stops = stop_share, stops
        self._shuffle = random.Random(shuffle_seed)

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        one = ScriptedEngine(
            self.tokenizer,
            lambda ids: self._tokens(ids, sampling.seed),
            MODEL_LEN,
            shuffle_seed=self._shuffle.randrange(2**31),
        )
        self.running += 1
        self.together = max(self.together, self.running)
        completion = await one.complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        self.running -= 1
        self.requests.extend(one.requests)
        self.written += len(completion.token_ids)
        return completion

    async def close(self) -> None:
        """Nothing to give back."""

    def _tokens(self, ids: tuple[int, ...], seed: int) -> Iterator[int]:
        while True:
            rng = random.Random(hash((seed, ids)))
            token = rng.choice(self._stops) if rng.random() < self._stop_share else rng.randrange(30, 60)
            yield token
            ids = (*ids, token)


class MadeUpReward:
    """A `RewardModel` that looks a trace up in `told`; others get a fixed random score. `asked` holds all traces."""

    def __init__(self, told: dict[tuple[int, ...], float] | None = None) -> None:
        self.told = told or {}
        self.asked: list[tuple[int, ...]] = []

    async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
        ids = tuple(thinking_ids)
        self.asked.append(ids)
        return self.told.get(ids, random.Random(hash(ids)).random())


class BrokenReward:
    """A `RewardModel` that cannot read what it is given."""

    async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
        raise ValueError("too long")


@pytest.fixture()
def drawing() -> type[DrawingEngine]:
    return DrawingEngine


@pytest.fixture()
def made_up_reward() -> type[MadeUpReward]:
    return MadeUpReward


@pytest.fixture()
def broken_reward() -> BrokenReward:
    return BrokenReward()


@pytest.fixture()
def scripted(qwen_tokenizer: PreTrainedTokenizerBase) -> Callable[..., ScriptedEngine]:
    """`scripted([1, 2], [3])`: an engine that answers its n-th request with the n-th list."""

    def make(*rounds: list[int]) -> ScriptedEngine:
        replies = iter(rounds)
        return ScriptedEngine(qwen_tokenizer, lambda _: next(replies), MODEL_LEN)

    return make


@pytest.fixture()
def qwen(qwen_tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Pieces of s1's format: `prompt`, `stop`, `end` of the turn, `stops` (all of them), `final`."""
    fmt = FORMATS["qwen"].bind(qwen_tokenizer)
    return {
        "tokenizer": qwen_tokenizer,
        "fmt": fmt,
        "prompt": fmt.prompt_ids("2+2?"),
        "stop": fmt.stop_ids[0],
        "end": qwen_tokenizer.eos_token_id,
        "stops": (*fmt.stop_ids, *fmt.turn_end_ids),
        "final": tuple(plain_ids(qwen_tokenizer, "Final Answer:")),
    }
