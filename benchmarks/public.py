"""A curve the way the public code takes it: one run a point, synchronous rounds, vLLM's batch API.

Written after `_model_generate` of the paper's evaluation code (its fork of lm-eval, models/vllm_causallms.py). In a
run all questions think; those that ended their thinking get the Wait and think again, with the whole budget once more;
what is too much is cut off afterwards; then all answer. Every round waits for its slowest question. Two things are
kinder here than there: prompts are cached across rounds, and a trace that has filled the model's length ends its
rounds, where the public code crashes.

    api = BatchApi(settings, "runs/demo/train/checkpoint", as_shipped=True)
    public_scheme(api, prompts, points, fmt)
    api.sampled_tokens
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from transformers import PreTrainedTokenizerBase

from s1repro.chat import BoundFormat
from s1repro.engines.vllm import Vllm, engine_arguments
from s1repro.scaling import Budget


@dataclass(frozen=True)
class Said:
    """What one prompt was continued by, its stop included."""

    token_ids: list[int]
    stopped: bool


class Batch(Protocol):
    """A batch in, and when the last of it is done, the batch out."""

    max_model_len: int

    def generate(self, prompts: Sequence[list[int]], max_tokens: int, stop_ids: Sequence[int]) -> list[Said]:
        """Continue every prompt by at most `max_tokens` tokens, until one of `stop_ids`."""
        ...


class BatchApi:
    """`vllm.LLM` with the settings of the engine beside it, greedy, counted.

    `as_shipped`: vLLM runs it in processes of its own, as it does for the public code. Otherwise all is one process,
    which is faster on few cores: no process hands anything to another.
    """

    def __init__(self, settings: Vllm, model: str, *, as_shipped: bool) -> None:
        from vllm import LLM

        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "1" if as_shipped else "0"
        self.max_model_len = settings.max_model_len
        self.requests = self.prompt_tokens = self.cached_tokens = self.sampled_tokens = 0
        self._llm: Any = LLM(**engine_arguments(settings, model))
        self.tokenizer: PreTrainedTokenizerBase = self._llm.get_tokenizer()

    def generate(self, prompts: Sequence[list[int]], max_tokens: int, stop_ids: Sequence[int]) -> list[Said]:
        """See `Batch.generate`."""
        from vllm import SamplingParams
        from vllm.inputs import tokens_input

        params = SamplingParams(temperature=0, max_tokens=max_tokens, min_tokens=1, stop_token_ids=list(stop_ids))
        outputs = self._llm.generate([tokens_input(prompt) for prompt in prompts], params, use_tqdm=False)
        self.requests += len(prompts)
        self.prompt_tokens += sum(map(len, prompts))
        self.cached_tokens += sum(output.num_cached_tokens or 0 for output in outputs)
        self.sampled_tokens += sum(len(output.outputs[0].token_ids) for output in outputs)
        return [
            Said(list(output.outputs[0].token_ids), output.outputs[0].finish_reason == "stop") for output in outputs
        ]

    def forget_prefixes(self) -> None:
        """Empty the prefix cache."""
        self._llm.reset_prefix_cache()

    def close(self) -> None:
        """End its processes."""
        self._llm.llm_engine.engine_core.shutdown()


def public_scheme(api: Batch, prompts: Sequence[list[int]], points: Sequence[Budget], fmt: BoundFormat) -> None:
    """Every point as a run of its own."""
    for point in points:
        traces = _think(api, prompts, point, fmt)
        tail = [*fmt.cut_ids, *fmt.piece_ids(point.final_string)]
        opened = [[*prompt, *trace, *tail] for prompt, trace in zip(prompts, traces, strict=True)]
        api.generate(opened, point.max_answer_tokens or api.max_model_len, fmt.turn_end_ids)


def _think(api: Batch, prompts: Sequence[list[int]], point: Budget, fmt: BoundFormat) -> list[list[int]]:
    """The traces after all rounds, cut to the budget."""
    assert point.max_thinking_tokens is not None
    wait_ids = fmt.piece_ids(point.wait_strings[0])
    traces: list[list[int]] = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for round_ in range(point.waits + 1):
        said = api.generate([[*prompts[i], *traces[i]] for i in going], point.max_thinking_tokens, fmt.end_ids)
        stopped = []
        for i, one in zip(going, said, strict=True):
            traces[i] += one.token_ids[:-1] if one.stopped else one.token_ids
            if one.stopped and len(prompts[i]) + len(traces[i]) + len(wait_ids) < api.max_model_len:
                stopped.append(i)
        going = stopped if round_ < point.waits else []
        for i in going:
            traces[i] += wait_ids
        if not going:
            break
    return [trace[: point.max_thinking_tokens] for trace in traces]
