"""Table 3: Control, Scaling and Performance of the seven methods (section 3.2).

table3(config, runs)
"""

from __future__ import annotations

from s1repro.config import Config
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Entry, Number, Table, beside
from s1repro.report.methods import default_tokens, measures
from s1repro.report.published import published
from s1repro.scaling.methods import METHODS
from s1repro.settings.paper import OWN, RowPlan

COLUMNS = ("Control", "Scaling", "Performance", "Scaling (linear)", "points")


def table3(config: Config, runs: Measured) -> Table:
    """The methods, each over its own points."""
    note = (
        "Control: percent of the points whose mean thinking tokens keep to the budget. Scaling: mean slope over all "
        "pairs of points, in points of accuracy a doubling of the thinking tokens, as the paper prints it (linear: a "
        "thousand tokens, as its text reads). Performance: the best accuracy, in percent. A slope over points that "
        "hardly differ in tokens is large, of either sign, and says nothing."
    )
    ours = [f"{benchmark}: {column}" for benchmark in runs.benchmarks() for column in COLUMNS]
    columns = list(dict.fromkeys([*ours, *(column for _, column in published("table3"))]))
    entries: list[Entry] = []
    for row in config.paper.table3:
        cells = {k: v for benchmark in runs.benchmarks() for k, v in _cells(runs, row, benchmark).items()}
        entries += beside("table3", row.row, cells, columns)
    return Table("table3", "Table 3: methods", note, entries)


def _cells(runs: Measured, row: RowPlan, benchmark: str) -> dict[str, Number | Missing]:
    names = [f"{benchmark}: {column}" for column in COLUMNS]
    missing = Missing(row.missing) if row.missing else runs.why_not(row.runs)
    if missing:
        return dict.fromkeys(names, missing)
    every = [point for key in row.runs for point in runs.points(key) if point.benchmark == benchmark]
    points = [point for point in every if not row.budgets or point.budget in row.budgets]
    if not points:
        return dict.fromkeys(names, Missing(f"{', '.join(row.runs)}: no points of {benchmark}"))
    told_nothing = default_tokens(runs.points(OWN), benchmark) if OWN in runs.names else None
    found = measures(points, METHODS[points[0].method], told_nothing)
    flat = Missing("needs two points of different length")
    cells: list[Number | Missing] = [
        Missing("needs the run that is told nothing") if found.control is None else Number(found.control, digits=0),
        flat if found.log2 is None else Number(found.log2, signed=True),
        Number(found.performance),
        flat if found.linear is None else Number(found.linear, signed=True),
        Number(len(points), digits=0),
    ]
    return dict(zip(names, cells, strict=True))
