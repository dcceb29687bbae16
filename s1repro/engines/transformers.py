"""Transformers in this process: the reference engine, for where vLLM is not, and to check it against.

It runs the model as its authors published it, with `model.generate`, and adds what a request is promised: its own
`max_tokens`, its own stops, its own random stream. Requests that wait at the same time run as one batch, padded on the
left, in a thread beside the event loop; those that come meanwhile wait for the next one. No row runs past
`max_model_len`: where its longest row gets there a batch ends, and rows that have more to say go on in the next one.
Correct first: there is no prefix cache, a batch lasts as long as its longest row, and several GPUs are not covered.

    engine = Transformers(max_model_len=1024).start("runs/demo/train/checkpoint", trust_remote_code=False)
    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())
    await engine.close()

What a request gets does not depend on its company, but for the last bits of floating point: a batch adds numbers up in
another order than a row alone, so where two tokens tie, either may win. Models whose position encoding changes with
the longest row in a batch (dynamic NTK, LongRoPE) depend on it for real. An engine belongs to one event loop at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from s1repro.engines.base import Engine, InProcess, Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled
from s1repro.pretrained import load_tokenizer, require_model

if TYPE_CHECKING:
    from s1repro.engines.generation import Request

_DTYPES = ("float32", "bfloat16", "float16")

_GATHER_SECONDS = 0.01
"""How long a batch waits for company: what the last one's results set off comes at once, but not in one instant."""


@dataclass
class Transformers(InProcess):
    """Transformers in this process; `max_concurrency` is the most rows that it runs as one batch."""

    name: ClassVar[str] = "transformers"

    def check(self) -> None:
        """See `EngineSettings.check`."""
        super().check()
        if self.dtype not in _DTYPES:
            raise ValueError(f"engine.dtype is {self.dtype!r}; choose from: {', '.join(_DTYPES)}")

    def start(self, model: str, trust_remote_code: bool, revision: str = "") -> Engine:
        """See `EngineSettings.start`."""
        return TransformersEngine(self, model, trust_remote_code, revision)


class TransformersEngine(CheckedEngine):
    """An `Engine` over a transformers model, on the GPU where there is one.

    Raises `ValueError` where `model` is no model, has not all weights, or is made for fewer than
    `settings.max_model_len` tokens.
    """

    def __init__(self, settings: Transformers, model: str, trust_remote_code: bool = False, revision: str = "") -> None:
        from s1repro.engines.generation import load_model  # brings torch, which a finished stage does not need

        hf_config = require_model(model, settings.max_model_len, trust_remote_code, revision)
        super().__init__(
            load_tokenizer(model, "model", trust_remote_code, revision),
            vocab_size=hf_config.get_text_config().vocab_size,
            max_model_len=settings.max_model_len,
        )
        self._max_concurrency = settings.max_concurrency
        self._model = load_model(model, settings.dtype, hf_config, trust_remote_code, revision)
        self._waiting: list[Request] = []
        self._running: list[Request] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def under_way(self) -> int:
        """See `Engine.under_way`."""
        return sum(len(request.taken) for request in (*self._running, *self._waiting))

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """See `CheckedEngine.sample`. At most `max_concurrency` run at once, the rest wait."""
        from s1repro.engines.generation import Request

        if self._model is None:
            raise RuntimeError("this engine is closed")
        result: asyncio.Future[Sampled] = asyncio.get_running_loop().create_future()
        self._waiting.append(Request(tuple(prompt_ids), max_tokens, stop, sampling, result))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await result  # whoever cancels this cancels `result`, which the batch notices

    async def close(self) -> None:
        """Give the model's memory back. Requests that still run or wait get a `RuntimeError`."""
        from s1repro.engines.generation import free

        self._model = None
        for request in (*self._running, *self._waiting):
            if not request.result.done():
                request.result.set_exception(RuntimeError("the engine was closed"))
        if self._worker is not None and not self._worker.done():
            await self._worker  # its batch ends with the token that it is at
        free()

    async def _work(self) -> None:
        """Run what waits, batch after batch, until nothing does."""
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            self._running = self._next_batch()
            if self._running:
                await self._run(self._running)
            self._running = []

    def _next_batch(self) -> list[Request]:
        """Those that wait longest, at most `max_concurrency`; the others stay."""
        waiting = [request for request in self._waiting if not request.result.done()]  # else cancelled
        batch, self._waiting = waiting[: self._max_concurrency], waiting[self._max_concurrency :]
        return batch

    async def _run(self, batch: list[Request]) -> None:
        """Run a batch in a thread and hand out what it sampled, or what went wrong; who is not done waits first."""
        from s1repro.engines.generation import generate

        try:
            going = await asyncio.to_thread(generate, self._model, self.tokenizer, batch, self.max_model_len)
        except Exception as error:
            for request in batch:
                if not request.result.done():
                    request.result.set_exception(error)
            return
        self._waiting = going + self._waiting
        for request in batch:
            if not request.result.done() and request not in going:
                request.result.set_result(Sampled(tuple(request.taken)))
