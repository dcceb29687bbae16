"""The stage `report`: the budgets become a curve.

Reads `runs/<name>/evaluate/` of this run, or of the runs that it consists of (`report.merge`), and of
`report.baselines`; writes `runs/<name>/report/`: `curve.csv`, `curve.png`, `curve.svg`, `tables.md`, `index.html`,
wandb's files, and `manifest.json`, last. An evaluation that is still going is shown as far as it is, marked so, and
again when it has grown; a damaged one is refused in one line.

    run(config)     # or: python -m s1repro.report recipe=demo report.baselines=[base]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s1repro.artifacts import MANIFEST, file_sha256, fingerprint, finish, is_done, stage_folder, write_text
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES, transcript
from s1repro.records import Point, Sample
from s1repro.report.curves import Evaluated, read_run, require_begun, write_curve
from s1repro.report.differences import differences, warnings
from s1repro.report.drafts import compared, digest, read_drafted, section
from s1repro.report.merge import Part, merged, named, points_of, read_part, require_mergeable
from s1repro.report.notes import notes
from s1repro.report.page.archive import pack
from s1repro.report.page.document import Page, write_page
from s1repro.report.page.markup import titled
from s1repro.report.page.room import with_room
from s1repro.report.page.wording import read_wording
from s1repro.report.tables import NOTES, markdown, terminal
from s1repro.tracking import settled, tracked
from s1repro.wandb_mode import Mode

FILES = ("curve.csv", "curve.png", "curve.svg", "tables.md", "index.html")
UNFINISHED = " (unfinished)"
"""What stands behind the title while points are still being measured."""


@dataclass(frozen=True)
class Shown:
    """What a report shows: the run, its baselines, all their points; the runs that it consists of; and its title."""

    runs: Sequence[Evaluated]
    points: Sequence[Point]
    parts: Sequence[Part]
    title: str

    @property
    def samples(self) -> dict[str, Sequence[Sample]]:
        """All samples by the names of the runs."""
        return {run.name: run.samples for run in self.runs}

    @property
    def unfinished(self) -> int:
        """How many points are still being measured."""
        return sum(point.unfinished for point in self.points)


def run(config: Config) -> None:
    """Write the report, or say that it is done. Raises `ValueError` for a run without an answer, or a damaged one."""
    folder = stage_folder(config.runs, config.name, "report")
    own = named(config.runs, config.report.merge) or [config.name]
    others = [name for name in dict.fromkeys(config.report.baselines) if name != config.name]
    evaluations = [_evaluation(config, name) for name in [*own, *others]]
    folders = {name: stage_folder(config.runs, name, "evaluate") for name in [*own, *others]}
    drafted = {name: read_drafted(evaluated) for name, evaluated in folders.items()}
    identified = {"evaluations": evaluations, "report": config.report, "seed": config.seed}
    mark = fingerprint({**identified, "drafts": digest(drafted)})
    if is_done(folder, mark):
        print(f"report: done already, {folder}")
        return
    mode = settled(config)
    read = _read(config, own, others)
    _draw(config, read, folder)
    told = notes(read.runs)
    tables = markdown(read.runs, read.points, config.seed, read.parts, told) + section(drafted, read.samples)
    write_text(folder / "tables.md", tables)
    finished = {run.name: run.finished for run in read.runs}
    shown, no_room = with_room(read.runs, config.report.page_mb)
    told += [*warnings(differences(finished, config.seed, votes=len(read.parts) < 2)), *no_room]
    # The runs that are one curve ask in the same words.
    wordings = {name: read_wording(folders[own[0] if name == config.name else name]) for name in read.samples}
    sections = [one for one in titled(tables) if one[0] != NOTES]  # the page has them at its top
    archive = pack({name: list(map(transcript, samples)) for name, samples in shown.items()}, wordings)
    write_page(folder / "index.html", Page(config.name, read.title, read.points, sections, told, archive))
    _track(config, read, folder, mode)
    facts = {"points": len(read.points), "unfinished": read.unfinished, "runs": [*own, *others]}
    finish(folder, mark, FILES, facts)
    print(terminal(read.points), *told, *compared(drafted, read.samples), sep="\n")
    print(f"report: {folder / 'curve.png'}")


def _read(config: Config, own: Sequence[str], others: Sequence[str]) -> Shown:
    """The run that consists of `own`, and the baselines `others`."""
    parts = [read_part(config.runs, name) for name in own]
    require_mergeable(parts)
    runs = [merged(parts, config.name), *(read_run(config.runs, name) for name in others)]
    points = points_of(runs, parts, config.seed)
    _require_answers(config.name, points)
    unfinished = any(point.unfinished for point in points)
    return Shown(runs, points, parts, config.report.title + (UNFINISHED if unfinished else ""))


def _draw(config: Config, read: Shown, folder: Path) -> None:
    """The curve as numbers and as pictures."""
    from s1repro.report.picture import draw  # matplotlib is slow to import

    write_curve(folder / "curve.csv", read.points)
    for picture in ("curve.png", "curve.svg"):
        draw(read.points, config.name, read.title, folder / picture)


def _track(config: Config, read: Shown, folder: Path, mode: Mode) -> None:
    """The curve on the dashboard, and its best point."""
    with tracked(config, "report", folder, mode) as dashboard:
        dashboard.curve(read.points, folder / "curve.png", read.title)
        measured = [point.accuracy for point in read.points if point.run == config.name and not point.unfinished]
        if measured:
            dashboard.summary("performance", max(measured))


def _evaluation(config: Config, name: str) -> list[str]:
    """What identifies an evaluation as far as it is: its samples, and its manifest where it has one."""
    folder = require_begun(config.runs, name)
    manifest = file_sha256(folder / MANIFEST) if (folder / MANIFEST).is_file() else ""
    return [name, manifest, file_sha256(folder / SAMPLES)]


def _require_answers(name: str, points: Sequence[Point]) -> None:
    """Raise `ValueError` where there is nothing to draw."""
    if not any(point.run == name for point in points):
        raise ValueError(
            f"no sample of run {name!r} has an answer, no try fitted its budget: give larger method.budgets, or "
            "method.tries"
        )
