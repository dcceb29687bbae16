"""Figures 1, 2 and 4 of the paper and its parallel-scaling figure: ours, and the paper's points beside them.

Figure 1: accuracy against thinking tokens. Figure 2: the set's domains, and accuracy against training examples.
Figure 4: sequential scaling with Waits, and majority votes of the base model. Parallel (section 6.2): sequential
scaling, votes and searches against all thinking tokens together. The paper's points are those of `data/paper.csv`,
hollow. A panel without data says why. The same runs give the same bytes. How it is drawn is `s1repro.paper.panels`.

    draw_all(config, runs, Path("runs/demo/paper"))     # the names of the files
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import shorten

from matplotlib.axes import Axes

from s1repro.artifacts import read_jsonl
from s1repro.config import Config
from s1repro.curate.domains import class_names
from s1repro.paper.accuracies import training_facts
from s1repro.paper.measured import Measured, Missing, mean_scores
from s1repro.paper.panels import OTHERS, Panel, Series, empty, examples_axis, line, papers, save, series, tokens_axis
from s1repro.paper.parallel import Effort, efforts
from s1repro.report.labels import Label
from s1repro.report.picture import MAIN, WAIT
from s1repro.report.published import published
from s1repro.settings.paper import OWN

KINDS = ("png", "svg")
COLOURS = (MAIN, *OTHERS)
MOST_DOMAINS = 20


def draw_all(config: Config, runs: Measured, folder: Path) -> list[str]:
    """Draw all figures into `folder`."""
    figures: dict[str, list[Panel]] = {
        "figure1": [lambda axes: _scaling(axes, config, runs)],
        "figure2": [lambda axes: _domains(axes, config), lambda axes: _examples(axes, config, runs)],
        "figure4": [lambda axes: _waits(axes, config, runs), lambda axes: _base_votes(axes, config, runs)],
        "parallel": [lambda axes: _parallel(axes, config, runs)],
    }
    notes = dict(config.paper.notes)
    reasons = [f"No {key}: {missing.reason}." for key, missing in _missing(runs, config.paper.parallel)]
    notes["parallel"] = " ".join([notes.get("parallel", ""), *reasons])
    return [save(name, panels, notes.get(name, ""), kind, folder) for name, panels in figures.items() for kind in KINDS]


def _scaling(axes: Axes, config: Config, runs: Measured) -> None:
    axes.set_title("Accuracy against thinking", loc="left")
    labels = _sequential(axes, config, runs, waits=False)
    cells = {float(tokens): cell.value for (tokens, _), cell in published("figure1").items() if cell.value is not None}
    labels.append(papers(axes, cells, "the paper's s1-32B\non AIME24, read off its plot"))
    tokens_axis(axes, "mean thinking tokens (log2)", labels)


def _waits(axes: Axes, config: Config, runs: Measured) -> None:
    axes.set_title("Sequential scaling: budgets, then Waits", loc="left")
    labels = _sequential(axes, config, runs, waits=True)
    if labels:
        tokens_axis(axes, "mean thinking tokens (log2)", labels)


def _sequential(axes: Axes, config: Config, runs: Measured, waits: bool) -> list[Label]:
    """The recipe's own run, a line a benchmark; its Waits as diamonds, where they are asked for."""
    found = list(efforts(config, runs, OWN)) if OWN in runs.names else []
    if not found:
        empty(axes, runs.why_not([OWN]) if OWN in runs.names else Missing(f"paper.runs has no {OWN}"))
    labels = []
    for number, benchmark in enumerate(dict.fromkeys(effort.point[0] for effort in found)):
        own = [effort for effort in found if effort.point[0] == benchmark]
        budgets = [effort for effort in own if effort.point[3] == 0]
        colour = COLOURS[number % len(COLOURS)]
        if budgets:
            labels += line(axes, _thinking(budgets), f"ours on {benchmark}", colour)
        waited = [effort for effort in own if effort.point[3] > 0]
        if waits and waited:
            x, accuracies = _thinking([*budgets[-1:], *waited])
            axes.plot(x, [100 * one.value for one in accuracies], color=WAIT, linestyle=":", zorder=1.5)
            for effort in waited:
                text = f"{effort.point[3]} Wait{'s' if effort.point[3] > 1 else ''}"
                labels += line(axes, _thinking([effort]), text, WAIT, marker="D", linestyle="none")
    return labels


def _domains(axes: Axes, config: Config) -> None:
    axes.set_title("Domains of the set", loc="left")
    if not Path(config.curated).is_file():
        return empty(axes, Missing(f"no curated set {config.curated}"))
    counts = Counter(str(row.get("domain") or "?") for _, row in read_jsonl(config.curated))
    largest = counts.most_common(MOST_DOMAINS)[::-1]
    names = [shorten(class_names().get(code, code), 46, placeholder=" …") for code, _ in largest]
    bars = axes.barh(range(len(names)), [count for _, count in largest], color=MAIN)
    axes.bar_label(bars, padding=4, fontsize=9)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.tick_params(axis="y", length=0)
    left_out = len(counts) - len(largest)
    axes.set_xlabel("questions" + (f"; {left_out} smaller domains are left out" if left_out else ""))


def _examples(axes: Axes, config: Config, runs: Measured) -> None:
    """Accuracy of each trained row of Tables 1 and 2 against the examples it was trained on."""
    axes.set_title("Accuracy against training examples: ours filled, the paper's hollow", loc="left")
    benchmarks = runs.benchmarks()
    if not benchmarks:
        return empty(axes, Missing("no run has a finished evaluation"))
    benchmark = "math500" if "math500" in benchmarks else benchmarks[0]
    labels = list(_trained(axes, config, runs, benchmark))
    if not labels:
        return empty(axes, Missing("no training is finished"))
    cells = published("figure2")
    for (row, _), cell in cells.items():
        accuracy = published("table1")[row, "math500"].value
        if cell.value is not None and accuracy is not None:
            labels.append(papers(axes, {cell.value: accuracy}, f"the paper's {row}, MATH500"))
    examples_axis(axes, f"ours: accuracy on {benchmark}, %", labels)


def _trained(axes: Axes, config: Config, runs: Measured, benchmark: str) -> Iterator[Label]:
    """Those that were taught as many examples stand side by side."""
    taught: Counter[int] = Counter()
    for row in (*config.paper.table1, *config.paper.table2):
        taken = runs.at(row.runs, benchmark, row.waits) if row.runs and not row.missing else Missing(row.missing)
        examples = training_facts(config.runs, runs.names[row.runs[0]][0]).get("examples") if row.runs else None
        if isinstance(taken, Missing) or not examples:
            continue
        at = examples * 1.17 ** taught[examples]
        taught[examples] += 1
        colour = MAIN if row in config.paper.table1 else OTHERS[0]
        yield from line(axes, series([at], [mean_scores(taken)]), row.row, colour)


def _base_votes(axes: Axes, config: Config, runs: Measured) -> None:
    axes.set_title("Majority votes of the base model", loc="left")
    key = config.paper.base_votes
    missing = runs.why_not([key]) if key else Missing("paper.base_votes names no run")
    if missing:
        return empty(axes, missing)
    found = list(efforts(config, runs, key))
    labels = []
    for number, point in enumerate(dict.fromkeys(effort.point for effort in found)):
        own = [effort for effort in found if effort.point == point]
        votes = series([effort.k for effort in own], [effort.scores for effort in own])
        labels += line(axes, votes, f"{point[0]},\nbudget {point[2]:,}", COLOURS[number % len(COLOURS)])
    tokens_axis(axes, "samples voting (log2)", labels)


def _parallel(axes: Axes, config: Config, runs: Measured) -> None:
    """All thinking tokens of a question together, whichever way they are spent."""
    axes.set_title("Sequential and parallel scaling", loc="left")
    labels = _sequential(axes, config, runs, waits=True)
    left_out = dict(_missing(runs, config.paper.parallel))
    for number, key in enumerate(config.paper.parallel):
        found = [] if key in left_out else list(efforts(config, runs, key))
        for point in dict.fromkeys(effort.point for effort in found):
            own = [effort for effort in found if effort.point == point]
            colour = OTHERS[number % len(OTHERS)]
            labels += line(axes, _thinking(own), f"{key}, budget {point[2]:,}", colour, marker="s")
    if labels:
        tokens_axis(axes, "mean thinking tokens of all samples of a question (log2)", labels)


def _missing(runs: Measured, keys: Sequence[str]) -> Iterator[tuple[str, Missing]]:
    for key in keys:
        missing = runs.why_not([key])
        if missing:
            yield key, missing


def _thinking(found: Sequence[Effort]) -> Series:
    """Accuracy by thinking tokens; what did not think at all stands at 1 token, the log axis has no 0."""
    return series([max(effort.thinking, 1.0) for effort in found], [effort.scores for effort in found])
