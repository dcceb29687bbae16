"""Every recipe runs in miniature: its architecture with few layers, its format, two steps, one forced sample."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerBase

from s1repro.cli import typed
from s1repro.config import Config
from s1repro.curate.pipeline import run as curate
from s1repro.evaluate.pipeline import run as evaluate
from s1repro.report.pipeline import run as report
from s1repro.train.pipeline import run as train
from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parent.parent
RECIPES = sorted(path.stem for path in (REPO / "recipes").glob("*.yaml") if path.stem != "demo")
ROWS = 16
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
}


def miniature(recipe: str) -> Config:
    """The recipe on small files, with an engine that starts at once; everything else is its own."""
    small = ["model.base=model", "data.pool=pool.jsonl", "data.revision=''", "data.benchmarks=[toy]"]
    short = ["sft.epochs=2", "sft.max_length=400", "engine=transformers", "engine.max_model_len=400"]
    forced = ["method.budgets=[8]", "method.waits=[0]", "method.max_answer_tokens=8", "report.wandb=false"]
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        return typed(compose("config", [f"recipe={recipe}", *small, *short, *forced]))


def save_model(architecture: str, tokenizer: PreTrainedTokenizerBase) -> None:
    sizes = {**SMALL, "vocab_size": len(tokenizer) + 3, "eos_token_id": tokenizer.eos_token_id}
    AutoModelForCausalLM.from_config(AutoConfig.for_model(architecture, **sizes)).save_pretrained("model")
    tokenizer.save_pretrained("model")


def row(number: int) -> dict[str, object]:
    """A row in the schema of both published sets."""
    question, trace, attempt = f"What is {number} plus {number}?", f"{number} and {number} is {2 * number}.", "Yes."
    published = {"question": question, "solution": str(2 * number), "cot_type": "math", "source_type": "toy"}
    deepseek = {"deepseek_thinking_trajectory": trace, "deepseek_attempt": attempt, "deepseek_grade": "Yes"}
    return {**published, "metadata": "{}", "thinking_trajectories": [trace], "attempt": attempt, **deepseek}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_runs_in_miniature(
    recipe: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qwen_tokenizer: PreTrainedTokenizerBase,
    llama_tokenizer: PreTrainedTokenizerBase,
) -> None:
    monkeypatch.chdir(tmp_path)
    llama = recipe.startswith("llama")
    save_model("llama" if llama else "qwen2", llama_tokenizer if llama else qwen_tokenizer)
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row(i)) + "\n" for i in range(ROWS)))
    write_benchmark(tmp_path, [{"id": "q0", "question": "What is 2 plus 2?", "answer": "4"}])
    config = miniature(recipe)
    for stage in (curate, train, evaluate, report):
        stage(config)
    run = Path("runs") / recipe
    assert len((run / "curate" / "s1k.jsonl").read_text().splitlines()) == ROWS
    assert len((run / "train" / "log.jsonl").read_text().splitlines()) == 2
    (sample,) = map(json.loads, (run / "evaluate" / "samples.jsonl").read_text().splitlines())
    assert sample["thinking_tokens"] <= 8 and "thinking" in sample
    assert (run / "report" / "curve.png").is_file()
    shutil.rmtree(run)
