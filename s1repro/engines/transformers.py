"""Transformers in this process: the reference engine, for where vLLM is not, and to check it against.

It runs the model as its authors published it, with `model.generate`, and adds what a request is promised: its own
`max_tokens`, its own stops, its own random stream. Requests that wait at the same time run as one batch, padded on the
left, in a thread beside the event loop; those that come meanwhile wait for the next one. Correct first: there is no
prefix cache, a batch lasts as long as its longest row, and several GPUs are not covered.

    engine = TransformersEngine(config.engine, "runs/demo/train/checkpoint")
    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())
    await engine.close()

What a request gets does not depend on its company, but for the last bits of floating point: a batch adds numbers up in
another order than a row alone, so where two tokens tie, either may win. Models whose position encoding changes with
the longest row in a batch (dynamic NTK, LongRoPE) depend on it for real. An engine belongs to one event loop at a time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, GenerationConfig, LogitsProcessor, StoppingCriteria
from transformers.utils.logging import disable_progress_bar

from s1repro.config import EngineConfig
from s1repro.engines.base import Completion, Sampling, Stop
from s1repro.engines.request import require_request
from s1repro.engines.stopping import find_stop
from s1repro.pretrained import load_tokenizer, require_model

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

_DTYPES = ("float32", "bfloat16", "float16")
_VLLM_ONLY = ("gpu_memory_utilization", "block_size", "cpu_cache_gib", "tensor_parallel_size")
"""Settings that this engine has no counterpart of: refused where they are not the default. It never compiles, so
`enforce_eager` holds either way."""

_GATHER_SECONDS = 0.01
"""How long a batch waits for company: what the last one's results set off comes at once, but not in one instant."""


@dataclass(frozen=True, eq=False)
class _Request:
    """A request, who waits for it, and in `taken` what is sampled so far, with the stop."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    stop: Stop
    sampling: Sampling
    result: asyncio.Future[Completion]
    taken: list[int] = field(default_factory=list)


class TransformersEngine:
    """An `Engine` over a transformers model, on the GPU where there is one.

    Raises `ValueError` where `model` is no model, has not all weights, or is made for fewer than
    `config.max_model_len` tokens, and for settings that only vLLM has.
    """

    def __init__(self, config: EngineConfig, model: str, trust_remote_code: bool = False) -> None:
        _require_settings(config)
        hf_config = require_model(model, config.max_model_len, trust_remote_code)
        self.tokenizer: PreTrainedTokenizerBase = load_tokenizer(model, "model", trust_remote_code)
        self.max_model_len = config.max_model_len
        self._max_concurrency = config.max_concurrency
        self._vocab_size: int = hf_config.get_text_config().vocab_size
        self._model = _load(config, model, hf_config, trust_remote_code)
        self._waiting: list[_Request] = []
        self._running: list[_Request] = []
        self._worker: asyncio.Task[None] | None = None

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """Continue `prompt_ids`; see `Engine.complete`. At most `max_concurrency` run at once, the rest wait."""
        require_request(
            prompt_ids, max_tokens=max_tokens, vocab_size=self._vocab_size, max_model_len=self.max_model_len
        )
        _require_sampling(sampling)
        if self._model is None:
            raise RuntimeError("this engine is closed")
        result: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(tuple(prompt_ids), max_tokens, stop, sampling, result))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await result  # whoever cancels this cancels `result`, which the batch notices

    async def close(self) -> None:
        """Give the model's memory back. Requests that still run or wait get a `RuntimeError`."""
        self._model = None
        for request in (*self._running, *self._waiting):
            if not request.result.done():
                request.result.set_exception(RuntimeError("the engine was closed"))
        if self._worker is not None and not self._worker.done():
            await self._worker  # its batch ends with the token that it is at
        torch.cuda.empty_cache()

    async def _work(self) -> None:
        """Run what waits, batch after batch, until nothing does."""
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            self._running = self._next_batch()
            if self._running:
                await self._run(self._running)
            self._running = []

    def _next_batch(self) -> list[_Request]:
        """The request that waits longest and those that fit beside it; the others stay.

        Rows that are done run on until the whole batch is. So that none runs past what the model is made for, the
        longest prompt and the most new tokens of a batch fit in `max_model_len` together.
        """
        batch: list[_Request] = []
        others: list[_Request] = []
        prompt = new = 0
        for request in self._waiting:
            if request.result.done():  # cancelled
                continue
            longest, most = max(prompt, len(request.prompt_ids)), max(new, request.max_tokens)
            if len(batch) < self._max_concurrency and longest + most <= self.max_model_len:
                batch.append(request)
                prompt, new = longest, most
            else:
                others.append(request)
        self._waiting = others
        return batch

    async def _run(self, batch: list[_Request]) -> None:
        """Run a batch in a thread and hand out its completions, or what went wrong."""
        try:
            completions = await asyncio.to_thread(self._generate, batch)
        except Exception as error:
            for request in batch:
                if not request.result.done():
                    request.result.set_exception(error)
            return
        for request, completion in zip(batch, completions, strict=True):
            if not request.result.done():
                request.result.set_result(completion)

    def _generate(self, batch: Sequence[_Request]) -> list[Completion]:
        """Run the model until every request of the batch has its stop or its `max_tokens`."""
        longest = max(len(request.prompt_ids) for request in batch)
        pads = [longest - len(request.prompt_ids) for request in batch]
        ids = [[0] * pad + list(request.prompt_ids) for pad, request in zip(pads, batch, strict=True)]
        mask = [[0] * pad + [1] * (longest - pad) for pad in pads]
        model = self._model
        model.generate(
            input_ids=torch.tensor(ids, device=model.device),
            attention_mask=torch.tensor(mask, device=model.device),
            generation_config=GenerationConfig(  # type: ignore[no-untyped-call, unused-ignore]
                max_new_tokens=max(request.max_tokens for request in batch), do_sample=False, use_cache=True
            ),
            logits_processor=[_Draw([request.sampling for request in batch], model.device)],
            stopping_criteria=[_Take(batch, self.tokenizer)],
        )
        return [_completion(request, self.tokenizer) for request in batch]


def _completion(request: _Request, tokenizer: PreTrainedTokenizerBase) -> Completion:
    """What is taken as a `Completion`: the stop cut off and reported."""
    ids, stop = tuple(request.taken), request.stop
    stop_ids = ids[-1:] if ids[-1] in stop.token_ids else ()
    ids = ids[: len(ids) - len(stop_ids)]
    if stop.strings and (found := find_stop(tokenizer, ids, stop.strings)):
        return Completion(ids[: found.kept], "stop", stop_string=found.string, stop_ids=ids[found.kept : found.end])
    if stop_ids:
        return Completion(ids, "stop", stop_token=stop_ids[0], stop_ids=stop_ids)
    return Completion(ids, "length")


class _Take(StoppingCriteria):
    """Takes each row's newest token and says which rows are done: by their stops, their `max_tokens`, or cancelled."""

    def __init__(self, batch: Sequence[_Request], tokenizer: PreTrainedTokenizerBase) -> None:
        self._batch = batch
        self._tokenizer = tokenizer
        self._done = [False] * len(batch)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if not self._done[row]:
                self._batch[row].taken.append(token)
                self._done[row] = self._is_done(self._batch[row])
        return torch.tensor(self._done, device=input_ids.device)

    def _is_done(self, request: _Request) -> bool:
        taken, stop = request.taken, request.stop
        if request.result.done() or len(taken) == request.max_tokens or taken[-1] in stop.token_ids:
            return True
        if not stop.strings:
            return False
        # A long text is not decoded anew for each token: a look at as many tokens as the strings have bytes tells when
        # to. Should one be spelt over more, with tokens that have no text, it is found when the row ends.
        tail = taken[-max(len(string.encode()) for string in stop.strings) :]
        return bool(find_stop(self._tokenizer, tail, stop.strings) and find_stop(self._tokenizer, taken, stop.strings))


class _Draw(LogitsProcessor):
    """Leaves a sampled row one token, drawn from the row's own random stream. Greedy rows are left as they are."""

    def __init__(self, samplings: Sequence[Sampling], device: torch.device) -> None:
        sampled = {row: sampling for row, sampling in enumerate(samplings) if sampling.temperature > 0}
        self._rows = list(sampled)
        self._streams = [random.Random(sampling.seed) for sampling in sampled.values()]
        self._temperatures = _column([sampling.temperature for sampling in sampled.values()], device)
        self._top_ps = _column([sampling.top_p for sampling in sampled.values()], device)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._rows:
            uniforms = _column([stream.random() for stream in self._streams], scores.device)
            tokens = draw(scores[self._rows], self._temperatures, self._top_ps, uniforms)
            scores[self._rows] = -torch.inf
            scores[self._rows, tokens] = 0.0
        return scores


def draw(
    scores: torch.Tensor, temperatures: torch.Tensor, top_ps: torch.Tensor, uniforms: torch.Tensor
) -> torch.Tensor:
    """A token for each row of `scores`; the rest are columns: temperatures, shares to keep, numbers in [0, 1).

    The number picks from the tokens' probabilities laid end to end in the vocabulary's order, which unlike their order
    by size is not upset where two of them tie.
    """
    probabilities = torch.softmax(scores.double() / temperatures, dim=-1)
    if (top_ps < 1).any():
        ordered, tokens = probabilities.sort(dim=-1, descending=True, stable=True)
        beyond = ordered.cumsum(dim=-1) - ordered >= top_ps  # the tokens in front are enough
        beyond &= top_ps < 1
        probabilities.scatter_(-1, tokens, ordered.masked_fill(beyond, 0.0))
    ends = probabilities.cumsum(dim=-1)
    return torch.searchsorted(ends, uniforms * ends[:, -1:], right=True)[:, 0]


def _column(numbers: Sequence[float], device: torch.device) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64, device=device)[:, None]


def _require_settings(config: EngineConfig) -> None:
    """Raise `ValueError` for settings that this engine would have to ignore."""
    for name in _VLLM_ONLY:
        value, default = getattr(config, name), getattr(EngineConfig, name)
        if value != default:
            raise ValueError(
                f"engine.{name} is {value}, but the transformers engine has no such setting: "
                f"leave it at {default}, or choose engine=vllm"
            )
    if config.dtype not in _DTYPES:
        raise ValueError(f"engine.dtype is {config.dtype!r}; choose from: {', '.join(_DTYPES)}")


def _require_sampling(sampling: Sampling) -> None:
    """Raise `ValueError` for numbers that no distribution has."""
    if not sampling.temperature >= 0:
        raise ValueError(f"the temperature is {sampling.temperature}; give 0 (greedy) or more")
    if not 0 < sampling.top_p <= 1:
        raise ValueError(f"top_p is {sampling.top_p}; give a share above 0, up to 1")


def _load(config: EngineConfig, model: str, hf_config: PretrainedConfig, trust_remote_code: bool) -> Any:
    """The model with its weights, on its device; `ValueError` in one line where it cannot be loaded as a whole."""
    disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
    models: Any = AutoModelForCausalLM  # its types know neither the report nor what a model is
    try:
        loaded, report = models.from_pretrained(
            model,
            config=hf_config,
            trust_remote_code=trust_remote_code,
            dtype=config.dtype,
            device_map={"": "cuda" if torch.cuda.is_available() else "cpu"},
            use_safetensors=True,  # other formats are unpickled, which can run code
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"cannot load the model {model}: {reason}") from error
    if missing := sorted(report["missing_keys"]):  # transformers would make them up
        raise ValueError(f"the weights of {model} lack {len(missing)} tensors, such as {missing[0]}")
    # The hub's file would add stops and penalties behind our back.
    loaded.generation_config = GenerationConfig()  # type: ignore[no-untyped-call, unused-ignore]
    return loaded
