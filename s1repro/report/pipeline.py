"""The stage `report`: the budgets become a curve.

Reads `runs/<name>/evaluate/` of this run, or of the runs that it consists of (`report.merge`), and of
`report.baselines`; writes `runs/<name>/report/`: `curve.csv`, `curve.png`, `curve.svg`, `tables.md`, `index.html`,
wandb's files, and `manifest.json`, last. An evaluation that is still going is shown as far as it is, marked so, and
again when it has grown; a damaged one is refused in one line.

    run(config)     # or: python -m s1repro.report recipe=demo report.baselines=[base]
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.artifacts import MANIFEST, file_sha256, fingerprint, finish, is_done, stage_folder, write_text
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES
from s1repro.records import Point
from s1repro.report.curves import read_run, require_begun, write_curve
from s1repro.report.differences import differences, warnings
from s1repro.report.drafts import compared, digest, read_drafted, section
from s1repro.report.merge import merged, named, points_of, read_part, require_mergeable
from s1repro.report.notes import notes
from s1repro.report.page.archive import pack
from s1repro.report.page.document import Page, write_page
from s1repro.report.page.markup import titled
from s1repro.report.page.wording import read_wording
from s1repro.report.tables import NOTES, markdown, terminal
from s1repro.tracking import settled, tracked

FILES = ("curve.csv", "curve.png", "curve.svg", "tables.md", "index.html")
UNFINISHED = " (unfinished)"
"""What stands behind the title while points are still being measured."""


def run(config: Config) -> None:
    """Write the report, or say that it is done. Raises `ValueError` for a run without an answer, or a damaged one."""
    folder = stage_folder(config.runs, config.name, "report")
    own = named(config.runs, config.report.merge) or [config.name]
    others = [name for name in dict.fromkeys(config.report.baselines) if name != config.name]
    evaluations = [_evaluation(config, name) for name in [*own, *others]]
    folders = {name: stage_folder(config.runs, name, "evaluate") for name in [*own, *others]}
    drafted = {name: read_drafted(evaluated) for name, evaluated in folders.items()}
    shown = {"evaluations": evaluations, "report": config.report, "seed": config.seed}
    mark = fingerprint({**shown, "drafts": digest(drafted)})
    if is_done(folder, mark):
        print(f"report: done already, {folder}")
        return
    mode = settled(config)
    from s1repro.report.picture import draw  # matplotlib is slow to import

    parts = [read_part(config.runs, name) for name in own]
    require_mergeable(parts)
    runs = [merged(parts, config.name), *(read_run(config.runs, name) for name in others)]
    points = points_of(runs, parts, config.seed)
    unfinished = sum(point.unfinished for point in points)
    title = config.report.title + (UNFINISHED if unfinished else "")
    _require_answers(config.name, points)
    write_curve(folder / "curve.csv", points)
    for picture in ("curve.png", "curve.svg"):
        draw(points, config.name, title, folder / picture)
    told = notes(runs)
    samples = {run.name: run.samples for run in runs}
    tables = markdown(runs, points, config.seed, parts, told) + section(drafted, samples)
    write_text(folder / "tables.md", tables)
    told += warnings(differences({run.name: run.finished for run in runs}, config.seed, votes=len(parts) < 2))
    # The runs that are one curve ask in the same words.
    wordings = {config.name: read_wording(folders[own[0]]), **{name: read_wording(folders[name]) for name in others}}
    archive = pack(samples, wordings)
    sections = [one for one in titled(tables) if one[0] != NOTES]  # the page has them at its top
    write_page(folder / "index.html", Page(config.name, title, points, sections, told, archive))
    with tracked(config, "report", folder, mode) as dashboard:
        dashboard.curve(points, folder / "curve.png", title)
        measured = [point.accuracy for point in points if point.run == config.name and not point.unfinished]
        if measured:
            dashboard.summary("performance", max(measured))
    finish(folder, mark, FILES, {"points": len(points), "unfinished": unfinished, "runs": [*own, *others]})
    print(terminal(points), *told, *compared(drafted, samples), sep="\n")
    print(f"report: {folder / 'curve.png'}")


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
            "method.max_tries"
        )
