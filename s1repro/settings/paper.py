"""Settings of `paper`: the runs behind the paper's tables and figures, and which of them fills which row.

PaperConfig(runs={"own": RunPlan(stages=["evaluate"])}, table1=[RowPlan("s1-32B", ["own"])]).check()
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from s1repro.settings.checks import require_choice

OWN = "own"
"""The recipe's run itself among `paper.runs`."""

STAGES = ("curate", "train", "evaluate")
"""What a run may consist of, in this order."""

NOTED = ("table1", "table2", "table3", "table4", "figure1", "figure2", "figure4", "parallel")
"""Tables and figures that `paper.notes` may say something of; `parallel` is both."""


@dataclass
class RunPlan:
    """A run that the tables need: an entry of `paper.runs`. The run `own` is the recipe's, `x` is `<name>-x`."""

    stages: list[str] = field(default_factory=lambda: ["evaluate"])
    """Which stages make it."""
    overrides: list[str] = field(default_factory=list)
    """What is said to each of them beside the recipe, as on a command line."""
    seeds: list[int] = field(default_factory=list)
    """Run it once with each of these seeds, as `<name>-x-<seed>`; empty is once, with the recipe's seed."""
    missing: str = ""
    """Why it cannot be run with this recipe: its cells stay empty and say so."""

    def check(self, key: str) -> None:
        """Raise `ValueError`, naming the setting below `key`, for what makes no sense."""
        if not self.stages or any(stage not in STAGES for stage in self.stages):
            raise ValueError(f"{key}.stages is {self.stages}; choose from: {', '.join(STAGES)}")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"{key}.seeds is {self.seeds}; give each seed once")
        if any(override.startswith(("name=", "recipe=", "paper")) for override in self.overrides):
            raise ValueError(f"{key}.overrides: a run gets its name and recipe from the table it stands in; leave both")


@dataclass
class RowPlan:
    """Which runs fill a row of a table."""

    row: str = ""
    """Its name: the paper's, as in data/paper.csv, or any other for a row that the paper does not have."""
    runs: list[str] = field(default_factory=list)
    """Keys of `paper.runs`. Several, or several seeds of one, are averaged question by question."""
    waits: int = 0
    """Which point of the runs: at the largest budget, with that many Waits. (Table 3 takes all points.)"""
    budgets: list[int] = field(default_factory=list)
    """Table 3: the budgets that count; empty is all."""
    missing: str = ""
    """Why no run fills it."""


@dataclass
class PaperConfig:
    """The paper's tables and figures: group `paper/`."""

    run: bool = True
    """Run what is missing first. Off: tables and figures of what is there."""
    price: float | None = None
    """What an hour of one device costs, in `currency`; without it, costs stay empty."""
    currency: str = "USD"
    """What `price` is counted in."""
    runs: dict[str, RunPlan] = field(default_factory=dict)
    """The runs, in the order in which they are made."""
    table1: list[RowPlan] = field(default_factory=list)
    """Rows of Table 1: the model against others."""
    table2: list[RowPlan] = field(default_factory=list)
    """Rows of Table 2: ways to select; the last one is what the others are compared with."""
    table3: list[RowPlan] = field(default_factory=list)
    """Rows of Table 3: methods."""
    table4: list[RowPlan] = field(default_factory=list)
    """Rows of Table 4: what is appended in place of the end of thinking."""
    base_votes: str = ""
    """The run of Figure 4b: many samples of the base model."""
    parallel: list[str] = field(default_factory=list)
    """The runs that stand beside sequential scaling: many samples of the model to vote over, or tree searches."""
    speculative: list[str] = field(default_factory=list)
    """The recipe's own run again, at the same points, with drafted tokens: it should say the same, and sooner."""
    results: list[str] = field(default_factory=lambda: ["*"])
    """`make results`: names of the runs in the table; `*` stands for any characters."""
    notes: dict[str, str] = field(default_factory=dict)
    """What to say beside a table or a figure of that name: in what these runs differ from the paper's."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        if self.price is not None and not 0 <= self.price < float("inf"):
            raise ValueError(f"paper.price is {self.price}; give 0 or more, or null")
        for name, run in self.runs.items():
            if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
                raise ValueError(f"paper.runs: {name!r} cannot name a run; use letters, digits, '.', '_' and '-'")
            run.check(f"paper.runs.{name}")
        for table in ("table1", "table2", "table3", "table4"):
            for number, row in enumerate(getattr(self, table)):
                self._require_known(f"paper.{table}[{number}].runs", row.runs)
                if not row.row or not (row.runs or row.missing):
                    raise ValueError(f"paper.{table}[{number}]: give row, and runs or why there are none (missing)")
        self._require_known("paper.base_votes", [self.base_votes] if self.base_votes else [])
        self._require_known("paper.parallel", self.parallel)
        self._require_known("paper.speculative", self.speculative)
        for name in self.notes:
            require_choice("a key of paper.notes", name, NOTED)

    def _require_known(self, key: str, runs: list[str]) -> None:
        unknown = [run for run in runs if run not in self.runs]
        if unknown:
            raise ValueError(f"{key}: no run {unknown[0]!r}; paper.runs has: {', '.join(self.runs) or 'none'}")
