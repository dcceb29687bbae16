"""A published set taken as it is: only rows that nobody can train on are dropped; what is worth knowing is reported.

as_published(config, pool).reports["contaminated.jsonl"]
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.benchmarks import bare_questions, listed
from s1repro.config import Config
from s1repro.curate import audit, decontamination
from s1repro.curate.funnel import Funnel
from s1repro.curate.result import Result, with_lengths
from s1repro.pretrained import load_tokenizer
from s1repro.records import Row


def as_published(config: Config, pool: Sequence[Row]) -> Result:
    """The whole pool but for rows that nobody can train on, and what is worth knowing of it."""
    benchmarks = listed(config.data.benchmarks, config.data.files, folder=config.data.evals)
    measured = {one.name: bare_questions(one) for one in benchmarks}
    funnel = Funnel(pool)
    rows = funnel.take("quality", audit.trainable(pool))
    if not rows:
        raise ValueError(f"data.pool: none of the {len(pool):,} rows of {config.data.pool} has a trace and an attempt")
    found = audit.overlaps(rows, measured, config.selection.ngram, config.selection.match)
    counts = {name: sum(overlap.benchmark == name for overlap in found) for name in measured}
    for name, count in counts.items():
        funnel.note("decontamination", f"{count} share words with {name} and stay")
    rows = with_lengths(
        rows, load_tokenizer(config.model.base, "model.base", config.model.trust_remote_code, config.model.revision)
    )
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
