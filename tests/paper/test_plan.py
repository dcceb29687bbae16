"""The plan becomes command lines that compose, and each run has its own name, seed and overrides."""

from __future__ import annotations

import pytest

from s1repro.cli import composed
from s1repro.paper.plan import run_names, steps
from s1repro.report.published import published

RECIPES = ["demo", "s1-32b", "real-small"]
"""One for each option of the group `paper`."""


def test_a_run_gets_the_command_line_and_what_it_sets_itself() -> None:
    config = composed(["recipe=demo"])
    asked = ["recipe=demo", "method=force", "seed=7", "engine=transformers", "paper.run=true", "paper=demo"]
    planned = {(step.run, step.stage): step.overrides for step in steps(config, asked)}
    plain = planned["demo-plain", "evaluate"]
    assert plain == (
        "recipe=demo",
        "seed=7",
        "engine=transformers",
        "~paper",
        "name=demo-plain",
        "checkpoint=data/demo/base",
        "method=plain",
    )
    assert planned["demo-random-2", "curate"][-1] == "seed=2" and "seed=7" not in planned["demo-random-2", "curate"]
    assert "method=force" in planned["demo", "train"]
    assert run_names(config, "random") == ["demo-random-0", "demo-random-1", "demo-random-2"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_step_composes_and_the_paper_s_rows_are_all_there(recipe: str) -> None:
    config = composed([f"recipe={recipe}"])
    planned = steps(config, [f"recipe={recipe}"])
    assert planned[0].run == recipe and {step.stage for step in planned} == {"curate", "train", "evaluate"}
    measured = {step.run: step.overrides for step in planned if step.stage == "evaluate"}
    seeds = [name for name in measured if name[-2:] in ("-1", "-2")]  # told the same as the first one
    configs = {name: composed(told) for name, told in measured.items() if name not in seeds}
    assert [one.name for one in configs.values()] == list(configs)
    methods = {configs[run_names(config, row.runs[0])[0]].method.table3: row.row for row in config.paper.table3}
    assert all(method == row for method, row in methods.items()) and len(methods) == 7
    for table in ("table1", "table2", "table3", "table4"):
        rows = [row.row for row in getattr(config.paper, table)]
        assert {row for row, _ in published(table)} <= set(rows), "the paper has a row that the plan forgets"
