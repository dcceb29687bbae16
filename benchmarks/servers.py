"""Real servers on this machine, each as a process of its own: how it is started, waited for and ended.

For the benches and for the tests marked `server`; SGLang's has an environment of its own (`make servers`).

    with Served([*vllm_command(1024), "runs/demo/train/checkpoint"]) as server:
        server.url
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx2

from s1repro.children import told_of_our_end
from s1repro.engines.profiles import SglangServer

REPO = Path(__file__).resolve().parents[1]
SGLANG = Path(os.environ.get("S1REPRO_SGLANG", REPO / ".venv-sglang")) / "bin" / "python"
"""`make servers` sets it up."""
START_SECONDS = 240.0
ENVIRONMENT = {
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # no process for the model alone, as in `s1repro.engines.vllm`
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_SERVER_DEV_MODE": "1",  # has /reset_prefix_cache
    "HF_HUB_OFFLINE": "1",
    "SGLANG_USE_CPU_ENGINE": "1",
}


def vllm_command(length: int, cache_gib: int = 1) -> list[str]:
    """vLLM's server on a CPU for `length` tokens, up to the model.

    It is what `vllm serve` runs; that command itself looks for a package named vllm, which the CPU build is not.
    """
    return [
        *(sys.executable, "-m", "vllm.entrypoints.launchers.api_server.entry", "--enforce-eager"),
        *("--enable-prompt-tokens-details", "--dtype", "float32", "--max-model-len", str(length)),
        *("--block-size", "32", "--gpu-memory-utilization", "0.3", "--host", "127.0.0.1"),
        *("--kv-cache-memory-bytes", str(cache_gib * 2**30)),
        *("--no-enable-chunked-prefill", "--max-num-batched-tokens", str(max(4096, length))),
        *("--disable-log-stats", "--disable-uvicorn-access-log", "--model"),  # as the engine in process
    ]


def sglang_command(length: int, cache_tokens: int = 16384) -> list[str]:
    """SGLang's server on a CPU for `length` tokens, up to the model."""
    return [
        *(str(SGLANG), str(REPO / "tests" / "servers" / "sglang_cpu.py"), "--device", "cpu", "--dtype", "float32"),
        *("--max-total-tokens", str(cache_tokens), "--sleep-on-idle", "--enable-cache-report"),
        *("--enable-deterministic-inference", "--attention-backend", "torch_native"),
        *("--context-length", str(length + SglangServer.spare_tokens)),
        *("--host", "127.0.0.1", "--log-level-http", "warning", "--model-path"),
    ]


class Served:
    """A server at a port of its own, which it keeps when it is killed and started again; a context manager.

    It does not outlive this process, even where that is killed: it gets a SIGTERM then, and ends what it has started.
    It calculates in as many threads as `OMP_NUM_THREADS` says, in `threads` where that says nothing. With other work on
    the same cores one is faster than two, by far in SGLang.
    """

    def __init__(self, command: list[str], threads: int = 2) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._command = [*command, "--port", str(port)]
        self._threads = str(threads)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Served:
        self.start()
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=30)
        self.kill()

    def start(self) -> None:
        """Start it, and do not wait."""
        assert threading.current_thread() is threading.main_thread(), "it would end with this thread"
        environment = {"OMP_NUM_THREADS": self._threads, **os.environ, **ENVIRONMENT, "PYTHONPATH": str(REPO)}
        self._process = subprocess.Popen(
            self._command,
            env=environment,
            cwd=REPO,
            start_new_session=True,
            preexec_fn=told_of_our_end(signal.SIGTERM),
        )

    def wait(self) -> None:
        """Until it answers. Raises `RuntimeError` where it ends or takes too long."""
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx2.RequestError):
                if httpx2.get(f"{self.url}/health").is_success:
                    return
            time.sleep(0.5)
        raise RuntimeError(f"the server did not start: {' '.join(self._command)}")

    def kill(self) -> None:
        """SIGKILL, to it and to all that it started."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
