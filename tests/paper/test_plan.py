"""The plan becomes command lines that compose, and each run has its own name, seed and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import cast

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from s1repro.cli import CONF, composed
from s1repro.config import Config, check
from s1repro.paper.plan import run_names, steps
from s1repro.report.published import published

RECIPES = ["demo", "s1-32b", "real-small"]
"""One for each option of the group `paper`."""


planned_by = cache(composed)
"""A recipe's config, with its plan: composed once for both tests."""


@cache
def chosen(*options: str) -> DictConfig:
    """What Hydra composes of these options: most of the time that a command line takes, and many choose the same."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(options))


def told(overrides: Sequence[str]) -> Config:
    """What `composed` makes of a command line; its values are set as Hydra sets them, in a copy of what it chooses."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    options = {one.key_or_group: one.input_line for one in parsed if (CONF / one.key_or_group).is_dir()}
    config = deepcopy(chosen(*(line for group, line in options.items() if group != "method")))
    if "method" in options:  # the same in all recipes, which say nothing of their own about it
        config.method = deepcopy(chosen("name=x", "~paper", options["method"]).method)
    for one in parsed:
        if one.key_or_group not in options:
            OmegaConf.update(config, one.key_or_group, one.value())
    made = cast(Config, OmegaConf.to_object(config))
    check(made)
    return made


def test_a_run_gets_the_command_line_and_what_it_sets_itself() -> None:
    config = planned_by(("recipe=demo",))
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
        "checkpoint_revision=",
        "method=plain",
    )
    commit = "0a1b2c3d" * 5
    pinned = composed(["recipe=demo", "model.base=me/model", f"model.revision={commit}"])
    (told,) = [step.overrides for step in steps(pinned, ["recipe=demo"]) if step.run == "demo-plain"]
    assert "checkpoint=me/model" in told and composed(told).checkpoint_revision == commit
    assert planned["demo-random-2", "curate"][-1] == "seed=2" and "seed=7" not in planned["demo-random-2", "curate"]
    assert "method=force" in planned["demo", "train"]
    assert run_names(config, "random") == ["demo-random-0", "demo-random-1", "demo-random-2"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_step_composes_and_the_paper_s_rows_are_all_there(recipe: str) -> None:
    config = planned_by((f"recipe={recipe}",))
    assert "method" not in yaml.safe_load((CONF / "recipe" / f"{recipe}.yaml").read_text())
    planned = steps(config, [f"recipe={recipe}"])
    assert planned[0].run == recipe and {step.stage for step in planned} == {"curate", "train", "evaluate"}
    measured = {step.run: step.overrides for step in planned if step.stage == "evaluate"}
    seeds = [name for name in measured if name[-2:] in ("-1", "-2")]  # told the same as the first one
    configs = {name: told(line) for name, line in measured.items() if name not in seeds}
    token = measured[f"{recipe}-token"]
    assert configs[f"{recipe}-token"] == composed(token), "and so are the others"
    assert [one.name for one in configs.values()] == list(configs)
    methods = {configs[run_names(config, row.runs[0])[0]].method.table3: row.row for row in config.paper.table3}
    assert all(method == row for method, row in methods.items()) and len(methods) == 7
    for table in ("table1", "table2", "table3", "table4"):
        rows = [row.row for row in getattr(config.paper, table)]
        assert {row for row, _ in published(table)} <= set(rows), "the paper has a row that the plan forgets"
