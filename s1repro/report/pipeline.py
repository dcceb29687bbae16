"""The stage `report`: the budgets become a curve.

Reads `runs/<name>/evaluate/` of this run, or of the runs that it consists of (`report.merge`), and of
`report.baselines`; writes `runs/<name>/report/`: `curve.csv`, `curve.png`, `curve.svg`, `tables.md`, `index.html`,
wandb's files, and `manifest.json`, last.

    run(config)     # or: python -m s1repro.report recipe=demo report.baselines=[base]
"""

from __future__ import annotations

from s1repro.artifacts import MANIFEST, file_sha256, fingerprint, finish, is_done, stage_folder, write_text
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES
from s1repro.report.curves import read_run, write_curve
from s1repro.report.differences import differences, warnings
from s1repro.report.drafts import compared, digest, read_drafted, section
from s1repro.report.merge import merged_samples, named, points_of, read_part, require_mergeable
from s1repro.report.page.archive import pack
from s1repro.report.page.document import Page, write_page
from s1repro.report.page.markup import titled
from s1repro.report.page.wording import read_wording
from s1repro.report.tables import markdown, terminal
from s1repro.tracking import settled, tracked

FILES = ("curve.csv", "curve.png", "curve.svg", "tables.md", "index.html")


def run(config: Config) -> None:
    """Write the report, or say that it is done. Raises `ValueError` for a run without a finished evaluation."""
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
    runs = {config.name: merged_samples(parts), **{name: read_run(config.runs, name) for name in others}}
    points = points_of(runs, parts, config.seed)
    write_curve(folder / "curve.csv", points)
    for picture in ("curve.png", "curve.svg"):
        draw(points, config.name, config.report.title, folder / picture)
    tables = markdown(runs, config.seed, parts) + section(drafted, runs)
    write_text(folder / "tables.md", tables)
    notes = warnings(differences(runs, config.seed))
    # The runs that are one curve ask in the same words.
    wordings = {config.name: read_wording(folders[own[0]]), **{name: read_wording(folders[name]) for name in others}}
    page = Page(config.name, config.report.title, points, titled(tables), notes, pack(runs, wordings))
    write_page(folder / "index.html", page)
    with tracked(config, "report", folder, mode) as dashboard:
        dashboard.curve(points, folder / "curve.png", config.report.title)
        dashboard.summary("performance", max(point.accuracy for point in points if point.run == config.name))
    finish(folder, mark, FILES, {"points": len(points), "runs": [*own, *others]})
    print(terminal(points), *notes, *compared(drafted, runs), sep="\n")
    print(f"report: {folder / 'curve.png'}")


def _evaluation(config: Config, name: str) -> list[str]:
    """What identifies a finished evaluation: its samples and its manifest."""
    folder = stage_folder(config.runs, name, "evaluate")
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"{folder}: no finished evaluation of run {name!r}; run the evaluate stage with name={name}")
    return [name, file_sha256(folder / MANIFEST), file_sha256(folder / SAMPLES)]
