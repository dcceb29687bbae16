"""With and without speculation: the recipe's own run, and the same points with drafted tokens.

Drafts should change nothing but the time: beside what each run took stands how many of its samples say the same, word
for word, as the own run's.

    speculation_table(config, runs)
"""

from __future__ import annotations

from s1repro.artifacts import stage_folder
from s1repro.config import Config
from s1repro.evaluate.metrics import wilson
from s1repro.evaluate.points import answered, question_scores
from s1repro.paper.costs import UNKNOWN, evaluation
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Entry, Number, Table, percent
from s1repro.report.drafts import read_acceptance
from s1repro.settings.paper import OWN

TIMES = ("sampling, s", "device s", "tokens a device s")


def speculation_table(config: Config, runs: Measured) -> Table:
    """The own run, then each of `paper.speculative`."""
    note = (
        "The same points with drafted tokens and without. Accuracy is that of all points together, in percent (95 %); "
        "the same: samples that are those of the run without drafts, letter for letter and token for token. Seconds "
        "are of sampling, of starting the engine apart. Accepted length: tokens a step, its own included."
    )
    entries: list[Entry] = []
    for key in [OWN, *config.paper.speculative] if config.paper.speculative and OWN in runs.names else []:
        missing = runs.why_not([key])
        if missing:
            entries.append(Entry(key, "samples", missing))
            continue
        for name in runs.names[key]:
            entries += [Entry(name, column, cell) for column, cell in _cells(config, runs, name).items()]
    if not entries:
        entries.append(Entry(config.name, "samples", Missing("paper.speculative names no run")))
    return Table("speculation", "With and without speculation", note, entries)


def _cells(config: Config, runs: Measured, name: str) -> dict[str, Number | Missing]:
    own = {sample.key: sample for sample in runs.of(runs.names[OWN][0])}
    samples, spent = answered(runs.of(name)), evaluation(config, name)
    scores = question_scores(samples)
    accepted = read_acceptance(stage_folder(config.runs, name, "evaluate"))
    times = (spent.seconds, spent.device_seconds, spent.rate) if spent else (None, None, None)
    cells: dict[str, Number | Missing] = {
        "samples": Number(len(samples), digits=0),
        "the same": Number(sum(own.get(s.key) == s for s in samples), digits=0),
        "accuracy": percent(wilson(sum(scores.values()), len(scores))),
    }
    cells |= {column: UNKNOWN if t is None else Number(t) for column, t in zip(TIMES, times, strict=True)}
    cells["accepted length"] = Number(accepted.mean_length, digits=2) if accepted.steps else Missing("no drafts")
    return cells
