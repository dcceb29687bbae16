"""`make paper`: run what is missing, then write the tables and figures.

Reads the run folders that `paper.runs` names; writes `runs/<name>/paper/`: `tables.md`, `tables.tex`, a CSV a table,
the figures as PNG and SVG, `steps.jsonl` (how long each stage took) and `manifest.json`, last.

    run(config)     # or: python -m s1repro.paper recipe=demo
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hydra.core.hydra_config import HydraConfig

from s1repro.artifacts import fingerprint, finish, stage_folder, write_text
from s1repro.config import Config
from s1repro.paper.accuracies import table1, table2, table4
from s1repro.paper.costs import compute_table, ends_table, runs_table
from s1repro.paper.driver import run_steps
from s1repro.paper.measured import Measured
from s1repro.paper.methods import table3
from s1repro.paper.parallel import parallel_table
from s1repro.paper.plan import steps
from s1repro.paper.speculation import speculation_table
from s1repro.paper.table import Table
from s1repro.paper.written import latex, markdown, table_csv
from s1repro.report.published import published


def run(config: Config) -> None:
    """Write all tables and figures.

    Raises `ValueError` where no run could be made or read, and, with all written, where one of them could not be made.
    """
    folder = stage_folder(config.runs, config.name, "paper")
    published("table1")  # that the paper's numbers are missing is told before the work
    failed: dict[str, str] = {}
    if config.paper.run:
        failed = run_steps(steps(config, _asked()), folder)
    runs = Measured.read(config, failed)
    if not runs.benchmarks():
        name, reason = next(((n, r) for n, r in failed.items()), (config.name, "nothing is measured yet"))
        raise ValueError(f"paper: no run has a finished evaluation; {name}: {reason}")
    from s1repro.paper.figures import draw_all  # matplotlib is slow to import

    tables = [table1(config, runs), table2(config, runs), table3(config, runs), table4(config, runs)]
    tables += [parallel_table(config, runs), speculation_table(config, runs)]
    tables += [compute_table(config, runs), ends_table(runs), runs_table(config, runs)]
    tables = [_noted(table, config.paper.notes.get(table.name, "")) for table in tables]
    files = {f"{table.name}.csv": table_csv(table) for table in tables}
    files |= {"tables.md": markdown(tables), "tables.tex": latex(tables)}
    for name, text in files.items():
        write_text(folder / name, text)
    pictures = draw_all(config, runs, folder)
    mark = fingerprint({"files": files})
    finish(folder, mark, [*files, *pictures], {"runs": sorted(runs.samples), "failed": failed})
    for name, reason in failed.items():
        print(f"paper: {name} could not be run; {reason}")
    print(f"paper: {folder / 'tables.md'}")
    if failed:
        raise ValueError(
            f"paper: all is written, but cells of {', '.join(failed)} are empty, for the reasons above; run the same "
            "command again to try these again"
        )


def _noted(table: Table, note: str) -> Table:
    """The table with what the recipe has to say of it."""
    return replace(table, note=f"{table.note} {note}".strip())


def _asked() -> Sequence[str]:
    """The overrides of the command line; none where this was not started by Hydra."""
    return HydraConfig.get().overrides.task if HydraConfig.initialized() else []
