"""Twenty recorded answers get one score, by lm-eval's own command line and by this stage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.encoding import plain_ids
from s1repro.engines import ScriptedEngine
from s1repro.evaluate import pipeline

REPO = Path(__file__).resolve().parents[2]
FORMAT = FORMATS["qwen-plain"]
RECORDED = [  # reference, answer, right
    ("4", "Answer: 4", True),
    ("4", "So it is \\boxed{4}.", True),
    ("4", "Answer: 5", False),
    ("\\frac{1}{2}", "Answer: 0.5", True),
    ("\\frac{1}{2}", "The sum is $\\boxed{\\dfrac12}$.", True),
    ("\\frac{1}{2}", "Answer: 2", False),
    ("\\left( 3, \\frac{\\pi}{2} \\right)", "\\boxed{(3, \\pi/2)}", True),
    ("\\left( 3, \\frac{\\pi}{2} \\right)", "\\boxed{(\\pi/2, 3)}", False),
    ("[1,2]", "Answer: $[1,2]$", True),
    ("[1,2]", "Answer: (1,2]", False),
    ("\\text{Evelyn}", "Answer: Evelyn", True),
    ("\\text{Evelyn}", "Answer: Angela", False),
    ("2k+2", "\\boxed{2(k+1)}", True),
    ("1008", "Answer: 1008.", True),
    ("1008", "I do not know.", False),
    ("-2", "Final Answer: -2", True),
    ("-2", "", False),
    ("\\sqrt{51}", "Answer: \\boxed{\\sqrt{51}}", True),
    ("3\\sqrt{13}", "First \\boxed{13}, and then \\boxed{3\\sqrt{13}}", True),
    ("17", "Answer: \\boxed{17", False),
]
ROWS = [
    {
        "problem": f"What is x, the {number}th time?",
        "solution": "See the answer.",
        "answer": reference,
        "subject": "Algebra",
        "level": 1,
        "unique_id": f"test/algebra/{number}.json",
    }
    for number, (reference, _, _) in enumerate(RECORDED)
]
REPLAY = """
import json, sys
from functools import partial
import lm_eval.tasks
from lm_eval.__main__ import cli_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

@register_model("recorded")
class Recorded(LM):
    def __init__(self, path, **_):
        super().__init__()
        self.answers = json.load(open(path))

    @classmethod
    def create_from_arg_obj(cls, arguments, additional=None):
        return cls(**arguments)

    def generate_until(self, requests, disable_tqdm=False):
        return [self.answers[request.arguments[0]] for request in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood

# Its own tasks, thousands of files, are not indexed.
lm_eval.tasks.TaskManager = partial(lm_eval.tasks.TaskManager, include_defaults=False)
cli_evaluate()
"""


def by_lm_eval(folder: Path) -> tuple[float, dict[str, bool]]:
    """The score that `lm_eval` prints, and each question's, in a process of its own."""
    answers = {row["problem"]: answer for row, (_, answer, _) in zip(ROWS, RECORDED, strict=True)}
    (folder / "answers.json").write_text(json.dumps(answers))
    (folder / "replay.py").write_text(REPLAY)
    task = ["--include_path", "evals", "--tasks", "math500", "--output_path", "out", "--log_samples"]
    done = subprocess.run(
        [sys.executable, "replay.py", "run", "--model", "recorded", "--model_args", "path=answers.json", *task],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPO), "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (results,) = (folder / "out").rglob("results_*.json")
    (samples,) = (folder / "out").rglob("samples_math500_*.jsonl")
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    right = {line["doc"]["unique_id"]: line["exact_match"] == 1.0 for line in lines}
    return json.loads(results.read_text())["results"]["math500"]["exact_match,none"], right


def by_this_stage(config: Config, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, Any]]:
    """The samples of an engine that does not think and answers as recorded."""
    fmt = FORMAT.bind(tokenizer)
    opening = fmt.closed_ids
    prompts = {tuple(fmt.prompt_ids(row["problem"])): n for n, row in enumerate(ROWS)}

    def script(prompt: tuple[int, ...]) -> Iterator[int]:
        if prompt in prompts:
            yield fmt.stop_ids[0]
        number = prompts[prompt[: -len(opening)]]
        yield from plain_ids(tokenizer, RECORDED[number][1])
        yield fmt.turn_end_ids[0]

    config.data.benchmarks = ["math500"]
    config.method.budgets, config.method.waits, config.method.max_answer_tokens = [4], [0], 100
    pipeline.run(config, lambda settings, *_: ScriptedEngine(tokenizer, script, settings.max_model_len))
    return [json.loads(line) for line in Path("runs/toy/evaluate/samples.jsonl").read_text().splitlines()]


def test_recorded_answers_score_the_same_by_lm_evals_command_line(
    config: Config, tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, monkeypatch: Any
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    shutil.rmtree("evals")
    shutil.copytree(REPO / "evals", "evals")
    task = Path("evals/math500.yaml")
    task.write_text(task.read_text().replace("count: 500", f"count: {len(ROWS)}"))
    here = Path("simplescaling/openaimath")  # a folder is taken for the hub's data set of this name
    here.mkdir(parents=True)
    (here / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    samples = by_this_stage(config, qwen_tokenizer)
    score, right = by_lm_eval(tmp_path)
    assert [sample["answer"] for sample in samples] == [
        RECORDED[int(sample["question"].split("/")[2].removesuffix(".json"))][1] for sample in samples
    ]
    assert {sample["question"]: sample["correct"] for sample in samples} == right
    assert score == sum(right.values()) / len(ROWS)
    assert right == {row["unique_id"]: known for row, (_, _, known) in zip(ROWS, RECORDED, strict=True)}
