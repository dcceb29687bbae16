"""The pool as rows: read from its source, each under an id of its own, with the features known of its question.

The public code keeps traces (the 59K) and what was found out about the questions (qfq/train_featurized: domain, grades
of teacher and solvers) in two data sets and joins them by the question's text; so does `data.features`.

    rows = load_pool(find("data/demo/pool.jsonl.gz"))
    rows[0].trace, rows[0].line
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from s1repro.curate.published import SCHEMA, TRACES, is_wanted, read_grades, read_row
from s1repro.curate.sources import Source, read
from s1repro.records import Row


def load_pool(source: Source, teacher: str = "", asking: bool = False) -> list[Row]:
    """All rows of a source, in its order, with their lines and, where it has several teachers, the traces of `teacher`.
    With `asking`, for questions that a teacher is yet to be asked, rows need no trace and no attempt.

    Equal rows without an `id` get a counter behind it. Raises `ValueError` with file and line for no rows, a row in no
    published schema, an unknown grade, or a repeated id.
    """
    rows: list[Row] = []
    seen: dict[str, str] = {}
    copies: Counter[str] = Counter()
    for found in read(source, is_wanted):
        data = dict.fromkeys(TRACES) | found.data if asking else found.data
        row = read_row(data, found.where, found.line, teacher)
        if not found.data.get("id"):
            copies[row.id] += 1
            if copies[row.id] > 1:
                row = replace(row, id=f"{row.id}-{copies[row.id]}")
        if row.id in seen:
            raise ValueError(f"{found.where}: id {row.id!r} is taken by {seen[row.id]}; give each row its own id")
        seen[row.id] = f"line {row.line}"
        rows.append(row)
    if not rows:
        raise ValueError(f"{source.place}:1: no rows; a pool has rows with the fields {', '.join(SCHEMA)}")
    return rows


def with_features(rows: Sequence[Row], source: Source) -> list[Row]:
    """The rows with the domain and the grades that `source` has for their question; a row's own ones stay.

    A question that is not there keeps what it has. Raises `ValueError` for features without questions, or where none of
    the pool's questions is among them.
    """
    known: dict[str, tuple[str, dict[str, bool]]] = {}
    for found in read(source, is_wanted):
        if not isinstance(found.data.get("question"), str):
            raise ValueError(f"{found.where}: no question; features have one, and a domain or grades")
        known[found.data["question"]] = (_domain(found.data, found.where), read_grades(found.data, found.where))
    matched = sum(row.question in known for row in rows)
    if not matched:
        raise ValueError(
            f"{source.key}: {source.place} knows none of the pool's {len(rows):,} questions; choose others"
        )
    print(f"{source.key}: {matched:,} of {len(rows):,} questions found in {source.place}")
    return [_with(row, *known.get(row.question, ("", {}))) for row in rows]


def _with(row: Row, domain: str, grades: dict[str, bool]) -> Row:
    return replace(row, domain=row.domain or domain, grades={**grades, **row.grades})


def _domain(data: dict[str, Any], where: str) -> str:
    value = data.get("domain") or ""
    if not isinstance(value, str):
        raise ValueError(f"{where}: domain is {value!r}; make it a string")
    return value
