"""vLLM in this process: one coroutine a completion, the engine batches them (the paper evaluates with vLLM too).

This is the one module that imports `vllm`. It starts an `AsyncLLM`, whose model runs in processes of its own, hands it
token ids and takes token ids back; vLLM's texts and reasoning parsers are not used. Speculative decoding is settings
(`s1repro.engines.speculation`). Serving over HTTP is not covered.

An engine belongs to the event loop it is first used on. Scripts that start one need the usual
`if __name__ == "__main__":`, because vLLM spawns its processes.

    engine = Vllm(max_model_len=1024).start("runs/demo/train/checkpoint", trust_remote_code=False)
    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())
    await engine.close()

Seen in vLLM 0.32, and why the code is as it is:

- Prompt ids are accepted up to the *model's* vocabulary, so an id sampled in the padding above the tokenizer's can be
  fed back; ids beyond that are refused in front of every engine (`s1repro.engines.checked`).
- The stop token stays in `token_ids`. `ignore_eos` leaves `stop_token_ids` in force and keeps the tokenizer's own end
  of sequence from ending a completion that was not asked to stop there.
- On a CPU a prompt that is computed in parts ends the engine, if its request samples with a seed ("CPU Generator does
  not use offset"). So there prompts are computed whole.
- On a CPU drafts are checked against logits over a temperature that nobody has set, because the kernel that repeats a
  request's temperature for each drafted token writes into a copy (issue 55005): `mend_expansion`.
- Where all of a draft is accepted, the token behind it is sampled as if none of it had been: a stop that `min_tokens`
  above 1 keeps back stays away for up to a draft longer (by its code in vLLM's server too). So that is refused beside
  drafts; forcing asks for 1 (`s1repro.scaling.trace`), and the first token of a request has no draft in front of it.
- The engine process does not notice when its parent is killed: see `s1repro.engines.processes`.
- On a CPU vLLM binds its OpenMP threads to the first cores and overrides `OMP_NUM_THREADS`. Two engines, or an engine
  and a training, would then share a core while others idle. So threads are left to the system (`nobind`) and their
  number is what the user says, or the cores less one; on two cores both (the demo's evaluation sampled for 42 s with
  one thread there and for 30 s with two). `VLLM_CPU_OMP_THREADS_BIND=auto` brings the binding back, which
  pays on a large machine that runs nothing else.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from s1repro.engines.base import Drafts, Engine, InProcess, Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled
from s1repro.engines.processes import DiesWithParent, interruptible_start
from s1repro.engines.speculation import Ngram, Speculation
from s1repro.pretrained import load_tokenizer, require_model
from s1repro.reasons import whole_message
from s1repro.settings.checks import require_at_least_one

if TYPE_CHECKING:
    import torch

_TOLD_TOKENS = 64
"""A completion tells how far it is each time that it has grown by so many."""


@dataclass
class Vllm(InProcess):
    """vLLM in this process."""

    name: ClassVar[str] = "vllm"

    enforce_eager: bool = False
    """Skip compilation, for a faster start and slower steps on a GPU."""
    gpu_memory_utilization: float = 0.9
    """Share of the device's memory the engine may take."""
    block_size: int = 32
    """Tokens a block of the KV cache; whole blocks are reused, so small blocks make forked answers cheap."""
    cpu_cache_gib: int = 1
    """KV cache on a CPU, in GiB."""
    tensor_parallel_size: int = 1
    """GPUs that share each layer."""
    pipeline_parallel_size: int = 1
    """Groups of such GPUs that share the layers."""
    data_parallel_size: int = 1
    """Copies of the model, each on GPUs of its own."""
    distributed_executor_backend: str | None = None
    """What runs them: `mp`, or `ray` for several machines; null leaves it to vLLM."""
    speculative: Speculation = field(default_factory=Speculation)
    """How tokens are drafted: group `engine/speculative/`, a class of `s1repro.engines.speculation`."""

    @property
    def devices(self) -> int:
        """See `EngineSettings.devices`."""
        return self.tensor_parallel_size * self.pipeline_parallel_size * self.data_parallel_size

    def check(self) -> None:
        """See `EngineSettings.check`."""
        super().check()
        require_at_least_one("engine", self, "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
        require_at_least_one("engine", self, "block_size", "cpu_cache_gib")
        self.speculative.check()

    def require(self) -> None:
        """See `EngineSettings.require`."""
        self.speculative.require()

    def start(self, model: str, trust_remote_code: bool, revision: str = "") -> Engine:
        """See `EngineSettings.start`."""
        return VllmEngine(self, model, trust_remote_code, revision)


class VllmEngine(CheckedEngine):
    """An `Engine` over vLLM's `AsyncLLM`.

    Raises `ValueError`, before any process is started, where `model` is no model, has no weights, or is made for
    fewer than `settings.max_model_len` tokens.
    """

    def __init__(self, settings: Vllm, model: str, trust_remote_code: bool = False, revision: str = "") -> None:
        hf_config = require_model(model, settings.max_model_len, trust_remote_code, revision)
        settings.require()
        _set_environment()
        super().__init__(
            load_tokenizer(model, "model", trust_remote_code, revision),
            vocab_size=hf_config.get_text_config().vocab_size,
            max_model_len=settings.max_model_len,
        )
        self._slots = asyncio.Semaphore(settings.max_concurrency)
        self._under_way = 0
        self._request_numbers = itertools.count()
        self._speculative = settings.speculative
        self._llm = _start(settings, model, trust_remote_code, revision)

    @property
    def under_way(self) -> int:
        """See `Engine.under_way`."""
        return self._under_way

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """See `CheckedEngine.sample`. At most `max_concurrency` run at once, the rest wait."""
        if stop.min_tokens > 1 and self._speculative.drafts:
            raise ValueError(f"vLLM cannot keep a stop back for {stop.min_tokens} tokens beside drafts, only for one")

        from vllm import SamplingParams
        from vllm.inputs import tokens_input
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed,
            max_tokens=max_tokens,
            min_tokens=stop.min_tokens,
            stop_token_ids=list(stop.token_ids),
            stop=list(stop.strings),
            include_stop_str_in_output=True,
            ignore_eos=True,
            detokenize=bool(stop.strings),
            skip_special_tokens=False,
            output_kind=RequestOutputKind.DELTA,
            stream_interval=_TOLD_TOKENS,
        )
        ids: list[int] = []
        async with self._slots:
            name = f"s1-{next(self._request_numbers)}"
            try:
                async for output in self._llm.generate(tokens_input(list(prompt_ids)), params, name):
                    result = output.outputs[0]
                    ids += result.token_ids
                    self._under_way += len(result.token_ids)
                    if output.finished:
                        assert result.finish_reason in ("stop", "length"), result
                        drafts = self._drafts(result.spec_decode_metrics)
                        return Sampled(tuple(ids), output.num_cached_tokens or 0, drafts)
            finally:
                self._under_way -= len(ids)
        raise AssertionError("vLLM ended a request without an output")

    def _drafts(self, metrics: Any) -> Drafts:
        if metrics is None:
            return Drafts()
        every_step = not isinstance(self._speculative, Ngram)  # it often finds nothing to draft
        return Drafts(tuple(metrics.per_step_drafted), tuple(metrics.per_step_accepted), every_step)

    async def forget_prefixes(self) -> None:
        """Empty the prefix cache, so that what is measured next starts cold."""
        assert self._llm is not None
        await self._llm.reset_prefix_cache()

    async def close(self) -> None:
        """End vLLM's processes; the ones still busy after a few seconds are killed."""
        llm, self._llm = self._llm, None  # its finaliser must not run while the interpreter goes down
        if llm is not None:
            llm.shutdown(timeout=5.0)


def _set_environment() -> None:
    """vLLM's settings that are environment variables; what the user has set stays."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    defaults = {
        "VLLM_LOGGING_LEVEL": "ERROR",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": str(min(cores, max(2, cores - 1))),
        "TORCH_CPP_LOG_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore::FutureWarning",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    logging.getLogger("vllm").setLevel(os.environ["VLLM_LOGGING_LEVEL"])  # vLLM sets it too, but after its first lines
    if os.environ["VLLM_CPU_OMP_THREADS_BIND"] == "nobind":
        # Without a binding to set up, a CPU model can run in the engine process: it starts a third sooner.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")


def engine_arguments(settings: Vllm, model: str, trust_remote_code: bool = False, revision: str = "") -> dict[str, Any]:
    """What vLLM's engines are told, by its own names."""
    from vllm.platforms import current_platform

    on_cpu = current_platform.is_cpu()
    return {
        "model": model,
        "revision": revision or None,
        "tokenizer_revision": revision or None,
        "trust_remote_code": trust_remote_code,
        "dtype": settings.dtype,
        "max_model_len": settings.max_model_len,
        "max_num_seqs": settings.max_concurrency,
        "enforce_eager": settings.enforce_eager,
        "gpu_memory_utilization": settings.gpu_memory_utilization,
        "block_size": settings.block_size,
        "tensor_parallel_size": settings.tensor_parallel_size,
        "pipeline_parallel_size": settings.pipeline_parallel_size,
        "data_parallel_size": settings.data_parallel_size,
        "distributed_executor_backend": settings.distributed_executor_backend,
        "kv_cache_memory_bytes": settings.cpu_cache_gib * 2**30 if on_cpu else None,
        "enable_chunked_prefill": not on_cpu,
        "max_num_batched_tokens": max(4096, settings.max_model_len) if on_cpu else None,
        "speculative_config": settings.speculative.arguments(),
        "per_request_spec_decode_metrics": "detailed" if settings.speculative.drafts else "none",
        "load_format": "safetensors",
        "generation_config": "vllm",  # the hub's file would change temperature and top_p behind our back
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
    }


def _start(settings: Vllm, model: str, trust_remote_code: bool, revision: str) -> Any:
    """Start an `AsyncLLM`; a setting that vLLM refuses is a `ValueError` in one line."""
    from vllm import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    arguments = AsyncEngineArgs(**engine_arguments(settings, model, trust_remote_code, revision))
    try:
        vllm_config = arguments.create_engine_config()
    except ValueError as error:
        raise ValueError(f"vLLM refuses these engine settings for {model}: {whole_message(error)}") from error
    vllm_config.additional_config = DiesWithParent(first=mend_expansion)
    with interruptible_start():
        return AsyncLLM.from_vllm_config(vllm_config, disable_log_stats=True)


def mend_expansion() -> None:
    """Give vLLM a CPU kernel that writes what it is told to (issue 55005); called where its kernels are not chosen yet.

    Without it samples at a temperature are wrong wherever something is drafted.
    """
    from vllm.utils import cpu_triton_utils

    assert hasattr(cpu_triton_utils, "_expand_kernel_impl"), "another vLLM than the one that this is written for"
    cpu_triton_utils._expand_kernel_impl = expand


def expand(
    output: torch.Tensor,
    values: torch.Tensor,
    ends: torch.Tensor,
    replace_from: float,
    replace_to: float,
    max_tokens: int | None = None,
) -> None:
    """Fill `output` `(tokens,)` with each request's value of `values` `(requests,)`, as often as it has tokens.

    `ends` `(requests,)` are the tokens up to and with each request. A value `replace_from` becomes `replace_to`.
    `max_tokens` is the kernel's own business.
    """
    kept = values.where(values != replace_from, replace_to)
    output.copy_(kept.repeat_interleave(ends.diff(prepend=ends.new_zeros(1))))
