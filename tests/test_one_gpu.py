"""The README's commands for one GPU, as they are written there, against a hub of stand-ins on this machine."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pytest
import torch
from pyarrow.parquet import write_table
from transformers import PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

from tests.curate.published_sets import s1k_11, write_parquet
from tests.hub import Repo, serving

REPO = Path(__file__).resolve().parent.parent
COMMAND = re.compile(r"^  make +(all|curate|train|eval|report) +(RECIPE=.*?)(?:  +#.*)?$", re.MULTILINE)
COMMANDS = [f"{target} {rest}" for target, rest in COMMAND.findall((REPO / "README.md").read_text())]
COMMITS = {  # what the recipe's data and the benchmarks pin
    "simplescaling/s1K-1.1": "96c411f1fe4c49d20f0e2a1565f61e1a28b0b84d",
    "Idavidrein/gpqa": "633f5ee89ab8ad4522a9f850766b73f62147ffdd",
}
SET_ROWS = 32


def save_model(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """A Qwen2 of the recipe's context that ends its turn at once: every token leads to `<|im_end|>`."""
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 3,
        num_key_value_heads=1,
        max_position_embeddings=32768,
        tie_word_embeddings=True,
        eos_token_id=end,
        **sizes,
    )
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedding = model.model.embed_tokens.weight
        embedding.copy_(0.02 * torch.randn_like(embedding) + 0.1)
        embedding[end] += 1.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_benchmark(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(pyarrow.Table.from_pylist(rows), path)


def problems(count: int, **more: str) -> list[dict[str, str]]:
    return [{"problem": f"What is {i} times {i}?", "answer": str(i * i), "id": str(i), **more} for i in range(count)]


@pytest.fixture
def hub(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase) -> Iterator[str]:
    """Everything that the recipe `qwen2.5-0.5b` names, in the published layout."""
    hub = tmp_path / "hub"
    save_model(qwen_tokenizer, hub / "Qwen/Qwen2.5-0.5B-Instruct")
    write_parquet(hub / "simplescaling/s1K-1.1/data/train-00000-of-00001.parquet", [s1k_11(i) for i in range(SET_ROWS)])
    save_benchmark(hub / "simplescaling/aime24_nofigures/data/train-00000-of-00001.parquet", problems(30))
    math500 = [row | {"unique_id": row["id"]} for row in problems(500, solution="", subject="Algebra", level="1")]
    save_benchmark(hub / "simplescaling/openaimath/data/test-00000-of-00001.parquet", math500)
    gpqa = hub / "Idavidrein/gpqa/gpqa_diamond.csv"
    gpqa.parent.mkdir(parents=True)
    with gpqa.open("w", newline="") as file:
        names = ["Record ID", "Question", "Correct Answer", *(f"Incorrect Answer {i}" for i in (1, 2, 3)), "Subdomain"]
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([f"r{i}", f"Made-up question {i}?", "yes", "no", "maybe", "never", "Toys"] for i in range(198))
    (gpqa.parent / "README.md").write_text(
        "---\nconfigs:\n- config_name: gpqa_diamond\n  data_files: gpqa_diamond.csv\n---\n"
    )
    repos = {}
    for folder in hub.glob("*/*"):
        name = str(folder.relative_to(hub))
        repos[name] = Repo(folder, COMMITS.get(name, "a" * 40), token="secret" if name == "Idavidrein/gpqa" else "")
    with serving(repos) as endpoint:
        yield endpoint


@pytest.mark.slow
def test_the_commands_for_one_gpu_run_as_they_are_written(hub: str, tmp_path: Path) -> None:
    assert len(COMMANDS) == 5
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "WANDB_"))}
    environment = clean | {
        "HF_ENDPOINT": hub,
        "HF_HOME": str(tmp_path / "cache"),
        "HF_TOKEN": "secret",
        "WANDB_MODE": "offline",
        "PYTHONPATH": str(REPO),
    }
    runs = tmp_path / "runs"
    for command in COMMANDS:
        # The runs go into a folder of the test's; on a CPU vLLM is told to take less of the memory.
        here = f"runs={runs} engine.gpu_memory_utilization=0.3 engine.enforce_eager=true"
        target, *words = command.replace("ARGS='", f"ARGS='{here} ").split(" ", 1)
        text = f"make -C {REPO} -o setup PYTHON={sys.executable} {target} {' '.join(words)}"
        text += "" if "ARGS=" in text else f" ARGS='{here}'"
        done = subprocess.run(text, shell=True, env=environment, capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    run = runs / "qwen2.5-0.5b"
    assert len((run / "curate" / "s1k.jsonl").read_text().splitlines()) == SET_ROWS
    samples = [json.loads(line) for line in (run / "evaluate" / "samples.jsonl").read_text().splitlines()]
    assert {sample["benchmark"] for sample in samples} == {"aime24", "math500", "gpqa_diamond", "math500[200]"}
    assert "math500[200]" in (run / "report" / "tables.md").read_text()
