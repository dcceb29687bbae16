"""Two models try the questions on the real vLLM, one after the other in one process: each says what it says alone."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from s1repro.artifacts import write_jsonl
from s1repro.engines import Sampling, Stop
from s1repro.engines.transformers import Transformers
from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parents[2]
ROWS = 12
TOKENS = 12


def other_weights(folder: Path, there: Path) -> None:
    """The same model with another head."""
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        torch.nn.init.normal_(model.lm_head.weight, std=0.3)
    model.save_pretrained(there)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (there / name).write_bytes((folder / name).read_bytes())


def said_by(model: Path, questions: list[str]) -> list[str]:
    """What the model says to each question, greedily, on the reference engine."""
    engine = Transformers(max_model_len=256).start(str(model), trust_remote_code=False)
    tokenizer = engine.tokenizer
    stop = Stop((tokenizer.eos_token_id,))

    async def ask(question: str) -> str:
        ids = tokenizer(f"Problem: {question} Result:")["input_ids"]
        done = await engine.complete(ids, max_tokens=TOKENS, stop=stop, sampling=Sampling())
        return str(tokenizer.decode(list(done.token_ids), skip_special_tokens=True))

    async def all_of_them() -> list[str]:
        try:
            return [await ask(question) for question in questions]
        finally:
            await engine.close()

    return asyncio.run(all_of_them())


@pytest.mark.slow
def test_two_models_in_turn_on_vllm(tiny_qwen: Path, tmp_path: Path) -> None:
    other_weights(tiny_qwen, tmp_path / "other")
    questions = [f"What is {number} plus 3?" for number in range(ROWS)]
    given = {"thinking_trajectories": ["So."], "attempt": "Answer: 3", "cot_type": "math", "source_type": "demo"}
    rows = [
        {"id": f"r{i:02}", "question": question, "solution": str(i + 3), "metadata": "{}", "domain": "11", **given}
        for i, question in enumerate(questions)
    ]
    write_jsonl(tmp_path / "pool.jsonl", rows)
    write_benchmark(tmp_path, [{"id": "q", "question": "Who is there?", "answer": "2"}])
    prompt = "prompt:'Problem: {question} Result:'"
    entries = ",".join(f"{{model:'{model}',{prompt},max_tokens:{TOKENS}}}" for model in (tiny_qwen, tmp_path / "other"))
    settings = ["recipe=demo", "name=two", "data.pool=pool.jsonl", "data.benchmarks=[toy]", f"model.base={tiny_qwen}"]
    settings += ["selection.size=4", "engine.max_model_len=256", f"selection.solvers=[{entries}]"]
    done = subprocess.run(
        [sys.executable, "-m", "s1repro.curate", *settings],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    lines = (tmp_path / "runs" / "two" / "curate" / "solvers.jsonl").read_text().splitlines()
    said = {(line["solver"], line["id"]): line["completion"] for line in map(json.loads, lines)}
    assert len(said) == 2 * ROWS
    for number, model in ((1, tiny_qwen), (2, tmp_path / "other")):
        answers = [said[number, row["id"]] for row in rows]
        assert answers == said_by(model, questions), f"solver {number}"
        assert len(set(answers)) > ROWS // 2, "answers that tell questions, and so pairings, apart"
    assert any(said[1, row["id"]] != said[2, row["id"]] for row in rows)
