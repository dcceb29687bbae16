"""Finished evaluations, written as the evaluate stage writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s1repro.config import Config
from s1repro.evaluate.journal import complete
from s1repro.records import Sample, SampleKey
from tests.toy import make_config

CURVE = {(16, 0): 2, (32, 0): 4, (64, 0): 7, (64, 1): 8, (64, 2): 8}
"""How many of 10 questions are right at each point of the run `toy`."""

Finish = Callable[..., list[Sample]]


def make_sample(budget: int, waits: int, question: int, correct: bool, sample: int = 0) -> Sample:
    key = SampleKey("toy", "force", budget, waits, f"q{question}", sample)
    thinking = budget - question + 3 * waits
    return Sample(
        key=key,
        prompt="p",
        thinking="t",
        answer="a",
        extracted="4",
        reference="4" if correct else "5",
        correct=correct,
        prompt_tokens=9,
        thinking_tokens=min(thinking, budget),
        sampled_tokens=min(thinking, budget) - waits,
        injected_tokens=waits,
        answer_tokens=5,
        waits_used=waits,
        finish="natural",
        cut=None,
        answer_cut=False,
        tries=1,
        discarded_tokens=0,
        seed=1,
    )


@pytest.fixture
def finish(tmp_path: Path) -> Finish:
    """`finish("toy", {(budget, waits): right})`: an evaluation with 10 questions a point, and its samples."""

    def write(name: str, curve: dict[tuple[int, int], int] = CURVE) -> list[Sample]:
        samples = [make_sample(*point, q, q < right) for point, right in curve.items() for q in range(10)]
        folder = tmp_path / "runs" / name / "evaluate"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "journal_config.json").write_text("{}")
        complete(folder, {"model": name}, samples, {("toy", "force", *point): 1 for point in curve}, {"toy": "f"})
        return samples

    return write


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_config(runs=str(tmp_path / "runs"))
