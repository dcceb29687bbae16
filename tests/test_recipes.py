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
from s1repro.settings.teacher import OpenaiTeacher
from s1repro.train.pipeline import run as train
from tests.curate.chat_server import completion, serving
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


def miniature(recipe: str, teacher: str) -> Config:
    """The recipe on small files, with an engine that starts at once; everything else is its own.

    A recipe that asks a teacher asks the one at `teacher`, and its solver in a few words.
    """
    asking = [
        f"teacher.base_url={teacher}",
        f"selection.size={ROWS}",
        "selection.solvers=[{prompt:'{question}',max_tokens:8}]",
    ]
    small = ["model.base=model", "data.pool=pool.jsonl", "data.revision=''", "data.benchmarks=[toy]", "data.limit=null"]
    short = ["sft.epochs=2", "sft.max_length=400", "engine=transformers", "engine.max_model_len=400"]
    forced = ["method.budgets=[8]", "method.waits=[0]", "method.max_answer_tokens=8", "report.wandb=false"]
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        asks = "override /teacher" in (REPO / "recipes" / f"{recipe}.yaml").read_text()
        return typed(compose("config", [f"recipe={recipe}", *small, *short, *forced, *(asking if asks else [])]))


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


def bare(number: int) -> dict[str, object]:
    """A question without a trace, of a subject class."""
    published = {name: row(number)[name] for name in ("question", "solution", "cot_type", "source_type", "metadata")}
    return {**published, "domain": "97"}


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
    write_benchmark(tmp_path, [{"id": "q0", "question": "How many are 2 and 2 together?", "answer": "4"}])
    with serving(lambda number, body: completion("It is \\boxed{4}.", reasoning="Two and two.")) as teacher:
        config = miniature(recipe, teacher.url)
        asks = isinstance(config.teacher, OpenaiTeacher)
        rows = [bare(i) if asks else row(i) for i in range(ROWS)]
        (tmp_path / "pool.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
        for stage in (curate, train, evaluate, report):
            stage(config)
        assert len(teacher.requests) == (ROWS if asks else 0)
    run = Path("runs") / recipe
    assert len((run / "curate" / "s1k.jsonl").read_text().splitlines()) == ROWS
    assert len((run / "train" / "log.jsonl").read_text().splitlines()) == 2
    (sample,) = map(json.loads, (run / "evaluate" / "samples.jsonl").read_text().splitlines())
    assert sample["thinking_tokens"] <= 8 and "thinking" in sample
    assert (run / "report" / "curve.png").is_file()
    shutil.rmtree(run)
