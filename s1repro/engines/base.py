"""The engine contract: token ids in, token ids out, one coroutine a completion; and what every engine is told.

Everything above this line of the house (forcing, sweeps, solvers) is written against `Engine` alone, so it
runs the same on vLLM, on transformers and on the scripted test double. Batching is the engine's business.

    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())
    completion.token_ids      # the stop token is not among them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from s1repro.settings.checks import require_at_least_one

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Stop:
    """What ends a completion; what is met is reported and cut off.

    `token_ids` are single tokens, the cheap and exact way. `strings` are for delimiters that the tokenizer has no
    token for: a completion ends with the token that completes one of them, and is cut in front of the token in which
    it begins. None of `token_ids` is sampled among the first `min_tokens`: the model says what it holds likeliest
    beside them. An end of sequence of the tokenizer's may be held back with them; strings are not.
    """

    token_ids: tuple[int, ...] = ()
    strings: tuple[str, ...] = ()
    min_tokens: int = 0

    def behind(self, tokens: int) -> Stop:
        """What is left of it for a request that goes on behind `tokens` tokens of the completion."""
        return replace(self, min_tokens=max(0, self.min_tokens - tokens))


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. Temperature 0 is greedy, as the paper evaluates (section 4.1)."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Drafts:
    """What speculative decoding drafted for a completion: for each step, tokens proposed and tokens accepted.

    `every_step` says that there was a draft for each step, so that its place in the completion is known.
    """

    proposed: tuple[int, ...] = ()
    accepted: tuple[int, ...] = ()
    every_step: bool = True


@dataclass(frozen=True)
class Completion:
    """What an engine returns.

    `token_ids` never holds the stop; `stop_token` is its id, or `stop_string` its text, both None when `max_tokens`
    ended the completion (`finish_reason == "length"`). `stop_ids` are the sampled tokens that made the stop: the one
    token, or those that spell the string. `cached_tokens` counts prompt tokens taken from a prefix cache, `drafts` what
    was drafted, by engines that draft.
    """

    token_ids: tuple[int, ...]
    finish_reason: Literal["stop", "length"]
    stop_token: int | None = None
    stop_string: str | None = None
    stop_ids: tuple[int, ...] = ()
    cached_tokens: int = 0
    drafts: Drafts = field(default_factory=Drafts)


class Engine(Protocol):
    """A language model that completes token ids."""

    tokenizer: PreTrainedTokenizerBase
    max_model_len: int

    @property
    def under_way(self) -> int:
        """Tokens of completions that have not ended, as far as it tells: for whoever watches, and for no account."""
        ...

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """Continue `prompt_ids` by at most `max_tokens` (>= 1) tokens, until a stop token."""
        ...

    async def close(self) -> None:
        """Give back what the engine holds: processes, memory, connections."""
        ...


@dataclass
class EngineSettings:
    """What all engines are told: group `engine/`. The class of an engine adds its own settings and starts it."""

    name: ClassVar[str]
    """Its name in manifests and messages."""

    max_model_len: int = 32768
    """Longest prompt plus completion in tokens."""
    max_concurrency: int = 256
    """Samples in flight at once."""

    @property
    def precision(self) -> str:
        """What the numbers of two runs must share to be points of one curve."""
        raise NotImplementedError

    @property
    def devices(self) -> int:
        """How many devices it takes, as far as it knows; servers count as one each."""
        return 1

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        require_at_least_one("engine", self, "max_model_len", "max_concurrency")

    def require(self) -> None:
        """Raise `ValueError`, naming the setting, where a file that a setting names is not there."""

    def start(self, model: str, trust_remote_code: bool, revision: str = "") -> Engine:
        """Start the engine on `model`, a folder or a Hugging Face id; `revision` is its commit, "" the newest."""
        raise NotImplementedError


@dataclass
class InProcess(EngineSettings):
    """What the engines in this process are told."""

    dtype: str = "float32"
    """Weights and activations. The paper evaluates in float32 for determinism."""

    @property
    def precision(self) -> str:
        """See `EngineSettings.precision`."""
        return self.dtype
