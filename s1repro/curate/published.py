"""Rows as they were published: each schema's columns become a `Row`.

Known are those of s1K, s1K_tokenized, the ablations and the 59K (`thinking_trajectories` and `attempt`), and of s1K-1.1
(`<teacher>_thinking_trajectory` and `<teacher>_attempt` for several teachers). Grades that rows bring along, in the
columns of s1K-1.1 or of qfq/train_featurized, stay with the row. Other columns, such as `text` and `cot`, are left.

A row that is in no schema is the user's mistake and stops the stage, with file and line. A row whose teacher failed
(null question, solution, trace or attempt) is in the schema; it is read as empty text and goes in the quality filter.

    row = read_row({"question": "2+2?", ..., "deepseek_grade": "Yes"}, "pool.jsonl:1", 1, teacher="deepseek")
    row.grades                                      # {"teacher": True}
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

from s1repro.artifacts import fingerprint
from s1repro.records import Row

SCHEMA = ("question", "solution", "thinking_trajectories", "attempt", "cot_type", "source_type", "metadata")
"""The columns of s1K (paper, section 2.1)."""
TRACES = ("thinking_trajectories", "attempt")
"""Those of them that a teacher gave."""
METADATA_LIMIT = 1 << 16
"""Longest metadata kept, in characters. The test cases of a programming problem are megabytes, most of the 59K's size,
and nothing uses them."""
SOLVERS = {"isqwen7bcorrect": "solver1", "isqwen32bcorrect": "solver2"}
"""Columns with the grades of the difficulty filter's solvers, 7B and 32B (section 2.2)."""
_OF_TEACHER = re.compile(r"(\w+)_(?:thinking_trajectory|attempt|grade)")


def is_wanted(column: str) -> bool:
    """Whether a column is read at all."""
    known = {*SCHEMA, *SOLVERS, "isgeminicorrect", "id", "domain", "grades"}
    return column in known or _OF_TEACHER.fullmatch(column) is not None


def read_row(data: Mapping[str, Any], where: str, line: int, teacher: str = "") -> Row:
    """The row, with `teacher`'s trace and attempt, or the only ones where that is empty.

    Without an `id` it gets the hash of its content. The domain is the row's `domain`, or else the `domain` or `subject`
    in metadata that is a JSON object. Raises `ValueError` beginning with `where` for a missing column, a wrong type, or
    an unknown grade.
    """
    trace, attempt = (f"{teacher}_thinking_trajectory", f"{teacher}_attempt") if teacher else TRACES
    columns = {name: name for name in SCHEMA} | {"thinking_trajectories": trace, "attempt": attempt}
    _require_columns(data, list(columns.values()), teacher, where)
    given = _text(data, "id", where, nullable=True) if "id" in data else ""
    return Row(
        id=given or fingerprint({name: data[column] for name, column in columns.items()}),
        question=_text(data, "question", where, nullable=True),
        solution=_text(data, "solution", where, nullable=True),
        thinking_trajectories=_traces(data, trace, where),
        attempt=_text(data, attempt, where, nullable=True),
        cot_type=_text(data, "cot_type", where),
        source_type=_text(data, "source_type", where),
        metadata=_kept(_text(data, "metadata", where)),
        domain=_domain(data, where),
        grades=read_grades(data, where, teacher),
        line=line,
    )


def read_grades(data: Mapping[str, Any], where: str, teacher: str = "") -> dict[str, bool]:
    """Who was right, by `teacher`, `solver1` and `solver2`; who was not graded is not there.

    Grades are "Yes" or "No", as in s1K-1.1, or true or false, as the public code writes them in qfq/train_featurized.
    Raises `ValueError` for others.
    """
    own = data.get("grades") or {}  # a row that `curate` wrote
    if not isinstance(own, dict):
        raise ValueError(f"{where}: grades is {_kind(own)}; make it an object")
    named = {f"grades.{name}": (name, value) for name, value in own.items()}
    columns = SOLVERS | ({"isgeminicorrect": "teacher"} if teacher in ("", "gemini") else {})
    columns |= {f"{teacher}_grade": "teacher"} if teacher else {}
    named |= {column: (name, data.get(column)) for column, name in columns.items()}
    return {name: _grade(value, f"{where}: {column}") for column, (name, value) in named.items() if value is not None}


def facts(row: Row) -> dict[str, Any]:
    """The row's metadata where it is an object, in JSON or written with Python's repr (published rows), else nothing.

    Nothing is evaluated but literals.
    """
    try:
        data = json.loads(row.metadata)
    except (ValueError, RecursionError):
        data = _literal(row.metadata)
    return data if isinstance(data, dict) else {}


def _literal(text: str) -> object:
    try:
        with warnings.catch_warnings(action="ignore"):  # about backslashes in free text
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # all that free text can cause
        return None


def _require_columns(data: Mapping[str, Any], columns: list[str], teacher: str, where: str) -> None:
    missing = [name for name in columns if name not in data]
    if not missing:
        return
    teachers = sorted({match[1] for name in data if (match := _OF_TEACHER.fullmatch(name))})
    if teachers and not teacher and set(missing) <= set(TRACES):
        choices = " or ".join(f"data.teacher={name}" for name in teachers)
        raise ValueError(f"{where}: has traces of {len(teachers)} teachers; choose {choices}")
    hint = f"a row has the fields {', '.join(columns)}"
    if set(missing) <= set(TRACES):
        hint += "; teacher=openai asks for a trace and an attempt"
    if set(missing) <= set(TRACES) and (SOLVERS.keys() & data.keys() or "isgeminicorrect" in data):
        hint = "these are grades without traces: give them as data.features, beside a data.pool with traces"
    elif teacher and all(name.startswith(teacher) for name in missing):
        known = f"one of {', '.join(teachers)}, or " if teachers else ""
        hint = f"set data.teacher to {known}nothing where rows have thinking_trajectories"
    raise ValueError(f"{where}: no field {', '.join(map(repr, missing))}; {hint}")


def _text(data: Mapping[str, Any], name: str, where: str, nullable: bool = False) -> str:
    value = data[name]
    if value is None and nullable:
        return ""
    if not isinstance(value, str):
        allowed = "a string or null" if nullable else "a string"
        raise ValueError(f"{where}: {name} is {_kind(value)}; make it {allowed}")
    return value


def _traces(data: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """The trajectories; a teacher without any gives one empty trace."""
    value = data[name]
    if name != "thinking_trajectories":
        return (_text(data, name, where, nullable=True),)
    if value is None:
        return ("",)
    if not isinstance(value, list):
        raise ValueError(f"{where}: {name} is {_kind(value)}; make it a list of strings")
    for item in value:
        if item is not None and not isinstance(item, str):
            raise ValueError(f"{where}: {name} holds {_kind(item)}; make it a list of strings")
    return tuple(item or "" for item in value) or ("",)


def _domain(data: Mapping[str, Any], where: str) -> str:
    """Metadata written with repr is what the question's first source said: its subjects are not the paper's classes."""
    if data.get("domain"):
        return _text(data, "domain", where)
    try:
        found = json.loads(data["metadata"])
    except (ValueError, RecursionError):  # free text
        return ""
    label = (found.get("domain") or found.get("subject") or "") if isinstance(found, dict) else ""
    return label if isinstance(label, str) else str(label)


def _kept(metadata: str) -> str:
    """The metadata, or how much of it was left out."""
    return metadata if len(metadata) <= METADATA_LIMIT else json.dumps({"characters_left_out": len(metadata)})


def _grade(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("Yes", "No"):
        return value == "Yes"
    raise ValueError(f'{where} is {value!r}; a grade is "Yes", "No", true, false or null')


def _kind(value: object) -> str:
    names = {"NoneType": "null", "str": "a string", "bool": "a boolean", "int": "a number", "float": "a number"}
    names |= {"list": "a list", "dict": "an object"}
    return names.get(type(value).__name__, type(value).__name__)
