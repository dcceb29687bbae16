"""`make results`: the runs that are there as one table, for a README or a paper.

Reads the evaluations that `paper.results` names; writes `runs/<name>/results/`: `results.md`, `results.tex` and
`results.csv`. Runs that differ in seed or points alone are one row, with a band (`s1repro.report.merge`). For each
benchmark a row has the accuracy at the largest budget without Waits, the tokens of thinking that this took, and the
best of all points, which is Performance (section 3.2 of the paper) and flatters who has many. Points that are still
being measured are left out, and a run that cannot be read is named and left out. Curves are the business of `report`.

    run(config)     # or: python -m s1repro.paper.results recipe=demo 'paper.results=[demo*]'
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.artifacts import stage_folder, write_text
from s1repro.cli import run_stage
from s1repro.config import Config
from s1repro.paper.table import Entry, Number, Table
from s1repro.paper.written import latex, markdown, table_csv
from s1repro.records import Point
from s1repro.report.curves import marked
from s1repro.report.merge import Part, merged_points, named, read_part, require_mergeable

NOTE = (
    "Accuracy in percent with its 95 % interval, at the largest budget without Waits and at the best of all points; "
    "mean tokens of thinking. Of several seeds it is the mean, with a bootstrap band over questions and seeds."
)


def run(config: Config) -> None:
    """Write the table. Raises `ValueError` where no run is named or has a finished point."""
    if not config.paper.results:
        raise ValueError("paper.results is empty; name runs, or [*] for all")
    rows, left_out = _rows(config)
    entries = [entry for name, points in rows.items() for entry in _entries(name, points)]
    for why in left_out:
        print(f"results: left out: {why}")
    if not entries:
        raise ValueError(f"results: no run of {', '.join(config.paper.results)} has a finished point in {config.runs}")
    table = Table("results", "Results", NOTE, entries)
    folder = stage_folder(config.runs, config.name, "results")
    files = {"results.md": markdown([table], "Runs side by side"), "results.tex": latex([table])}
    for name, text in {**files, "results.csv": table_csv(table)}.items():
        write_text(folder / name, text)
    print(f"results: {len(table.rows)} rows, {folder / 'results.md'}")


def _rows(config: Config) -> tuple[dict[str, list[Point]], list[str]]:
    """The finished points of each row by its name, and why runs are in none."""
    groups: list[list[Part]] = []
    left_out = []
    for name in named(config.runs, config.paper.results, "paper.results"):
        try:
            part = read_part(config.runs, name)
        except ValueError as error:
            left_out.append(str(error))
            continue
        group = next((group for group in groups if _are_one([*group, part])), None)
        if group is None:
            groups.append(group := [])
        group.append(part)
    return {_named(group): _finished(group, config.seed) for group in groups}, left_out


def _are_one(parts: Sequence[Part]) -> bool:
    try:
        require_mergeable(parts)
    except ValueError:
        return False
    return True


def _named(group: Sequence[Part]) -> str:
    return ", ".join(part.name for part in group)


def _finished(group: Sequence[Part], seed: int) -> list[Point]:
    unfinished = frozenset().union(*(part.evaluated.unfinished for part in group))
    points = marked(merged_points(group, _named(group), seed), unfinished)
    return [point for point in points if not point.unfinished]


def _entries(row: str, points: Sequence[Point]) -> list[Entry]:
    """The cells of a row. A run of several methods has a row for each."""
    entries = []
    methods = sorted({point.method for point in points})
    for method in methods:
        name = f"{row}, {method}" if len(methods) > 1 else row
        own = [point for point in points if point.method == method]
        for benchmark in sorted({point.benchmark for point in own}):
            asked = [point for point in own if point.benchmark == benchmark]
            plain = [point for point in asked if not point.waits]
            if plain:
                largest = max(plain, key=lambda point: point.budget)
                entries.append(Entry(name, benchmark, _accuracy(largest)))
                entries.append(Entry(name, f"{benchmark}: tokens", Number(largest.thinking_tokens, digits=0)))
            best = max(asked, key=lambda point: point.accuracy)
            entries.append(Entry(name, f"{benchmark}: best", _accuracy(best)))
    return entries


def _accuracy(point: Point) -> Number:
    return Number(100 * point.accuracy, 100 * point.ci_low, 100 * point.ci_high)


if __name__ == "__main__":
    run_stage(run)
