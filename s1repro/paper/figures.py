"""Figures 1, 2 and 4 of the paper and its parallel-scaling figure: ours, with what the paper's show where it is known.

Figure 1: accuracy against thinking tokens. Figure 2: the set's domains, and accuracy against training examples.
Figure 4: sequential scaling with Waits, and majority votes of the base model. Parallel (section 6.2): sequential
scaling, votes and searches against all thinking tokens together. A panel without data says why. The paper's points are
those of `data/paper.csv`, read off its plots. The same runs give the same bytes.

    draw_all(config, runs, Path("runs/demo/paper"))     # the names of the files
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from textwrap import fill

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s1repro.artifacts import read_jsonl, write_bytes
from s1repro.config import Config
from s1repro.evaluate.metrics import wilson
from s1repro.paper.accuracies import training_facts
from s1repro.paper.measured import Measured, Missing, mean_scores
from s1repro.paper.parallel import Effort, efforts
from s1repro.report.picture import MAIN, QUIET, STYLE, WAIT
from s1repro.report.published import published
from s1repro.settings.paper import OWN

Panel = Callable[[Axes], None]
KINDS = ("png", "svg")


def draw_all(config: Config, runs: Measured, folder: Path) -> list[str]:
    """Draw all figures into `folder`."""
    figures: dict[str, list[Panel]] = {
        "figure1": [lambda axes: _sequential(axes, config, runs, 0), _papers],
        "figure2": [lambda axes: _domains(axes, config), lambda axes: _examples(axes, config, runs), _papers_examples],
        "figure4": [lambda axes: _sequential(axes, config, runs, None), lambda axes: _base_votes(axes, config, runs)],
        "parallel": [lambda axes: _parallel(axes, config, runs)],
    }
    notes = config.paper.notes
    return [
        _save(name, panels, notes.get(name, ""), kind, folder) for name, panels in figures.items() for kind in KINDS
    ]


def _save(name: str, panels: Sequence[Panel], note: str, kind: str, folder: Path) -> str:
    with matplotlib.rc_context({**STYLE, "font.size": 11}):
        figure = Figure(figsize=(6.2 * len(panels), 4.6), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            panel(axes)
        if note:
            figure.supxlabel(fill(note, 90 * len(panels)), fontsize=9)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=140, metadata={"Date" if kind == "svg" else "Software": None})
    write_bytes(folder / f"{name}.{kind}", picture.getvalue())
    return f"{name}.{kind}"


def _sequential(axes: Axes, config: Config, runs: Measured, waits: int | None) -> None:
    """The recipe's own run; with `waits` None its Waits are drawn too, as diamonds."""
    axes.set_title("sequential scaling by budget forcing" if waits is None else "test-time scaling")
    found = list(efforts(config, runs, OWN)) if OWN in runs.names else []
    if not found:
        return _empty(axes, runs.why_not([OWN] if OWN in runs.names else []))
    for number, benchmark in enumerate(dict.fromkeys(effort.point[0] for effort in found)):
        own = [effort for effort in found if effort.point[0] == benchmark]
        colour = (MAIN, *QUIET)[number % (1 + len(QUIET))]
        _line(axes, [effort for effort in own if effort.point[3] == 0], benchmark, colour)
        if waits is None:
            for effort in (effort for effort in own if effort.point[3] > 0):
                _line(axes, [effort], "", WAIT, marker="D")
                axes.annotate(f" {effort.point[3]}x", (effort.thinking, 100 * effort.accuracy), color=WAIT)
    _axes(axes, "mean thinking tokens")


def _papers(axes: Axes) -> None:
    axes.set_title("the paper: s1-32B on AIME24, read off its plot")
    points = [
        (float(tokens), cell.value) for (tokens, _), cell in published("figure1").items() if cell.value is not None
    ]
    axes.plot(*zip(*points, strict=True), color=QUIET[0], marker="o")
    _axes(axes, "mean thinking tokens")


def _domains(axes: Axes, config: Config) -> None:
    axes.set_title("domains of the set")
    if not Path(config.curated).is_file():
        return _empty(axes, Missing(f"no curated set {config.curated}"))
    counts = Counter(str(row.get("domain") or "?") for _, row in read_jsonl(config.curated)).most_common(20)
    axes.barh([name for name, _ in counts][::-1], [count for _, count in counts][::-1], color=MAIN)
    axes.set_xlabel("questions")


def _examples(axes: Axes, config: Config, runs: Measured) -> None:
    """Accuracy of each trained row of Tables 1 and 2 against the examples it was trained on."""
    axes.set_title("accuracy against training examples")
    rows = [row for row in (*config.paper.table1, *config.paper.table2) if row.runs and not row.missing]
    drawn = 0
    for benchmark in runs.benchmarks()[:1]:
        for row in rows:
            taken = runs.at(row.runs, benchmark, row.waits)
            examples = training_facts(config.runs, runs.names[row.runs[0]][0]).get("examples")
            if isinstance(taken, Missing) or not examples:
                continue
            value = 100 * fmean(mean_scores(taken).values())
            axes.plot([examples], [value], marker="o", color=MAIN if row in config.paper.table1 else QUIET[0])
            axes.annotate(f" {row.row}", (examples, value))
            drawn += 1
        axes.set_ylabel(f"accuracy on {benchmark}, %")
    if not drawn:
        return _empty(axes, Missing("no training is finished"))
    axes.set_xscale("log")
    axes.set_xlabel("training examples")


def _papers_examples(axes: Axes) -> None:
    axes.set_title("the paper: MATH500")
    for (row, _), cell in published("figure2").items():
        accuracy = published("table1")[row, "math500"].value
        if cell.value is not None and accuracy is not None:
            axes.plot([cell.value], [accuracy], marker="o", color=QUIET[0])
            axes.annotate(f" {row}", (cell.value, accuracy))
    axes.set_xscale("log")
    axes.set_xlabel("training examples")


def _base_votes(axes: Axes, config: Config, runs: Measured) -> None:
    axes.set_title("majority votes of the base model")
    key = config.paper.base_votes
    missing = runs.why_not([key]) if key else Missing("paper.base_votes names no run")
    if missing:
        return _empty(axes, missing)
    found = list(efforts(config, runs, key))
    for number, point in enumerate(dict.fromkeys(effort.point for effort in found)):
        own = [effort for effort in found if effort.point == point]
        colour = (MAIN, *QUIET)[number % (1 + len(QUIET))]
        _bars(axes, [effort.k for effort in own], own, point[0], colour, "o")
    _axes(axes, "samples voting")


def _parallel(axes: Axes, config: Config, runs: Measured) -> None:
    """All thinking tokens of a question together, whichever way they are spent."""
    _sequential(axes, config, runs, None)
    axes.set_title("sequential and parallel scaling")
    reasons = []
    for number, key in enumerate(config.paper.parallel):
        missing = runs.why_not([key])
        if missing:
            reasons.append(f"{key}: {missing.reason}")
            continue
        found = list(efforts(config, runs, key))
        for point in dict.fromkeys(effort.point for effort in found):
            own = [effort for effort in found if effort.point == point]
            _line(axes, own, f"{key}, {point[2]:,}", QUIET[number % len(QUIET)], marker="s")
    _axes(axes, "mean thinking tokens of all samples of a question")
    if reasons:
        axes.text(0.02, 0.98, "\n".join(reasons)[:160], transform=axes.transAxes, va="top", fontsize=8)


def _line(axes: Axes, found: Sequence[Effort], label: str, colour: str, marker: str = "o") -> None:
    if found:
        _bars(axes, [max(effort.thinking, 1.0) for effort in found], found, label, colour, marker)


def _bars(axes: Axes, x: Sequence[float], found: Sequence[Effort], label: str, colour: str, marker: str) -> None:
    """A line with 95 % Wilson intervals and its label at the last point."""
    ends = [wilson(sum(effort.scores.values()), len(effort.scores)) for effort in found]
    y = [100 * end.value for end in ends]
    below, above = [100 * (end.value - end.low) for end in ends], [100 * (end.high - end.value) for end in ends]
    axes.errorbar(x, y, yerr=[below, above], color=colour, marker=marker, elinewidth=0.8)
    axes.annotate(f" {label}", (x[-1], y[-1]), color=colour)


def _axes(axes: Axes, label: str) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(label)
    axes.set_ylabel("accuracy, %")


def _empty(axes: Axes, missing: Missing | None) -> None:
    """A panel that says why it is empty."""
    reason = missing.reason if missing else "no run"
    axes.text(0.5, 0.5, f"not run: {reason}"[:200], ha="center", va="center", wrap=True, transform=axes.transAxes)
