"""The demo's pool and benchmark: written once, seeded, and shipped in `data/demo/`.

The pool has the published s1K schema and the blemishes that curation is for: rows the teacher failed on, rows with
broken formatting, exact duplicates, and near-copies of benchmark questions. The benchmark holds other problems than
the pool: none is in both. Beside it there are 1,000 more of its kind, for differences that 250 questions do not decide.

    python -m s1repro.demo.pool    # writes data/demo/{pool.jsonl.gz,benchmark.jsonl,benchmark-1000.jsonl,manifest.json}
"""

from __future__ import annotations

import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s1repro.artifacts import write_bytes, write_jsonl, write_text
from s1repro.demo.problem import Family, Problem, draw
from s1repro.demo.teacher import GUESS_WRONG_SHARE, HASTY, SECOND_CHECK_SHARE, SLIP_SHARE, think
from s1repro.demo.worlds import FAMILIES

FOLDER = Path("data/demo")
SEED = 2501
SOUND_ROWS = 6000
"""Rows with nothing wrong but the teacher's own mistakes."""
BENCHMARK_PER_FAMILY = 25
MORE_PER_FAMILY = 100
BENCHMARK_LEAST_STEPS = 6
"""Steps of the benchmark's easiest question: it is a hard one, as AIME is; the pool holds problems of every length."""
BLEMISHED = {"teacher failure": 120, "bad formatting": 120, "duplicate": 120, "near-copy": 120}
"""Rows of each kind that curation must find."""

JsonRow = dict[str, Any]


def make_world(seed: int = SEED, seen: set[str] | None = None) -> tuple[list[JsonRow], list[JsonRow], JsonRow]:
    """(pool rows, benchmark rows, manifest), the same for the same seed. Its problems are added to `seen`."""
    rng = random.Random(seed)
    seen = set() if seen is None else seen
    benchmark = _questions("demo", BENCHMARK_PER_FAMILY, rng, seen)
    streams = {family.name: _fresh(family, rng, seen) for family in FAMILIES}
    rows, checks, wrong = [], Counter[int](), 0
    for i in range(SOUND_ROWS):
        family = FAMILIES[i % len(FAMILIES)]
        problem = next(streams[family.name])
        thought = think(problem, rng)
        checks[thought.checks] += 1
        wrong += thought.attempt != f"Final Answer: {problem.answer()}"
        rows.append(_row(problem.text, problem.answer(), thought.trace, thought.attempt, family))
    rows += _blemished(rows, benchmark, rng)
    rng.shuffle(rows)
    manifest = {
        "seed": seed,
        "rows": len(rows),
        "sound_rows": SOUND_ROWS,
        "blemished_rows": BLEMISHED,
        "benchmark_questions": len(benchmark),
        "benchmark_least_steps": BENCHMARK_LEAST_STEPS,
        "slip_share": SLIP_SHARE,
        "guess_wrong_share_in_hasty_families": GUESS_WRONG_SHARE,
        "hasty_families": list(HASTY),
        "second_check_share_of_checked": SECOND_CHECK_SHARE,
        "measured_teacher_right_share": round(1 - wrong / SOUND_ROWS, 4),
        "measured_rows_with_a_wait": SOUND_ROWS - checks[0],
    }
    return rows, benchmark, manifest


def more_questions(seed: int = SEED) -> list[JsonRow]:
    """1,000 benchmark questions of problems that are neither in the benchmark nor in the pool."""
    seen: set[str] = set()
    make_world(seed, seen)
    return _questions("more", MORE_PER_FAMILY, random.Random(seed + 1), seen)


def _questions(name: str, per_family: int, rng: random.Random, seen: set[str]) -> list[JsonRow]:
    return [
        {
            "id": f"{name}-{family.name}-{i}",
            "question": problem.text,
            "answer": problem.answer(),
            "domain": family.domain,
        }
        for family in FAMILIES
        for i, problem in zip(range(per_family), _fresh(family, rng, seen, BENCHMARK_LEAST_STEPS), strict=False)
    ]


def _fresh(family: Family, rng: random.Random, seen: set[str], least: int = 1) -> Iterator[Problem]:
    """Problems of `family` from `least` steps on, all lengths alike often, none seen before in any wording."""
    while True:
        problem = draw(family, rng.randint(least, family.max_steps), rng)
        body = f"{family.name} {problem.start} {problem.ops}"
        if body not in seen:
            seen.add(body)
            yield problem


def _row(question: str, solution: str, trace: str, attempt: str, family: Family) -> JsonRow:
    return {
        "question": question,
        "solution": solution,
        "thinking_trajectories": [trace],
        "attempt": attempt,
        "cot_type": "math",
        "source_type": f"demo/{family.name}",
        "metadata": json.dumps({"domain": family.domain, "kind": "exact"}),
    }


def _blemished(rows: list[JsonRow], benchmark: list[JsonRow], rng: random.Random) -> list[JsonRow]:
    """Spoilt copies of rows: failures, formatting, duplicates, and benchmark questions in other clothes."""
    spoilt = [_failed(dict(row), rng) for row in rng.sample(rows, BLEMISHED["teacher failure"])]
    spoilt += [_misformatted(dict(row), rng) for row in rng.sample(rows, BLEMISHED["bad formatting"])]
    spoilt += [dict(row) for row in rng.sample(rows, BLEMISHED["duplicate"])]
    for copied in rng.sample(benchmark, BLEMISHED["near-copy"]):
        row = dict(rng.choice(rows))
        row["question"] = f"Here is a problem that you may know. {copied['question']} Take your time."
        row["solution"] = copied["answer"]
        spoilt.append(row)
    return spoilt


def _failed(row: JsonRow, rng: random.Random) -> JsonRow:
    row[rng.choice(("attempt", "thinking_trajectories"))] = None
    return row


def _misformatted(row: JsonRow, rng: random.Random) -> JsonRow:
    mark = rng.choice(("[asy]draw((0,0)--(1,1));[/asy] ", "![Image](figure.png) ", "p12. ", "**3** "))
    row["question"] = mark + row["question"]
    return row


def main() -> None:
    """Write the world's files."""
    rows, benchmark, manifest = make_world()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:  # no time of day in the file
        stream.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_bytes(FOLDER / "pool.jsonl.gz", packed.getvalue())
    write_jsonl(FOLDER / "benchmark.jsonl", benchmark)
    write_jsonl(FOLDER / "benchmark-1000.jsonl", more_questions())
    write_text(FOLDER / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
