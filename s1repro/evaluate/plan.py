"""Which samples an evaluation consists of, each one's seed, and which of them come from one trace.

A curve's points are the budgets without Waits, and the Waits at the largest budget (section 3.1 of the paper).

    points(config.method)                    # [(64, 0), (128, 0), (128, 1)]
    tasks = plan(config, {"demo": questions})
    by_trace(tasks)                          # one group a question and sample where budgets share a trace
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from s1repro.config import Config, MethodConfig
from s1repro.records import Question, SampleKey


@dataclass(frozen=True)
class Task:
    """One sample to take: its key, its question, its own seed."""

    key: SampleKey
    question: Question
    seed: int


def points(method: MethodConfig) -> list[tuple[int, int]]:
    """The pairs (budget, waits) to measure, without repeats, cheapest first.

    Raises `ValueError` for budgets below 1, negative waits, and where nothing is left to measure.
    """
    if not method.budgets:
        raise ValueError("method.budgets is empty; give at least one budget, in thinking tokens")
    for name, values, least in (("budgets", method.budgets, 1), ("waits", method.waits, 0)):
        wrong = [value for value in values if value < least]
        if wrong:
            raise ValueError(f"method.{name}: {wrong[0]} is below {least}")
    plain = [(budget, 0) for budget in method.budgets] if 0 in method.waits else []
    forced = [(max(method.budgets), waits) for waits in method.waits if waits > 0]
    if not plain + forced:
        raise ValueError("method.waits is empty; use [0] to measure the budgets without Waits")
    return sorted(set(plain + forced))


def plan(config: Config, questions: Mapping[str, Sequence[Question]]) -> list[Task]:
    """All samples of the evaluation; `questions` by benchmark. Costly ones first, so that no long one is left last."""
    tasks = [
        _task(config.seed, SampleKey(benchmark, config.method.name, budget, waits, question.id, sample), question)
        for budget, waits in reversed(points(config.method))
        for benchmark, asked in questions.items()
        for question in asked
        for sample in range(config.method.samples)
    ]
    assert len({task.key for task in tasks}) == len(tasks), "question ids repeat within a benchmark"
    return tasks


def by_trace(tasks: Iterable[Task]) -> list[tuple[Task, ...]]:
    """Tasks in groups that are taken together: all budgets of one trace with `force`, each by itself otherwise."""
    groups: dict[object, list[Task]] = defaultdict(list)
    for task in tasks:
        key = task.key
        shared = (key.benchmark, key.question, key.sample)
        groups[shared if key.method == "force" else key].append(task)
    return [tuple(group) for group in groups.values()]


def sample_seed(seed: int, key: SampleKey) -> int:
    """The sample's own seed, 0 to 2^31 - 1: the same on every machine and in any order of running.

    It does not depend on the budget: the points of a curve are cuts of one trace.
    """
    digest = hashlib.sha256(json.dumps([seed, key.benchmark, key.method, key.question, key.sample]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _task(seed: int, key: SampleKey, question: Question) -> Task:
    return Task(key, question, sample_seed(seed, key))
