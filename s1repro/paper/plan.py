"""Which stages the paper's runs consist of, as command lines: `paper.runs`, with the names and seeds of the runs.

for step in steps(config, ["recipe=demo"]):
    print(step.stage, *step.overrides)      # evaluate recipe=demo ~paper name=demo-plain checkpoint=... method=plain
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1repro.config import Config
from s1repro.settings.paper import OWN, STAGES


@dataclass(frozen=True)
class Step:
    """One stage of one run, and what it is told."""

    run: str
    stage: str
    overrides: tuple[str, ...]


def run_names(config: Config, key: str) -> list[str]:
    """The folders of a run of `paper.runs`: one, or one a seed."""
    name = config.name if key == OWN else f"{config.name}-{key}"
    seeds = config.paper.runs[key].seeds
    return [f"{name}-{seed}" for seed in seeds] or [name]


def steps(config: Config, asked: Sequence[str]) -> list[Step]:
    """All stages of all runs that can be run, in the order in which they have to.

    `asked` are the overrides of the command line: the runs get them too, but for what each of them sets itself. The
    group `paper` concerns none of them, and takes long to compose: it is left out.
    """
    planned = []
    for key, plan in config.paper.runs.items():
        if plan.missing:
            continue
        seeds = [[f"seed={seed}"] for seed in plan.seeds] or [[]]
        for name, seed in zip(run_names(config, key), seeds, strict=True):
            own = ["~paper", f"name={name}", *plan.overrides, *seed]
            kept = [override for override in asked if _key(override) not in set(map(_key, own))]
            stages = [stage for stage in STAGES if stage in plan.stages]
            planned += [Step(name, stage, (*kept, *own)) for stage in stages]
    return planned


def _key(override: str) -> str:
    """What an override sets; all of the group `paper` counts as one."""
    key = override.lstrip("+~").partition("=")[0]
    return "paper" if key.startswith("paper.") else key
