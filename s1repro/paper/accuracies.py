"""Tables 1, 2 and 4: accuracies of models, of selections, of what is appended in place of the end of thinking.

A cell is the accuracy at the largest budget of the row's runs, in percent, with its 95 % Wilson interval; several runs
or seeds of a row are averaged question by question, so that the interval is over questions and not over trainings.
Differences are paired over the questions, with intervals of 10,000 bootstrap resamples, as in the paper's Table 2.

    table2(config, runs).entries[0].ours        # Number(70.3, 64.3, 75.6)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from s1repro.artifacts import MANIFEST, stage_folder
from s1repro.config import Config
from s1repro.evaluate.metrics import paired_difference, wilson
from s1repro.evaluate.points import question_scores
from s1repro.paper.measured import Measured, Missing, mean_scores
from s1repro.paper.table import Entry, Number, Table, beside, percent
from s1repro.records import Sample
from s1repro.report.published import published
from s1repro.settings.paper import RowPlan
from s1repro.strict import parse

Cells = dict[str, Number | Missing]


def table1(config: Config, runs: Measured) -> Table:
    """The model beside others."""
    note = (
        "Accuracy in percent (95 % interval) and mean thinking tokens, each at the largest budget. The paper's columns "
        "are its 32B models; s1-32B there is forced with 4 Waits on AIME24 and 2 elsewhere."
    )
    rows = config.paper.table1
    return Table("table1", "Table 1: the model beside others", note, _entries("table1", rows, runs, _plain(runs)))


def table2(config: Config, runs: Measured) -> Table:
    """Ways to select, each compared with the last row's."""
    note = (
        "Accuracy in percent (95 % interval) at the largest budget, without Waits; the mean over seeds, and each. The "
        "difference to the last row is paired over the questions (95 %, 10,000 bootstrap resamples), each question's "
        "score being its mean over the seeds: how much trainings differ is seen in the single seeds alone."
    )
    rows = config.paper.table2

    def cells(row: RowPlan, benchmark: str) -> Cells:
        found = {**_plain(runs)(row, benchmark), **_difference(config, runs, row, rows[-1], benchmark)}
        return {**found, **_each_seed(runs, row, benchmark)}

    entries = [*_entries("table2", rows, runs, cells), *_trainings(config, runs, rows)]
    return Table("table2", "Table 2: ways to select", note, entries)


def table4(config: Config, runs: Measured) -> Table:
    """What stands in place of the end of thinking, each compared with the first row's."""
    note = (
        "Accuracy in percent (95 % interval) and mean thinking tokens at the largest budget, where the end of thinking "
        "is replaced once or twice by a string; the difference to the first row is paired over the questions."
    )
    rows = config.paper.table4

    def cells(row: RowPlan, benchmark: str) -> Cells:
        return {**_plain(runs)(row, benchmark), **_difference(config, runs, row, rows[0], benchmark)}

    return Table("table4", "Table 4: extrapolation strings", note, _entries("table4", rows, runs, cells))


def _entries(
    table: str, rows: Sequence[RowPlan], runs: Measured, cells: Callable[[RowPlan, str], Cells]
) -> list[Entry]:
    """For each row the cells of each benchmark, and the paper's columns."""
    found = {row.row: {k: v for name in runs.benchmarks() for k, v in cells(row, name).items()} for row in rows}
    ours = list(dict.fromkeys(column for own in found.values() for column in own))
    columns = ours + [column for _, column in published(table) if column not in ours]
    columns = list(dict.fromkeys(columns))
    return [entry for row in rows for entry in beside(table, row.row, found[row.row], columns)]


def _plain(runs: Measured) -> Callable[[RowPlan, str], Cells]:
    """Accuracy and thinking tokens of a row."""

    def cells(row: RowPlan, benchmark: str) -> Cells:
        tokens = f"{benchmark}: thinking tokens"
        taken = _taken(runs, row, benchmark)
        if isinstance(taken, Missing):
            return {benchmark: taken, tokens: taken}
        scores = mean_scores(taken)
        thought = [sample.thinking_tokens for samples in taken.values() for sample in samples]
        return {benchmark: percent(wilson(sum(scores.values()), len(scores))), tokens: Number(fmean(thought))}

    return cells


def _difference(config: Config, runs: Measured, row: RowPlan, to: RowPlan, benchmark: str) -> Cells:
    """The row's paired difference to another one; none for that one itself."""
    column = f"{benchmark} - {to.row}"
    if row.row == to.row:
        return {}
    mine, other = _taken(runs, row, benchmark), _taken(runs, to, benchmark)
    if isinstance(mine, Missing) or isinstance(other, Missing):
        return {column: mine if isinstance(mine, Missing) else Missing(f"nothing to compare with: {to.row} is empty")}
    a, b = mean_scores(mine), mean_scores(other)
    common = sorted(a.keys() & b.keys())
    if not common:
        return {column: Missing("the two have no question in common")}
    difference = paired_difference([a[q] for q in common], [b[q] for q in common], config.seed)
    return {column: percent(difference, signed=True)}


def _each_seed(runs: Measured, row: RowPlan, benchmark: str) -> Cells:
    """The accuracy of each run of a row, where there are several."""
    taken = _taken(runs, row, benchmark)
    if isinstance(taken, Missing) or len(taken) < 2:
        return {}
    accuracies = [100 * fmean(question_scores(samples).values()) for samples in taken.values()]
    return {f"{benchmark}: seed {number}": Number(value) for number, value in enumerate(accuracies, start=1)}


def _taken(runs: Measured, row: RowPlan, benchmark: str) -> dict[str, list[Sample]] | Missing:
    return Missing(row.missing) if row.missing else runs.at(row.runs, benchmark, row.waits)


def _trainings(config: Config, runs: Measured, rows: Sequence[RowPlan]) -> list[Entry]:
    """How many examples and steps the row's first training took."""
    entries = []
    for row in rows:
        names = [name for key in row.runs for name in runs.names[key]]
        facts = training_facts(config.runs, names[0]) if names else {}
        for column in ("examples", "steps"):
            number = facts.get(column)
            ours = Missing("no finished training") if number is None else Number(number, digits=0)
            entries.append(Entry(row.row, f"training: {column}", ours))
    return entries


def training_facts(runs: str, name: str) -> dict[str, int]:
    """What the manifest of a training says: examples, steps, tokens. None without one."""
    path: Path = stage_folder(runs, name, "train") / MANIFEST
    if not path.is_file():
        return {}
    manifest = parse(path.read_bytes(), str(path), "delete it and run the train stage again")
    facts = manifest.get("facts", {}) if isinstance(manifest, dict) else {}
    return {key: value for key, value in facts.items() if isinstance(value, int)}
