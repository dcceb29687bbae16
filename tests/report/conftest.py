"""Finished evaluations, written as the evaluate stage writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from s1repro.config import Config
from s1repro.evaluate.journal import claim, complete
from s1repro.records import Sample
from s1repro.report.curves import Evaluated
from s1repro.report.merge import points_of
from s1repro.report.tables import markdown
from tests.toy import as_it_is, make_config, make_sample

CURVE = {(16, 0): 2, (32, 0): 4, (64, 0): 7, (64, 1): 8, (64, 2): 8}
"""How many of 10 questions are right at each point of the run `toy`."""

Finish = Callable[..., list[Sample]]


def measured(budget: int, waits: int, question: int, correct: bool) -> Sample:
    thinking = min(budget, budget - question + 3 * waits)
    return make_sample(
        f"q{question}",
        budget,
        waits,
        reference="4" if correct else "5",
        correct=correct,
        thinking_tokens=thinking,
        sampled_tokens=thinking - waits,
        injected_tokens=waits,
    )


@pytest.fixture
def finish(tmp_path: Path) -> Finish:
    """`finish("toy", {(budget, waits): right})`: an evaluation with 10 questions a point, and its samples."""

    def write(name: str, curve: dict[tuple[int, int], int] = CURVE) -> list[Sample]:
        samples = [measured(*point, q, q < right) for point, right in curve.items() for q in range(10)]
        folder = tmp_path / "runs" / name / "evaluate"
        folder.mkdir(parents=True, exist_ok=True)
        claim(folder, {"model": name}, {"toy": "q"})
        complete(
            folder, {"model": name}, samples, {("toy", "force", *point): 1 for point in curve}, {"toy": "f"}, as_it_is
        )
        return samples

    return write


def whole(name: str, samples: Sequence[Sample]) -> Evaluated:
    """A run whose points are all finished."""
    return Evaluated(name, samples, frozenset())


def tables(*runs: Evaluated) -> str:
    """`tables.md` of these runs."""
    return markdown(runs, points_of(runs, (), seed=0), seed=0)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_config(runs=str(tmp_path / "runs"))
