"""Every engine, for the suite that holds them all to one contract: in process, stand-ins of servers, real servers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from transformers import AutoConfig, PreTrainedTokenizerBase

from s1repro.engines import ENGINES, Engine, ScriptedEngine, load_engine
from s1repro.engines.profiles import SglangServer
from tests.engines.completion_server import serving, toy

Run = Callable[[Coroutine[Any, Any, Any]], Any]
LENGTH = 256
STAND_INS = ("vllm", "sglang", "trtllm")
REPO = Path(__file__).resolve().parents[2]
SGLANG = Path(os.environ.get("S1REPRO_SGLANG", REPO / ".venv-sglang")) / "bin" / "python"
"""`make servers` sets it up."""
REAL = {
    "vllm-server-real": [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"),
        *("--enable-prompt-tokens-details", "--dtype", "float32", "--max-model-len", str(LENGTH)),
        *("--block-size", "32", "--gpu-memory-utilization", "0.3", "--host", "127.0.0.1", "--model"),
    ],
    "sglang-server-real": [
        *(str(SGLANG), str(REPO / "tests" / "servers" / "sglang_cpu.py"), "--device", "cpu", "--dtype", "float32"),
        *("--max-total-tokens", "16384", "--sleep-on-idle", "--enable-cache-report"),
        *("--context-length", str(LENGTH + SglangServer.spare_tokens)),
        *("--host", "127.0.0.1", "--model-path"),
    ],
}
"""How a real server is started, up to the model."""
NAMES = [
    "scripted",
    "transformers",
    "vllm",
    *(f"{kind}-server" for kind in STAND_INS),
    *(pytest.param(name, marks=pytest.mark.server) for name in REAL),
]


@pytest.fixture(scope="session", params=NAMES)
def any_engine(
    request: pytest.FixtureRequest, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase, run: Run
) -> Iterator[Engine]:
    """One engine after the other, each over the same small model or a toy of its vocabulary."""
    name = request.param
    vocabulary = vocabulary_of(tiny_qwen)
    with ExitStack() as stack:
        if name == "vllm":
            yield request.getfixturevalue("vllm_engine")
            return
        if name == "scripted":
            yield ScriptedEngine(qwen_tokenizer, lambda ids: endless(ids, vocabulary), LENGTH, vocab_size=vocabulary)
            return
        if name == "transformers":
            engine = load_engine(ENGINES[name](max_model_len=LENGTH, max_concurrency=64), str(tiny_qwen))
        elif name in REAL:
            if not Path(REAL[name][0]).exists():
                pytest.skip(f"no {REAL[name][0]}: make servers, or set S1REPRO_SGLANG to its environment")
            url = stack.enter_context(started(REAL[name], tiny_qwen))
            kind = name.removesuffix("-real")
            engine = load_engine(ENGINES[kind](max_model_len=LENGTH, urls=[url]), str(tiny_qwen))
        else:
            eos = qwen_tokenizer.eos_token_id
            stand_in = serving(name.removesuffix("-server"), vocabulary, eos, decode=qwen_tokenizer.decode)
            url = stack.enter_context(stand_in).url
            engine = load_engine(ENGINES[name](max_model_len=LENGTH, urls=[url], model="toy"), str(tiny_qwen))
        yield engine
        run(engine.close())


def vocabulary_of(model: Path) -> int:
    """The model's, which is larger than its tokenizer's."""
    size: int = AutoConfig.from_pretrained(model).vocab_size
    return size


def endless(ids: tuple[int, ...], vocabulary: int) -> Iterator[int]:
    """What the stand-ins' model says."""
    while True:
        ids = (*ids, toy(ids, vocabulary))
        yield ids[-1]


class started:
    """A real server as a process of its own; its address."""

    def __init__(self, command: list[str], model: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._command = [*command, str(model), "--port", str(self._port)]

    def __enter__(self) -> str:
        threads = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "2", "VLLM_CPU_KVCACHE_SPACE": "1"}
        quiet = {"VLLM_LOGGING_LEVEL": "ERROR", "HF_HUB_OFFLINE": "1", "SGLANG_USE_CPU_ENGINE": "1"}
        environment = {**os.environ, **threads, **quiet}
        self._process = subprocess.Popen(self._command, env=environment, start_new_session=True)
        url, deadline = f"http://127.0.0.1:{self._port}", time.monotonic() + 240
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx2.get(f"{url}/health").is_success:
                    return url
            except httpx2.RequestError:
                time.sleep(0.5)
        self.__exit__()
        raise AssertionError("the server did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
