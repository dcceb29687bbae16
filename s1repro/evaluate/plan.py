"""Which samples an evaluation consists of, each one's seed, and which of them come from one trace.

The method says which points its curve has and which of them share a trace; here they meet questions and samples.

    groups = plan(config, {"demo": questions})
    groups[0]           # the tasks of one question and sample that are taken together
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1repro.config import Config
from s1repro.records import Question, SampleKey
from s1repro.scaling.method import Cut


@dataclass(frozen=True)
class Task:
    """One sample to take: its key, its question, its own seed."""

    key: SampleKey
    question: Question
    seed: int

    @property
    def cut(self) -> Cut:
        """The point of the method's curve."""
        return Cut(self.key.budget, self.key.waits)


def plan(config: Config, questions: Mapping[str, Sequence[Question]]) -> list[list[Task]]:
    """All samples of the evaluation, those of one trace together; `questions` by benchmark.

    Costly ones first, so that no long one is left last.
    """
    groups = [
        [_task(config, benchmark, question, cut, sample) for cut in reversed(cuts)]
        for cuts in reversed(config.method.traces(config.engine.max_model_len))
        for benchmark, asked in questions.items()
        for question in asked
        for sample in range(config.method.samples)
    ]
    tasks = [task for group in groups for task in group]
    assert len({task.key for task in tasks}) == len(tasks), "question ids repeat within a benchmark"
    return groups


def sample_seed(seed: int, key: SampleKey) -> int:
    """The sample's own seed, 0 to 2^31 - 1: the same on every machine and in any order of running.

    It does not depend on the budget: the points of a curve are cuts of one trace.
    """
    digest = hashlib.sha256(json.dumps([seed, key.benchmark, key.method, key.question, key.sample]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _task(config: Config, benchmark: str, question: Question, cut: Cut, sample: int) -> Task:
    key = SampleKey(benchmark, config.method.name, cut.budget, cut.waits, question.id, sample)
    return Task(key, question, sample_seed(config.seed, key))
