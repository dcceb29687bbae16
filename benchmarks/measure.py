"""One side of a comparison: what a piece of work took, from a cold prefix cache, the engine's start excluded."""

from __future__ import annotations

import resource
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, BoundFormat
from s1repro.engines.metered import MeteredEngine
from s1repro.engines.vllm import Vllm, VllmEngine

Found = dict[str, dict[str, Any]]
"""The figures of each comparison, by its name."""


class Counted(Protocol):
    """Something that counts what goes through it."""

    requests: int
    sampled_tokens: int
    prompt_tokens: int
    cached_tokens: int


@dataclass(frozen=True)
class Cost:
    """Wall time, and what went through the engine."""

    seconds: float
    requests: int
    sampled_tokens: int
    prompt_tokens: int
    cached_tokens: int

    def to_json(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


class Stopwatch:
    """Started when it is made."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._before = vars(counted).copy()
        self._started = time.perf_counter()

    def cost(self) -> Cost:
        """What was taken since the start."""
        seconds = time.perf_counter() - self._started
        now = vars(self._counted)
        return Cost(round(seconds, 3), **{name: now[name] - self._before[name] for name in Counted.__annotations__})


@dataclass(frozen=True)
class Subject:
    """What is measured: a model's folder, its thinking format by name, and vLLM's settings."""

    model: str
    format: str
    settings: Vllm

    def bound(self, tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
        """Its format in its tokens."""
        return FORMATS[self.format].bind(tokenizer)


class Bench:
    """An engine whose work is measured piece by piece."""

    def __init__(self, engine: VllmEngine, subject: Subject) -> None:
        self.engine = MeteredEngine(engine)
        self.fmt = subject.bound(engine.tokenizer)
        self._vllm = engine

    async def measure(self, work: Coroutine[Any, Any, Any]) -> tuple[Any, Cost]:
        """What `work` returns, and what it took."""
        await self._vllm.forget_prefixes()
        watch = Stopwatch(self.engine)
        result = await work
        return result, watch.cost()


def peak_mib() -> float:
    """The most memory that this process, without the engine's own, has held so far, in MiB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(name: str, figures: dict[str, Any]) -> None:
    """One line, without what is nested."""
    flat = {key: value for key, value in figures.items() if not isinstance(value, dict | list)}
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in flat.items()), flush=True)
