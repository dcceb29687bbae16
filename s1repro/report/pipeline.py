"""The stage `report`: the budgets become a curve.

Reads `runs/<name>/evaluate/` of this run and of `report.baselines`; writes `runs/<name>/report/`: `curve.csv`,
`curve.png`, `curve.svg`, `tables.md`, `index.html`, wandb's files, and `manifest.json`, last.

    run(config)     # or: python -m s1repro.report recipe=demo report.baselines=[base]
"""

from __future__ import annotations

from s1repro.artifacts import MANIFEST, file_sha256, fingerprint, finish, is_done, stage_folder, write_text
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES
from s1repro.report.curves import read_run, to_points, write_curve
from s1repro.report.differences import differences, warnings
from s1repro.report.drafts import digest, read_acceptance, section
from s1repro.report.page.archive import pack
from s1repro.report.page.document import Page, write_page
from s1repro.report.page.markup import titled
from s1repro.report.page.wording import read_wording
from s1repro.report.tables import markdown, terminal
from s1repro.wandb_mode import settled_mode

FILES = ("curve.csv", "curve.png", "curve.svg", "tables.md", "index.html")


def run(config: Config) -> None:
    """Write the report, or say that it is done. Raises `ValueError` for a run without a finished evaluation."""
    folder = stage_folder(config.runs, config.name, "report")
    names = list(dict.fromkeys([config.name, *config.report.baselines]))
    evaluations = [_evaluation(config, name) for name in names]
    acceptances = {name: read_acceptance(stage_folder(config.runs, name, "evaluate")) for name in names}
    shown = {"evaluations": evaluations, "report": config.report, "seed": config.seed}
    mark = fingerprint({**shown, "drafts": digest(acceptances)})
    if is_done(folder, mark):
        print(f"report: done already, {folder}")
        return
    mode = settled_mode() if config.report.wandb else "disabled"
    from s1repro.report.picture import draw  # matplotlib is slow to import

    runs = {name: read_run(config.runs, name) for name in names}
    points = [point for name, samples in runs.items() for point in to_points(samples, name)]
    write_curve(folder / "curve.csv", points)
    for picture in ("curve.png", "curve.svg"):
        draw(points, config.name, config.report.title, folder / picture)
    tables = markdown(runs, config.seed) + section(acceptances)
    write_text(folder / "tables.md", tables)
    wordings = {name: read_wording(stage_folder(config.runs, name, "evaluate")) for name in names}
    notes = warnings(differences(runs, config.seed))
    page = Page(config.name, config.report.title, points, titled(tables), notes, pack(runs, wordings))
    write_page(folder / "index.html", page)
    if config.report.wandb:
        from s1repro.report.dashboard import log_curve

        log_curve(config, points, folder, mode)
    finish(folder, mark, FILES, {"points": len(points), "runs": names})
    print(terminal(points), *notes, sep="\n")
    print(f"report: {folder / 'curve.png'}")


def _evaluation(config: Config, name: str) -> list[str]:
    """What identifies a finished evaluation: its samples and its manifest."""
    folder = stage_folder(config.runs, name, "evaluate")
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"{folder}: no finished evaluation of run {name!r}; run the evaluate stage with name={name}")
    return [name, file_sha256(folder / MANIFEST), file_sha256(folder / SAMPLES)]
