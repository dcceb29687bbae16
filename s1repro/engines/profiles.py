"""The servers that there are: what their requests hold beside prompt and sampling, and where their ids stand.

Seen in vLLM 0.32 and SGLang 0.5.23 (run) and in TensorRT-LLM 1.2 (read):

- A sampling default of the model (`generation_config.json`: top-k, a repetition penalty) is applied by vLLM's and
  SGLang's servers unless a request says otherwise, so these say so.
- vLLM keeps to `stop_token_ids` under `ignore_eos`; SGLang and TensorRT-LLM switch them off with it, so there it goes
  only with a request that has none.
- SGLang counts a request's seed only where it was started with `--enable-deterministic-inference`. Without that its
  samples above temperature 0 are of the right distribution, and others each time.
- SGLang takes no more than its context length less 6 tokens, prompt and completion together.
- `min_tokens` keeps `stop_token_ids` back in vLLM and SGLang; TensorRT-LLM keeps its own end of sequence back alone. So
  there the first tokens are asked for by themselves, with a bias against the stops.
- SGLang dies of an id outside the vocabulary; ids are checked before (`s1repro.engines.checked`). TensorRT-LLM rejects
  a request with a field it does not know, and gives ids only in place of text.

    VllmServer(urls=["http://127.0.0.1:8000"]).fields(Stop((151645,)))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from s1repro.engines.base import Engine, Stop
from s1repro.engines.completions import ServerSettings
from s1repro.engines.server import ServerEngine

_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""No default of the model's."""


@dataclass
class Server(ServerSettings):
    """A server of any kind."""

    def start(self, model: str, trust_remote_code: bool, revision: str = "") -> Engine:
        """See `EngineSettings.start`; the server is asked what it serves before anything else."""
        return ServerEngine(self, model, trust_remote_code, revision)


@dataclass
class VllmServer(Server):
    """`vllm serve`; with `--enable-prompt-tokens-details` it says what came from its prefix cache."""

    name: ClassVar[str] = "vllm-server"
    ids_need: ClassVar[str] = "vLLM 0.10.2 or newer"

    def fields(self, stop: Stop) -> dict[str, Any]:
        """See `ServerSettings.fields`."""
        return {
            **_NEUTRAL,
            "return_token_ids": True,
            "stop_token_ids": list(stop.token_ids),
            "stop": list(stop.strings),
            "min_tokens": stop.min_tokens,
            "include_stop_str_in_output": True,
            "skip_special_tokens": False,
            "ignore_eos": True,
        }


@dataclass
class SglangServer(Server):
    """SGLang's server; with `--enable-cache-report` it says what came from its prefix cache."""

    name: ClassVar[str] = "sglang-server"
    ids_need: ClassVar[str] = "SGLang 0.5.18 or newer"
    spare_tokens: ClassVar[int] = 6

    def fields(self, stop: Stop) -> dict[str, Any]:
        """See `ServerSettings.fields`."""
        return {
            **_NEUTRAL,
            "return_token_ids": True,
            "stop_token_ids": list(stop.token_ids),
            "stop": list(stop.strings),
            "min_tokens": stop.min_tokens,
            "no_stop_trim": True,
            "skip_special_tokens": False,
            "ignore_eos": not (stop.token_ids or stop.strings),
        }

    def note(self, told: Callable[[str], Mapping[str, Any]]) -> str:
        """See `ServerSettings.note`."""
        if told("/server_info").get("enable_deterministic_inference") is not False:
            return ""
        return "above temperature 0 its samples are others each time; with --enable-deterministic-inference seeds count"


@dataclass
class TrtllmServer(Server):
    """`trtllm-serve`, TensorRT-LLM's server."""

    name: ClassVar[str] = "trtllm-server"
    ids_need: ClassVar[str] = "trtllm-serve 1.2, which gives ids where it is told detokenize: false"

    def fields(self, stop: Stop) -> dict[str, Any]:
        """See `ServerSettings.fields`."""
        held_back = {str(token): -100.0 for token in stop.token_ids}
        alone = {"max_tokens": stop.min_tokens, "logit_bias": held_back} if stop.min_tokens else {}
        return {
            **alone,
            "detokenize": False,
            "stop_token_ids": list(stop.token_ids),
            "stop": list(stop.strings),
            "include_stop_str_in_output": True,
            "skip_special_tokens": False,
            "ignore_eos": not (stop.token_ids or stop.strings),
        }
