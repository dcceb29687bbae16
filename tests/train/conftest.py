"""Tiny random models and a tiny curated set, so that real trainings take seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.config import Config
from s1repro.settings.training import SftConfig
from tests.toy import make_config

Prepare = Callable[..., Config]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # beside other work, two threads can be slower than one


@pytest.fixture
def prepare(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, llama_tokenizer: PreTrainedTokenizerBase
) -> Prepare:
    """`prepare("qwen-plain" | "llama", name="tiny", **sft)`: a config whose base model and curated set exist."""

    def build(
        format_name: str = "qwen-plain", name: str = "tiny", kind: type[SftConfig] = SftConfig, **sft: object
    ) -> Config:
        tokenizer = llama_tokenizer if format_name == "llama" else qwen_tokenizer
        base = tmp_path / f"base-{format_name}"
        if not base.exists():
            _save_tiny_model(format_name, tokenizer, base)
        curated = tmp_path / "runs" / name / "curate" / "s1k.jsonl"
        curated.parent.mkdir(parents=True)
        curated.write_text("".join(json.dumps(row(i)) + "\n" for i in range(18)))
        settings = {"epochs": 2.0, "batch_size": 4, "micro_batch_size": 2, "learning_rate": 3e-3, "max_length": 512}
        return make_config(
            name=name,
            runs=str(tmp_path / "runs"),
            seed=3,
            curated=str(curated),
            model={"base": str(base), "format": format_name},
            sft=kind(**{**settings, "bf16": False, **sft}),  # type: ignore[arg-type]
        )

    return build


def row(i: int) -> dict[str, object]:
    """A row in the s1K schema; lengths differ from row to row."""
    return {
        "id": f"r{i}",
        "question": f"What is {i} plus {i}?",
        "solution": str(2 * i),
        "thinking_trajectories": [f"{i} and {i} " + "is " * (i % 5) + f"{2 * i}."],
        "attempt": str(2 * i),
        "cot_type": "math",
        "source_type": "demo",
        "metadata": "{}",
        "domain": "11",
        "length": 10,
    }


def _save_tiny_model(format_name: str, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    sizes = {
        "vocab_size": len(tokenizer) + 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        llama = format_name == "llama"
        model = LlamaForCausalLM(LlamaConfig(**sizes)) if llama else Qwen2ForCausalLM(Qwen2Config(**sizes))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
