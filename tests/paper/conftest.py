"""Finished runs of several methods, as the evaluate stage leaves them, and a plan that names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.artifacts import finish as finish_stage
from s1repro.config import Config
from s1repro.evaluate.journal import claim, complete
from s1repro.paper.measured import Measured
from s1repro.records import Sample
from s1repro.settings.paper import PaperConfig, RowPlan, RunPlan
from s1repro.telemetry import note
from tests.toy import as_it_is, make_config, make_sample

Right = dict[tuple[int, int], int]
"""How many of 10 questions are right, by budget and Waits."""

MODEL = {"weights": 1000, "layers": 1, "attention": 2}
"""What the telemetry of a run says of its model."""

Finish = Callable[..., list[Sample]]


@pytest.fixture
def finish(tmp_path: Path) -> Finish:
    """`finish("toy-base", {(64, 0): 3}, method="plain")`: a run's evaluation of 10 questions a point."""

    def write(name: str, right: Right, method: str = "force", samples: int = 1, first: int = 0) -> list[Sample]:
        """The first questions are right, counted from `first`; thinking takes nine tenths of the budget."""
        made = []
        for (budget, waits), count in right.items():
            for q in range(10):
                correct = (q - first) % 10 < count
                spent = {"thinking_tokens": budget * 9 // 10 + waits, "sampled_tokens": budget * 9 // 10}
                told = {"correct": correct, "reference": "4" if correct else "5", "injected_tokens": waits}
                for number in range(samples):
                    sample = make_sample(f"q{q}", budget, waits, number, **spent, **told)
                    made.append(replace(sample, key=replace(sample.key, method=method)))
        folder = tmp_path / "runs" / name / "evaluate"
        claim(folder, {"model": name}, {"toy": "q"})
        asked = {("toy", method, *point): samples for point in right}
        complete(folder, {"model": name}, made, asked, {"toy": "f"}, as_it_is)
        return made

    return write


@pytest.fixture
def train(tmp_path: Path) -> Callable[[str, int], None]:
    """`train("toy", 40)`: the manifest of a training on so many examples."""

    def write(name: str, examples: int) -> None:
        folder = tmp_path / "runs" / name / "train"
        finish_stage(folder, "mark", [], {"examples": examples, "steps": examples // 8, "tokens": 99})

    return write


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The run `toy`, with two seeds of a random selection, one other method, and a model that cannot be run."""
    runs = {
        "own": RunPlan(),
        "base": RunPlan(overrides=["method=plain"]),
        "random": RunPlan(seeds=[0, 1]),
        "rs": RunPlan(overrides=["method=rejection"]),
        "votes": RunPlan(),
        "rebase": RunPlan(missing="no reward model"),
        "ngram": RunPlan(overrides=["engine/speculative=ngram"]),
    }
    paper = PaperConfig(
        run=False,
        price=3.6,
        runs=runs,
        base_votes="votes",
        parallel=["votes", "rebase"],
        speculative=["ngram"],
        notes={"table2": "Trained for one epoch.", "figure4": "Four votes in place of 64."},
        table1=[
            RowPlan("Qwen2.5-32B-Instruct", ["base"]),
            RowPlan("QwQ-32B-Preview", missing="trained elsewhere"),
            RowPlan("s1-32B", ["own"], waits=1),
        ],
        table2=[RowPlan("1K-random", ["random"]), RowPlan("s1K", ["own"])],
        table3=[RowPlan("BF", ["own"], budgets=[16, 32]), RowPlan("RS", ["rs"])],
        table4=[RowPlan("no extrapolation", ["own"]), RowPlan("2x Wait", ["own"], waits=2)],
    )
    paper.check()
    return make_config(runs=str(tmp_path / "runs"), paper=paper)


@pytest.fixture
def measured(config: Config, finish: Finish, train: Callable[[str, int], None], tmp_path: Path) -> Measured:
    """All runs of the plan but `base`, `rebase` and `ngram`, read."""
    finish("toy", {(16, 0): 2, (32, 0): 4, (64, 0): 7, (64, 1): 8})
    finish("toy-random-0", {(64, 0): 3})
    finish("toy-random-1", {(64, 0): 5})
    finish("toy-rs", {(16, 0): 6, (32, 0): 5}, method="rejection")
    finish("toy-votes", {(16, 0): 5}, samples=4)
    for name in ("toy", "toy-votes"):
        note(
            tmp_path / "runs" / name / "evaluate",
            {"seconds": 10.0, "devices": 2, "sampled_tokens": 400, "model": MODEL},
        )
    train("toy", 40)
    train("toy-random-0", 40)
    return Measured.read(config, {"toy-base": "evaluate: no such checkpoint"})
