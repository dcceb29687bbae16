"""A method of one's own is one file, one YAML and one line, and runs through all stages."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import IN_TURN

REPO = Path(__file__).resolve().parent.parent

FILE = '''\
"""Think twice: a first thinking, and a second one of the same length that has the first one's answer before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from s1repro.records import Question
from s1repro.scaling.answer import Forced
from s1repro.scaling.forcing import swept
from s1repro.scaling.method import Cut, Method
from s1repro.scaling.prompt import Prompt


@dataclass
class Twice(Method):
    """Think twice."""

    name: ClassVar[str] = "twice"
    between: str = "Once more."

    @classmethod
    def bounds(cls, budgets: Sequence[int], default_tokens: float | None) -> list[tuple[float, float]] | None:
        return [(0, 2 * budget) for budget in budgets]

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        taken = []
        for cut in cuts:
            (first,) = await swept(prompt, [self.budget(cut, prompt.engine.max_model_len)])
            told = (*prompt.ids, *first.thinking_ids, *prompt.fmt.piece_ids(self.between))
            (second,) = await swept(replace(prompt, ids=told), [self.budget(cut, prompt.engine.max_model_len)])
            taken.append(replace(second, tries=2, discarded_tokens=first.drawn_tokens))
        return taken
'''
YAML = """\
# Think twice.
defaults:
  - /schema/method@_here_: twice

budgets: [4, 8]
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the method in it, and a benchmark of six questions."""
    folder = tmp_path_factory.mktemp("added")
    for name in ("s1repro", "conf", "recipes", "evals"):
        shutil.copytree(REPO / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "s1repro" / "scaling" / "twice.py").write_text(FILE)
    (folder / "conf" / "method" / "twice.yaml").write_text(YAML)
    listed = folder / "s1repro" / "scaling" / "methods.py"
    listed.write_text(listed.read_text().replace('    "plain",\n', '    "plain",\n    "twice",\n'))
    data = folder / "data" / "demo"
    data.mkdir(parents=True)
    (data / "base").symlink_to(REPO / "data" / "demo" / "base")
    (data / "pool.jsonl.gz").symlink_to(REPO / "data" / "demo" / "pool.jsonl.gz")
    (folder / "data" / "paper.csv").symlink_to(REPO / "data" / "paper.csv")
    questions = (REPO / "data" / "demo" / "benchmark.jsonl").read_text().splitlines()[:6]
    (data / "benchmark.jsonl").write_text("\n".join(questions) + "\n")
    task = folder / "evals" / "demo.yaml"
    task.write_text(task.read_text().replace("count: 250", "count: 6"))
    return folder


def test_an_added_method_runs_through_all_stages(copy: Path) -> None:
    small = "recipe=demo selection=random selection.size=16"
    quick = "engine=transformers engine.max_model_len=1024 report.wandb=false"
    stages = [
        f"curate {small}",
        f"train {small} sft.epochs=1 report.wandb=false",
        f"evaluate recipe=demo method=twice method.between=Again. {quick}",
        "report recipe=demo method=twice report.baselines=[] report.wandb=false",
    ]
    done = subprocess.run([sys.executable, "-c", IN_TURN, *stages], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    samples = [json.loads(line) for line in (copy / "runs/demo/evaluate/samples.jsonl").read_text().splitlines()]
    assert {(sample["method"], sample["budget"], sample["tries"]) for sample in samples} == {
        ("twice", 4, 2),
        ("twice", 8, 2),
    }
    rows = list(csv.DictReader((copy / "runs/demo/report/curve.csv").open()))
    assert [(row["method"], row["budget"], row["n"]) for row in rows] == [("twice", "4", "6"), ("twice", "8", "6")]
    assert "| demo | demo | twice | 2 | 100 % |" in (copy / "runs/demo/report/tables.md").read_text()
