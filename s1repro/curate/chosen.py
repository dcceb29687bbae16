"""A set chosen from a pool: quality, decontamination, the teacher, difficulty, selection (section 2 of the paper).

The paper asks its teacher for all 59,029 traces before it filters. Here a configured teacher is asked behind every
filter that only reads the question, so that no trace is paid for and thrown away: what it fails on falls behind them,
in the funnel too, as "teacher failure". The rows left are the same, but for one case: where the teacher fails on a
question, a copy of it that brings a trace is gone already. What can be wrong with the pool, the solvers and the size is
found out before a teacher or a solver is asked.

    chosen(config, pool, folder, line_up(config), is_right).funnel.table()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s1repro.artifacts import Journal, write_jsonl
from s1repro.benchmarks import bare_questions, listed
from s1repro.config import Config
from s1repro.curate import decontamination, difficulty, domains, quality, selection, solvers, teacher
from s1repro.curate.funnel import Dropped, Filtered, Funnel
from s1repro.curate.result import Result, with_lengths
from s1repro.pretrained import load_tokenizer
from s1repro.records import Row
from s1repro.settings.teacher import OpenaiTeacher

if TYPE_CHECKING:
    from s1repro.engines import Engine

CLASSED = ("paper", "code", "diverse")
"""Presets that draw by domain, so that each row needs one."""


def chosen(
    config: Config, pool: Sequence[Row], folder: Path, asked: Sequence[solvers.Solver], right: Callable[[Row], bool]
) -> Result:
    """The pool's set; the slow steps' journals are in `folder`. `asked` are the solvers, `right` judges the teacher."""
    settings, asking = config.selection, config.teacher
    funnel = Funnel(pool)
    rows, exempt = _clean(config, pool, funnel)
    rows, proofs = _tellable(config, rows, asked, funnel)
    if isinstance(asking, OpenaiTeacher) and asking.limit:
        rows = funnel.take("teacher", teacher.within_limit(rows, asking.limit, asking.seed))
    # What can be wrong is found out before the slow parts, and before they cost anything.
    selection.require_enough(rows, 1 if settings.preset == "full" else settings.size)
    tokenizer = load_tokenizer(config.model.base, "model.base", config.model.trust_remote_code, config.model.revision)
    if settings.preset in CLASSED:
        rows = domains.classify(rows)
    for solver in asked:
        solvers.require_able(solver, difficulty.to_ask(rows, solver, settings.use_grades), config.engine.max_model_len)
    taught = _ask(asking, rows, folder) if isinstance(asking, OpenaiTeacher) else None
    if taught:
        rows = funnel.take("quality", taught.rows)
        selection.require_enough(rows, 1 if settings.preset == "full" else settings.size)
    rows = with_lengths(rows, tokenizer)
    if asked:
        rows = funnel.take("difficulty", _hard_rows(config, rows, asked, folder))
    sources = (settings.outright_sources, settings.outright_long_sources)
    taken = selection.select(
        rows,
        settings.preset,
        settings.size,
        config.seed,
        outright_sources=sources[0],
        outright_long_sources=sources[1],
        outright_length=settings.outright_length,
        right=right,
    )
    ids = {row.id for row in taken}
    funnel.take("selection", Filtered(taken, [Dropped(row, "not drawn") for row in rows if row.id not in ids]))
    facts = {
        "rows": len(taken),
        "domains": len({row.domain for row in taken if row.domain}),
        "tokens": sum(row.length for row in taken),
        "outright": len(selection.outright(rows, *sources, settings.outright_length, right)) if asked else 0,
        "exempt_from_decontamination": exempt,
        "not_gradable": proofs,
        **({"teacher": taught.facts()} if taught else {}),
    }
    return Result(taken, funnel, facts, taught)


def _clean(config: Config, pool: Sequence[Row], funnel: Funnel) -> tuple[list[Row], int]:
    """The pool after quality and decontamination, and how many rows were exempt from the latter."""
    settings = config.selection
    benchmarks = listed(config.data.benchmarks, config.data.files, folder=config.data.evals)
    measured = {one.name: bare_questions(one) for one in benchmarks}
    exempt = settings.decontaminated_sources
    rows = funnel.take("quality", quality.teacher_failures(pool, asking=isinstance(config.teacher, OpenaiTeacher)))
    if config.data.features:
        rows = funnel.take("quality", quality.unfeatured(rows))
    rows = funnel.take("quality", quality.formatting(rows))
    rows = funnel.take("decontamination", decontamination.duplicates(rows))
    clean = decontamination.contaminated(rows, measured, settings.ngram, exempt, settings.match)
    rows = funnel.take("decontamination", clean)
    spared = sum(row.is_from(exempt) for row in rows)
    if exempt:
        funnel.note("decontamination", f"{spared} of selection.decontaminated_sources are exempt and stay")
    return rows, spared


def _tellable(
    config: Config, rows: list[Row], asked: Sequence[solvers.Solver], funnel: Funnel
) -> tuple[list[Row], int]:
    """The rows without those whose difficulty nobody can tell, unless these are to stay; and how many they are."""
    if not asked:
        return rows, 0
    split = difficulty.gradable(rows, asked, config.selection.use_grades)
    if config.selection.ungradable == "drop":
        rows = funnel.take("difficulty", split)
    elif split.dropped:
        funnel.note("difficulty", f"{len(split.dropped)} stay as hard: {difficulty.UNGRADABLE}")
    return rows, len(split.dropped)


def _ask(settings: OpenaiTeacher, rows: Sequence[Row], folder: Path) -> teacher.Taught:
    """The teacher's traces for the rows without one; its journal is put in order when all have answered."""
    with Journal(folder / "teacher.jsonl") as journal:
        taught = asyncio.run(teacher.answer(rows, settings, journal))
        entries = journal.read()
    write_jsonl(folder / "teacher.jsonl", teacher.in_order(entries))
    return taught


def _hard_rows(config: Config, rows: Sequence[Row], asked: Sequence[solvers.Solver], folder: Path) -> Filtered:
    """The difficulty filter on the configured engine; its journal is put in order when all have answered."""
    limit, use_grades = config.engine.max_concurrency, config.selection.use_grades
    with Journal(folder / "solvers.jsonl") as journal:
        filtered = asyncio.run(
            difficulty.hard_rows(rows, asked, lambda solver: _engine(config, solver), journal, limit, use_grades)
        )
        entries = journal.read()
    write_jsonl(folder / "solvers.jsonl", difficulty.in_order(entries))
    return filtered


def _engine(config: Config, solver: solvers.Solver) -> Engine:
    from s1repro.engines import load_engine

    return load_engine(config.engine, solver.model, solver.trust_remote_code, solver.revision)
