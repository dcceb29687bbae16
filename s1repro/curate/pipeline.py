"""The stage `curate`: the pool becomes the set, one filter after the other (section 2 of the paper).

Reads `data.pool` and the benchmarks' questions; writes `runs/<name>/curate/`: `funnel.csv`, `s1k.jsonl`,
`dropped.jsonl`, the slow steps' journals `teacher.jsonl` and `solvers.jsonl`, and `manifest.json` last. Killed at any
moment and started again it ends with the same bytes. The presets `random`, `diverse`, `longest` and `full` go without
the difficulty filter, as in the paper's ablations. What can be wrong with the pool, the solvers and the size is found
out before a teacher or a solver is asked. `published` takes a set as it is and writes, instead of dropping them, which
rows share words with a benchmark: `contaminated.jsonl`.

The paper asks its teacher for all 59,029 traces before it filters. Here a configured teacher is asked behind every
filter that only reads the question, so that no trace is paid for and thrown away: what it fails on falls behind them,
in the funnel too, as "teacher failure". The rows left are the same, but for one case: where the teacher fails on a
question, a copy of it that brings a trace is gone already.

    run(config)     # or: python -m s1repro.curate recipe=demo
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1repro.artifacts import (
    MANIFEST,
    Journal,
    fingerprint,
    finish,
    is_done,
    stage_folder,
    write_jsonl,
    write_text,
)
from s1repro.benchmarks import bare_questions, benchmark_fingerprint, listed
from s1repro.config import Config
from s1repro.curate import audit, decontamination, difficulty, domains, quality, selection, solvers, teacher, verdict
from s1repro.curate.funnel import Dropped, Filtered, Funnel
from s1repro.curate.pool import load_pool, with_features
from s1repro.curate.sources import find, source_mark
from s1repro.pretrained import load_tokenizer, model_mark
from s1repro.progress import Progress
from s1repro.records import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from s1repro.engines import Engine

SOLVED = ("paper", "code")
"""Presets that use the difficulty filter and take rows outright."""
CLASSED = ("paper", "code", "diverse")
"""Presets that draw by domain, so that each row needs one."""
BATCH = 256
"""Traces handed to the tokenizer at once."""


@dataclass(frozen=True)
class Result:
    """What the funnel made: the set in the order it was taken, its account, and what a teacher that was asked gave."""

    chosen: list[Row]
    funnel: Funnel
    facts: dict[str, Any]
    taught: teacher.Taught | None = None
    reports: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What else there is to write: the lines of each file by its name."""


def run(config: Config) -> None:
    """Curate, or say that it is done. Raises `ValueError` for a malformed pool or one that is too small."""
    folder = stage_folder(config.runs, config.name, "curate")
    benchmarks = listed(config.data.benchmarks, config.data.files)
    model = model_mark(config.model.base, "model.base")
    source = find(config.data.pool, config.data.revision, "data.pool", "data.revision")
    features = None
    if config.data.features:
        revision = config.data.features_revision
        features = find(config.data.features, revision, "data.features", "data.features_revision")
    asked = solvers.line_up(config) if config.selection.preset in SOLVED else []
    mark = fingerprint(
        {
            "pool": source_mark(source),
            "features": source_mark(features) if features else "",
            "traces": config.data.teacher,
            "benchmarks": {benchmark.name: benchmark_fingerprint(benchmark) for benchmark in benchmarks},
            "model": model,
            "teacher": teacher.shaping(config.teacher) if config.teacher.base_url else None,
            "selection": config.selection,
            "solvers": [solver.mark for solver in asked],
            "seed": config.seed,
            "engine": [config.engine.name, config.engine.dtype, config.engine.max_model_len],
        }
    )
    if is_done(folder, mark):
        print(f"curate: done already, {folder}")
        return
    right = remembered(verdict.is_right)
    pool = load_pool(source, config.data.teacher, asking=bool(config.teacher.base_url))
    if features:
        pool = with_features(pool, features)
    if config.selection.preset == "published":
        result = _as_published(config, pool)
    else:
        result = _curate(config, pool, folder, asked, right)
    tried = result.taught.tried if result.taught else pool
    shares = {"pool": _share(tried, right), "set": _share(result.chosen, right)}
    files = _write(folder, result) + (["solvers.jsonl"] if config.selection.preset in SOLVED else [])
    files += ["teacher.jsonl"] if config.teacher.base_url else []
    finish(folder, mark, files, {**result.facts, "teacher_right": shares})
    print(result.funnel.table())
    if result.taught:
        print(result.taught)
    whole = "what it was tried on" if result.taught else "the pool"
    graded = sum("teacher" in row.grades for row in pool)
    judge = f", as {graded:,} rows say" if graded else ""
    print(f"teacher right: {_percent(shares['pool'])} of {whole}, {_percent(shares['set'])} of the set{judge}")
    print(
        f"curate: {len(result.chosen)} questions, {result.facts['domains']} domains, "
        f"{result.facts['tokens']:,} tokens of traces, {folder}"
    )


def _curate(
    config: Config, pool: Sequence[Row], folder: Path, asked: Sequence[solvers.Solver], right: Callable[[Row], bool]
) -> Result:
    """All steps, in the paper's order but for the teacher's place."""
    settings = config.selection
    funnel = Funnel(pool)
    rows, exempt = _clean(config, pool, funnel)
    rows, proofs = _tellable(config, rows, asked, funnel)
    if config.teacher.limit:
        rows = funnel.take("teacher", teacher.within_limit(rows, config.teacher.limit, config.teacher.seed))
    # What can be wrong is found out before the slow parts, and before they cost anything.
    selection.require_enough(rows, 1 if settings.preset == "full" else settings.size)
    tokenizer = load_tokenizer(config.model.base, "model.base", config.model.trust_remote_code)
    if settings.preset in CLASSED:
        rows = domains.classify(rows)
    for solver in asked:
        solvers.require_able(solver, difficulty.to_ask(rows, solver, settings.use_grades), config.engine.max_model_len)
    taught = _ask(config, rows, folder) if config.teacher.base_url else None
    if taught:
        rows = funnel.take("quality", taught.rows)
        selection.require_enough(rows, 1 if settings.preset == "full" else settings.size)
    rows = with_lengths(rows, tokenizer)
    if asked:
        rows = funnel.take("difficulty", _hard_rows(config, rows, asked, folder))
    sources = (settings.outright_sources, settings.outright_long_sources)
    chosen = selection.select(
        rows,
        settings.preset,
        settings.size,
        config.seed,
        outright_sources=sources[0],
        outright_long_sources=sources[1],
        outright_length=settings.outright_length,
        right=right,
    )
    ids = {row.id for row in chosen}
    funnel.take("selection", Filtered(chosen, [Dropped(row, "not drawn") for row in rows if row.id not in ids]))
    facts = {
        "rows": len(chosen),
        "domains": len({row.domain for row in chosen}),
        "tokens": sum(row.length for row in chosen),
        "outright": len(selection.outright(rows, *sources, settings.outright_length, right)) if asked else 0,
        "exempt_from_decontamination": exempt,
        "not_gradable": proofs,
        **({"teacher": taught.facts()} if taught else {}),
    }
    return Result(chosen, funnel, facts, taught)


def _ask(config: Config, rows: Sequence[Row], folder: Path) -> teacher.Taught:
    """The teacher's traces for the rows without one; its journal is put in order when all have answered."""
    with Journal(folder / "teacher.jsonl") as journal:
        taught = asyncio.run(teacher.answer(rows, config.teacher, journal))
        entries = journal.read()
    write_jsonl(folder / "teacher.jsonl", teacher.in_order(entries))
    return taught


def _as_published(config: Config, pool: Sequence[Row]) -> Result:
    """The whole pool but for rows that nobody can train on, and what is worth knowing of it."""
    measured = {one.name: bare_questions(one) for one in listed(config.data.benchmarks, config.data.files)}
    funnel = Funnel(pool)
    rows = funnel.take("quality", audit.trainable(pool))
    if not rows:
        raise ValueError(f"data.pool: none of the {len(pool):,} rows of {config.data.pool} has a trace and an attempt")
    found = audit.overlaps(rows, measured, config.selection.ngram)
    counts = {name: sum(overlap.benchmark == name for overlap in found) for name in measured}
    for name, count in counts.items():
        funnel.note("decontamination", f"{count} share words with {name} and stay")
    rows = with_lengths(rows, load_tokenizer(config.model.base, "model.base", config.model.trust_remote_code))
    long = sum(row.length > config.sft.max_length for row in rows)
    if long:
        print(f"{long} traces are longer than sft.max_length={config.sft.max_length}, which train refuses: raise it")
    facts = {
        "rows": len(rows),
        "domains": len({row.domain for row in rows if row.domain}),
        "tokens": sum(row.length for row in rows),
        "longest": max(row.length for row in rows),
        "duplicates": len(decontamination.duplicates(rows).dropped),
        "contaminated": counts,
    }
    return Result(rows, funnel, facts, reports={"contaminated.jsonl": [overlap.to_json() for overlap in found]})


def _clean(config: Config, pool: Sequence[Row], funnel: Funnel) -> tuple[list[Row], int]:
    """The pool after quality and decontamination, and how many rows were exempt from the latter."""
    settings = config.selection
    measured = [text for one in listed(config.data.benchmarks, config.data.files) for text in bare_questions(one)]
    exempt = settings.decontaminated_sources
    rows = funnel.take("quality", quality.teacher_failures(pool, asking=bool(config.teacher.base_url)))
    if config.data.features:
        rows = funnel.take("quality", quality.unfeatured(rows))
    rows = funnel.take("quality", quality.formatting(rows))
    rows = funnel.take("decontamination", decontamination.duplicates(rows))
    rows = funnel.take("decontamination", decontamination.contaminated(rows, measured, settings.ngram, exempt))
    spared = sum(row.is_from(exempt) for row in rows)
    if exempt:
        funnel.note("decontamination", f"{spared} of selection.decontaminated_sources are exempt and stay")
    return rows, spared


def with_lengths(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """The rows with their traces' lengths in tokens, without special tokens at the ends."""
    counted: list[Row] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        ids = tokenizer([row.trace for row in batch], add_special_tokens=False, verbose=False)["input_ids"]
        counted += [replace(row, length=len(part)) for row, part in zip(batch, ids, strict=True)]
    return counted


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

    return load_engine(config.engine, solver.model, solver.trust_remote_code)


def remembered(right: Callable[[Row], bool]) -> Callable[[Row], bool]:
    """`right`, asked once for each row's id: a row's length and domain change on its way, its attempt does not."""
    verdicts: dict[str, bool] = {}

    def ask(row: Row) -> bool:
        if row.id not in verdicts:
            verdicts[row.id] = right(row)
        return verdicts[row.id]

    return ask


def _share(rows: Sequence[Row], right: Callable[[Row], bool]) -> float | None:
    """The share of rows whose teacher answered right, among those that can be graded or were; None where none can.

    Rows without an attempt or a reference count as wrong.
    """
    verdicts = []
    with Progress(len(rows), "teacher's answers") as progress:
        for row in rows:
            if not row.solution or not row.attempt:
                verdicts.append(False)
            elif "teacher" in row.grades or verdict.is_gradable(row):
                verdicts.append(right(row))
            progress.step()
    return sum(verdicts) / len(verdicts) if verdicts else None


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.1%}"


def _write(folder: Path, result: Result) -> list[str]:
    """Write the results; their names."""
    (folder / MANIFEST).unlink(missing_ok=True)  # of other settings: it must not vouch for a mix of both
    write_text(folder / "funnel.csv", result.funnel.csv())
    write_jsonl(folder / "s1k.jsonl", [row.to_json() for row in result.chosen])
    dropped = [{"id": drop.row.id, "step": step, "reason": drop.reason} for step, drop in result.funnel.dropped]
    write_jsonl(folder / "dropped.jsonl", dropped)
    for name, lines in result.reports.items():
        write_jsonl(folder / name, lines)
    return ["funnel.csv", "s1k.jsonl", "dropped.jsonl", *result.reports]
