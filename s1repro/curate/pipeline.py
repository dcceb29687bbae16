"""The stage `curate`: the pool becomes the set, one filter after the other (section 2 of the paper).

Reads `data.pool` and the benchmarks' questions; writes `runs/<name>/curate/`: `funnel.csv`, `s1k.jsonl`,
`dropped.jsonl`, the slow steps' journals `teacher.jsonl` and `solvers.jsonl`, and `manifest.json` last. Killed at any
moment and started again it ends with the same bytes. The presets `random`, `diverse`, `longest` and `full` go without
the difficulty filter, as in the paper's ablations. What can be wrong with the pool, the solvers and the size is found
out before a teacher or a solver is asked. `published` takes a set as it is and writes, instead of dropping them, which
rows share words with a benchmark: `contaminated.jsonl`.

    run(config)     # or: python -m s1repro.curate recipe=demo
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from s1repro.artifacts import MANIFEST, fingerprint, finish, is_done, stage_folder, write_jsonl, write_text
from s1repro.benchmarks import benchmark_fingerprint, listed
from s1repro.config import Config
from s1repro.curate import solvers, teacher, verdict
from s1repro.curate.chosen import chosen
from s1repro.curate.pool import load_pool, with_features
from s1repro.curate.result import Result
from s1repro.curate.sources import Source, find, source_mark
from s1repro.curate.whole import as_published
from s1repro.pretrained import model_mark
from s1repro.records import Row
from s1repro.settings.teacher import OpenaiTeacher
from s1repro.tracking import settled, tracked

SOLVED = ("paper", "code")
"""Presets that use the difficulty filter and take rows outright."""


def run(config: Config) -> None:
    """Curate, or say that it is done. Raises `ValueError` for a malformed pool or one that is too small."""
    folder = stage_folder(config.runs, config.name, "curate")
    source = find(config.data.pool, config.data.revision, "data.pool", "data.revision")
    features = None
    if config.data.features:
        revision = config.data.features_revision
        features = find(config.data.features, revision, "data.features", "data.features_revision")
    asked = solvers.line_up(config) if config.selection.preset in SOLVED else []
    mark = _mark(config, source, features, asked)
    if is_done(folder, mark):
        print(f"curate: done already, {folder}")
        return
    mode = settled(config)
    asks = isinstance(config.teacher, OpenaiTeacher)
    right = verdict.remembered(verdict.is_right)
    pool = load_pool(source, config.data.teacher, asking=asks)
    if features:
        pool = with_features(pool, features)
    if config.selection.preset == "published":
        result = as_published(config, pool)
    else:
        result = chosen(config, pool, folder, asked, right)
    tried = result.taught.tried if result.taught else pool
    shares = {"pool": verdict.share_right(tried, right), "set": verdict.share_right(result.chosen, right)}
    files = _write(folder, result) + (["solvers.jsonl"] if config.selection.preset in SOLVED else [])
    files += ["teacher.jsonl"] if asks else []
    with tracked(config, "curate", folder, mode) as dashboard:
        dashboard.funnel([(step.step, step.kept, step.dropped, step.reason) for step in result.funnel.steps])
    finish(folder, mark, files, {**result.facts, "teacher_right": shares})
    _tell(result, pool, shares, folder)


def _mark(config: Config, source: Source, features: Source | None, asked: Sequence[solvers.Solver]) -> str:
    """The fingerprint of all that shapes the set."""
    benchmarks = listed(config.data.benchmarks, config.data.files, folder=config.data.evals)
    asking = config.teacher
    return fingerprint(
        {
            "pool": source_mark(source),
            "features": source_mark(features) if features else "",
            "traces": config.data.teacher,
            "benchmarks": {benchmark.name: benchmark_fingerprint(benchmark) for benchmark in benchmarks},
            "model": model_mark(config.model.base, "model.base", config.model.revision),
            "teacher": teacher.shaping(asking) if isinstance(asking, OpenaiTeacher) else None,
            "selection": config.selection,
            "solvers": [solver.mark for solver in asked],
            "seed": config.seed,
            "engine": [config.engine.name, config.engine.precision, config.engine.max_model_len],
        }
    )


def _tell(result: Result, pool: Sequence[Row], shares: dict[str, float | None], folder: Path) -> None:
    """Print what became of the pool."""
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


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.1%}"


def _write(folder: Path, result: Result) -> list[str]:
    """Write the results; their names."""
    (folder / MANIFEST).unlink(missing_ok=True)  # of other settings: it must not vouch for a mix of both
    write_text(folder / "funnel.csv", result.funnel.csv())
    write_jsonl(folder / "s1k.jsonl", [row.to_json() for row in result.chosen])
    dropped = [
        {"id": drop.row.id, "step": step, "reason": drop.reason, **({"detail": drop.detail} if drop.detail else {})}
        for step, drop in result.funnel.dropped
    ]
    write_jsonl(folder / "dropped.jsonl", dropped)
    for name, lines in result.reports.items():
        write_jsonl(folder / name, lines)
    return ["funnel.csv", "s1k.jsonl", "dropped.jsonl", *result.reports]
