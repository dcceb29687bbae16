"""Which samples there are, and their seeds."""

from __future__ import annotations

import pytest

from s1repro.config import Config, MethodConfig
from s1repro.evaluate.plan import by_trace, plan, points, sample_seed
from s1repro.records import Question, SampleKey


def method(budgets: list[int], waits: list[int]) -> MethodConfig:
    return MethodConfig(name="force", budgets=budgets, waits=waits)


@pytest.mark.parametrize(
    ("budgets", "waits", "expected"),
    [
        ([64, 16], [0], [(16, 0), (64, 0)]),
        ([64, 16], [0, 1, 2], [(16, 0), (64, 0), (64, 1), (64, 2)]),
        ([64, 16], [2], [(64, 2)]),
        ([16, 16], [0, 0], [(16, 0)]),
    ],
)
def test_points(budgets: list[int], waits: list[int], expected: list[tuple[int, int]]) -> None:
    assert points(method(budgets, waits)) == expected


@pytest.mark.parametrize(
    ("budgets", "waits", "reason"),
    [
        ([], [0], "method.budgets is empty"),
        ([64, 0], [0], "method.budgets: 0 is below 1"),
        ([64], [-1], "method.waits: -1 is below 0"),
        ([64], [], "method.waits is empty"),
    ],
)
def test_points_that_make_no_sense_are_refused(budgets: list[int], waits: list[int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        points(method(budgets, waits))


def test_plan_holds_each_sample_once_costly_ones_first(config: Config, questions: list[Question]) -> None:
    config.method.samples = 2
    tasks = plan(config, {"toy": questions})
    assert len(tasks) == len({task.key for task in tasks}) == 5 * 8 * 2
    costs = [(task.key.budget, task.key.waits) for task in tasks]
    assert costs == sorted(costs, reverse=True)
    assert {task.key.method for task in tasks} == {"force"}


def test_budgets_share_a_trace_with_force_alone(config: Config, questions: list[Question]) -> None:
    config.method.samples = 2
    groups = by_trace(plan(config, {"toy": questions}))
    assert len(groups) == 8 * 2
    assert all(len(group) == 5 and len({task.seed for task in group}) == 1 for group in groups)
    config.method.name, config.method.waits = "rejection", [0]
    tasks = plan(config, {"toy": questions})
    assert by_trace(tasks) == [(task,) for task in tasks]


def test_seeds_are_stable_and_differ() -> None:
    keys = [SampleKey("toy", "force", 16, 0, f"q{i}", j) for i in range(50) for j in range(4)]
    seeds = [sample_seed(0, key) for key in keys]
    assert len(set(seeds)) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seeds[0] == 1139012054, "seeds are part of the record: a change makes old samples irreproducible"
    assert sample_seed(1, keys[0]) != seeds[0]
    assert sample_seed(0, SampleKey("toy", "force", 64, 2, "q0", 0)) == seeds[0], (
        "a curve's points are cuts of one trace"
    )
