"""Which samples there are, and their seeds."""

from __future__ import annotations

from s1repro.config import Config
from s1repro.evaluate.plan import plan, sample_seed
from s1repro.records import Question, SampleKey
from s1repro.scaling.rejection import Rejection


def test_plan_holds_each_sample_once_costly_ones_first(config: Config, questions: list[Question]) -> None:
    config.method = Rejection(budgets=[4, 64, 16], samples=2)
    tasks = [task for group in plan(config, {"toy": questions}) for task in group]
    assert len(tasks) == len({task.key for task in tasks}) == 3 * 8 * 2
    costs = [task.key.budget for task in tasks]
    assert costs == sorted(costs, reverse=True)
    assert {task.key.method for task in tasks} == {"rejection"}


def test_what_shares_a_trace_is_the_methods_to_say(config: Config, questions: list[Question]) -> None:
    config.method.samples = 2
    groups = plan(config, {"toy": questions})
    assert len(groups) == 8 * 2
    assert all(len(group) == 5 and len({task.seed for task in group}) == 1 for group in groups)
    assert [task.cut for task in groups[0]] == [(64, 2), (64, 1), (64, 0), (16, 0), (4, 0)]
    config.method = Rejection(budgets=[4, 64, 16])
    assert {len(group) for group in plan(config, {"toy": questions})} == {1}


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
