"""One batch of requests on a transformers model: each row with its own stops, its own end, its own random stream.

What `s1repro.engines.transformers` hands over to torch: the model as its authors published it, `model.generate` with a
criterion that takes each row's tokens and a processor that draws them. Which requests make a batch is not its business.

    model = load_model("runs/demo/train/checkpoint", "float32", hf_config, trust_remote_code=False)
    going = generate(model, tokenizer, requests, 1024)      # what was sampled is in each request's `taken`
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

from s1repro.engines.base import Sampling, Stop
from s1repro.engines.checked import Sampled
from s1repro.engines.stopping import find_stop
from s1repro.reasons import first_line

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class Request:
    """A request, who waits for it, and in `taken` what is sampled so far, with the stop."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    stop: Stop
    sampling: Sampling
    result: asyncio.Future[Sampled]
    taken: list[int] = field(default_factory=list)


def generate(
    model: Any, tokenizer: PreTrainedTokenizerBase, batch: Sequence[Request], max_model_len: int
) -> list[Request]:
    """Run the model until every request of the batch has its stop or its `max_tokens`, or the longest row is full.

    Returns the requests that have neither yet; given again, they go on from what they have taken. Rows that are done
    run on until the batch is, and none may run past the `max_model_len` tokens that the model is made for.
    """
    rows = [(*request.prompt_ids, *request.taken) for request in batch]
    longest = max(map(len, rows))
    pads = [longest - len(row) for row in rows]
    ids = [[0] * pad + list(row) for pad, row in zip(pads, rows, strict=True)]
    mask = [[0] * pad + [1] * (longest - pad) for pad in pads]
    most = max(request.max_tokens - len(request.taken) for request in batch)
    take = _Take(batch, tokenizer)
    model.generate(
        input_ids=torch.tensor(ids, device=model.device),
        attention_mask=torch.tensor(mask, device=model.device),
        generation_config=GenerationConfig(  # type: ignore[no-untyped-call, unused-ignore]
            max_new_tokens=min(most, max_model_len - longest), do_sample=False, use_cache=True
        ),
        logits_processor=[_HoldBack(batch, tokenizer), _Draw(batch, model.device)],
        stopping_criteria=[take],
    )
    return [request for request, done in zip(batch, take.done, strict=True) if not done]


class _Take(StoppingCriteria):
    """Takes each row's newest token and says which rows are done: by their stops, their `max_tokens`, or cancelled."""

    def __init__(self, batch: Sequence[Request], tokenizer: PreTrainedTokenizerBase) -> None:
        self._batch = batch
        self._tokenizer = tokenizer
        self.done = [False] * len(batch)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if not self.done[row]:
                self._batch[row].taken.append(token)
                self.done[row] = self._is_done(self._batch[row])
        return torch.tensor(self.done, device=input_ids.device)

    def _is_done(self, request: Request) -> bool:
        taken, stop = request.taken, request.stop
        if request.result.done() or len(taken) == request.max_tokens or taken[-1] in stop.token_ids:
            return True
        if not stop.strings:
            return False
        # A long text is not decoded anew for each token: a look at as many tokens as the strings have bytes tells when
        # to. Should one be spelt over more, with tokens that have no text, it is found when the row ends.
        tail = taken[-max(len(string.encode()) for string in stop.strings) :]
        return bool(find_stop(self._tokenizer, tail, stop.strings) and find_stop(self._tokenizer, taken, stop.strings))


class _HoldBack(LogitsProcessor):
    """Keeps a row's stops and the end of sequence from being its first tokens, as `Stop.min_tokens` says."""

    def __init__(self, batch: Sequence[Request], tokenizer: PreTrainedTokenizerBase) -> None:
        self._batch = batch
        self._eos = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for row, request in enumerate(self._batch):
            if len(request.taken) < request.stop.min_tokens:
                scores[row, [*request.stop.token_ids, *self._eos]] = -torch.inf
        return scores


class _Draw(LogitsProcessor):
    """Leaves a sampled row one token, drawn from the row's own random stream. Greedy rows are left as they are."""

    def __init__(self, batch: Sequence[Request], device: torch.device) -> None:
        sampled = {row: request for row, request in enumerate(batch) if request.sampling.temperature > 0}
        self._rows = list(sampled)
        self._streams = [_stream(request) for request in sampled.values()]
        self._temperatures = _column([request.sampling.temperature for request in sampled.values()], device)
        self._top_ps = _column([request.sampling.top_p for request in sampled.values()], device)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._rows:
            uniforms = _column([stream.random() for stream in self._streams], scores.device)
            tokens = draw(scores[self._rows], self._temperatures, self._top_ps, uniforms)
            scores[self._rows] = -torch.inf
            scores[self._rows, tokens] = 0.0
        return scores


def _stream(request: Request) -> random.Random:
    """The numbers that the row draws its next tokens with: one a token, those of the tokens it has are used."""
    stream = random.Random(request.sampling.seed)
    for _ in request.taken:
        stream.random()
    return stream


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


def load_model(model: str, dtype: str, hf_config: PretrainedConfig, trust_remote_code: bool, revision: str = "") -> Any:
    """The model with its weights, on its device; `ValueError` in one line where it cannot be loaded as a whole."""
    disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
    models: Any = AutoModelForCausalLM  # its types know neither the report nor what a model is
    try:
        loaded, report = models.from_pretrained(
            model,
            config=hf_config,
            trust_remote_code=trust_remote_code,
            revision=revision or "main",
            dtype=dtype,
            device_map={"": "cuda" if torch.cuda.is_available() else "cpu"},
            use_safetensors=True,  # other formats are unpickled, which can run code
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(f"cannot load the model {model}: {first_line(error)}") from error
    if missing := sorted(report["missing_keys"]):  # transformers would make them up
        raise ValueError(f"the weights of {model} lack {len(missing)} tensors, such as {missing[0]}")
    # The hub's file would add stops and penalties behind our back.
    loaded.generation_config = GenerationConfig()  # type: ignore[no-untyped-call, unused-ignore]
    return loaded


def free() -> None:
    """Give the memory of a model that nothing refers to any more back to its device."""
    torch.cuda.empty_cache()
