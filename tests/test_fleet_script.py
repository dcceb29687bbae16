"""scripts/fleet.sbatch on stand-ins of Slurm's commands: servers on all nodes, started again, and one evaluation."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import psutil
import pytest
from transformers import PreTrainedTokenizerBase

from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parent.parent
SCRIPT = REPO / "scripts" / "fleet.sbatch"
COMMANDS = {
    "scontrol": 'echo "$@" > asked; printf "127.0.0.1\\nlocalhost\\n"',
    "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    # The first time it ends at once and leaves a process behind; the script names the checkpoint, --port and the port.
    "serve": 'echo "$@" >> served; [ "$(wc -l < served)" -gt 1 ] || { sleep 900 & echo $! > left; exit 1; }\n'
    'exec "$PYTHON" -m tests.engines.completion_server vllm "$SIZE" "$EOS" 0 toy "$2" "$3"',
}


TOLD = ["recipe=s1-32b-fleet", "engine.model=toy", "data.benchmarks=[toy]", "data.limit=null", "name=fleet"]
TOLD += ["engine.max_model_len=256", "method.budgets=[8]", "method.waits=[0]", "method.max_answer_tokens=8"]
TOLD += ["model.format=qwen-plain"]
"""What the script is told behind the checkpoint."""


def prepared(folder: Path, commands: Collection[str]) -> dict[str, str]:
    """An environment for the script in `folder`, with stand-ins of `commands`; its `.venv` is this process's."""
    write_benchmark(folder, [{"id": "q", "question": "What is 1 and 1?", "answer": "2"}])
    (folder / "bin").mkdir()
    for name, body in COMMANDS.items():
        if name not in commands:
            continue
        (folder / "bin" / name).write_text(f"#!/bin/bash\n{body}\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    job = {"PATH": path, "SERVER": "serve", "PORT": port}
    return {**os.environ, **job, "PYTHONPATH": str(REPO), "PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
def test_a_job_serves_on_its_nodes_and_evaluates(
    tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    model = {"SIZE": str(len(qwen_tokenizer)), "EOS": str(qwen_tokenizer.eos_token_id)}
    job = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node[1-2]"}
    done = subprocess.run(
        [str(SCRIPT), str(tiny_qwen), *TOLD],
        cwd=tmp_path,
        env=prepared(tmp_path, COMMANDS) | model | job,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "asked").read_text() == "show hostnames node[1-2]\n"
    served = (tmp_path / "served").read_text().splitlines()
    assert len(served) == 2 and served[0].split()[0] == str(tiny_qwen)
    assert "the server ended; it is started again" in done.stdout
    assert not psutil.pid_exists(int((tmp_path / "left").read_text())), "its memory would not be free"
    assert (tmp_path / "runs" / "fleet" / "evaluate" / "manifest.json").is_file()


def test_a_job_without_a_checkpoint_is_one_line() -> None:
    done = subprocess.run([str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("usage: sbatch ") and done.stderr.count("\n") == 1
