"""The pool: JSONL rows in the published s1K schema, checked line by line.

A row that is not in the schema is the user's mistake and stops the stage, with file and line. A row whose teacher
failed (null question, solution, trace or attempt) is in the schema; it is read as empty text and goes in the quality
filter. Fetching questions from their 16 sources, and asking a teacher for traces, are not covered.

    rows = load_pool("data/demo/pool.jsonl.gz")
    rows[0].trace, rows[0].line
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from s1repro.artifacts import fingerprint, read_jsonl
from s1repro.records import Row

SCHEMA = ("question", "solution", "thinking_trajectories", "attempt", "cot_type", "source_type", "metadata")
"""The published schema (paper, section 2.1)."""


def load_pool(path: str | Path) -> list[Row]:
    """All rows of a JSONL file (`.gz` is read too), in its order, with their lines.

    Rows without an `id` get the hash of their content, equal rows a counter behind it. The domain is the row's
    `domain`, or else the `domain` or `subject` in metadata that is a JSON object. Raises `ValueError` with file and
    line for a missing or empty file, a line that is not a JSON object, a missing field, a wrong type, a repeated id.
    """
    rows: list[Row] = []
    lines: dict[str, int] = {}
    copies: Counter[str] = Counter()
    for line, data in read_jsonl(path):
        row = _row(data, f"{path}:{line}", line)
        if not data.get("id"):
            copies[row.id] += 1
            if copies[row.id] > 1:
                row = replace(row, id=f"{row.id}-{copies[row.id]}")
        if row.id in lines:
            raise ValueError(f"{path}:{line}: id {row.id!r} is taken by line {lines[row.id]}; give each row its own id")
        lines[row.id] = line
        rows.append(row)
    if not rows:
        raise ValueError(f"{path}:1: no rows; a pool has one JSON object a line with the fields {', '.join(SCHEMA)}")
    return rows


def facts(row: Row) -> dict[str, Any]:
    """The row's metadata where it is a JSON object, else nothing."""
    try:
        data = json.loads(row.metadata)
    except ValueError:  # published rows hold free text here
        return {}
    return data if isinstance(data, dict) else {}


def _row(data: dict[str, Any], where: str, line: int) -> Row:
    missing = [name for name in SCHEMA if name not in data]
    if missing:
        raise ValueError(f"{where}: no field {missing[0]!r}; a row has the fields {', '.join(SCHEMA)}")
    given = _text(data, "id", where) if "id" in data else ""
    row = Row(
        id=given or fingerprint({name: data[name] for name in SCHEMA}),
        question=_text(data, "question", where, nullable=True),
        solution=_text(data, "solution", where, nullable=True),
        thinking_trajectories=_traces(data, where),
        attempt=_text(data, "attempt", where, nullable=True),
        cot_type=_text(data, "cot_type", where),
        source_type=_text(data, "source_type", where),
        metadata=_text(data, "metadata", where),
        line=line,
    )
    return replace(row, domain=_domain(data, row, where))


def _text(data: dict[str, Any], name: str, where: str, nullable: bool = False) -> str:
    value = data[name]
    if value is None and nullable:
        return ""
    if not isinstance(value, str):
        allowed = "a string or null" if nullable else "a string"
        raise ValueError(f"{where}: {name} is {_kind(value)}; make it {allowed}")
    return value


def _traces(data: dict[str, Any], where: str) -> tuple[str, ...]:
    """The trajectories; a teacher without any gives one empty trace."""
    value = data["thinking_trajectories"]
    if value is None:
        return ("",)
    if not isinstance(value, list):
        raise ValueError(f"{where}: thinking_trajectories is {_kind(value)}; make it a list of strings")
    for item in value:
        if item is not None and not isinstance(item, str):
            raise ValueError(f"{where}: thinking_trajectories holds {_kind(item)}; make it a list of strings")
    return tuple(item or "" for item in value) or ("",)


def _domain(data: dict[str, Any], row: Row, where: str) -> str:
    if data.get("domain"):
        return _text(data, "domain", where)
    found = facts(row)
    label = found.get("domain") or found.get("subject") or ""
    return label if isinstance(label, str) else str(label)


def _kind(value: object) -> str:
    names = {"NoneType": "null", "str": "a string", "bool": "a boolean", "int": "a number", "float": "a number"}
    names |= {"list": "a list", "dict": "an object"}
    return names[type(value).__name__]
