"""Files of questions as rows, each value as it is written.

The usual readers guess a column's type and write its values anew: 025 becomes 25, 25 becomes 25.0 where another row has
2.5, twenty digits are rounded, and a text such as None or NA is gone. A reference is compared with an answer, so its
spelling counts. Here a column holds numbers only where all its values are numbers of one kind, whole or not, that read
the same when they are printed; in any other they are the texts that the file has, and true is "true".

Parquet and Arrow have types and no spelling; they are not read here, nor are files that are not on this machine.

    columns([Path("own.csv")], "csv")       # {"id": ["q1", "q2"], "answer": ["025", "7"]}
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s1repro.artifacts import read_jsonl
from s1repro.strict import parse

REPAIR = "repair it"
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class _Number(str):
    """A number, by its spelling."""


OPTIONS = {"json": {"field": "field"}, "csv": {"delimiter": "delimiter", "sep": "delimiter"}}
"""Kinds of files, and what `dataset_kwargs` may say of them, by what `columns` calls it."""


def splits(kind: str, kwargs: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """The columns of each split, as an lm-eval task's `dataset_path` and `dataset_kwargs` name its files.

    Raises `ValueError` for a setting that is not known, a file that is not named, and as `columns` does.
    """
    unknown = [name for name in kwargs if name not in ("data_files", *OPTIONS[kind])]
    if unknown:
        known = ", ".join(("data_files", *OPTIONS[kind]))
        raise ValueError(f"dataset_kwargs.{unknown[0]} is not known of {kind} files; what is known: {known}")
    options = {OPTIONS[kind][name]: str(value) for name, value in kwargs.items() if name != "data_files"}
    files = kwargs.get("data_files")
    named = files if isinstance(files, dict) else {"train": files}
    return {split: columns(_paths(some), kind, **options) for split, some in named.items()}


def _paths(files: object) -> list[Path]:
    named = files if isinstance(files, list) else [files]
    for file in named:
        if not isinstance(file, str) or "://" in file or "*" in file:
            raise ValueError(f"dataset_kwargs.data_files has {file!r}; name each file of this machine")
    return [Path(str(file)) for file in named]


def columns(paths: Sequence[Path], kind: str, **options: str) -> dict[str, list[Any]]:
    """The columns of the files together, in the order of their first rows; a row without one has None there.

    `kind` is "json" (an array of objects, or an object a line) or "csv" (the first line names the columns). `options`
    are `field`, the member of a JSON object that holds the array, and `delimiter` of CSV. Raises `ValueError`, with
    file and line, for what is neither, and where there are no rows.
    """
    read = _csv_rows if kind == "csv" else _json_rows
    rows = [row for path in paths for row in read(path, **options)]
    if not rows:
        raise ValueError(f"{paths[0]}: no questions in it")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _settled([row.get(name) for row in rows]) for name in names}


def _json_rows(path: Path, field: str = "") -> Iterator[dict[str, Any]]:
    text = _text(path)
    if not field and not text.lstrip().startswith("["):
        yield from (row for _, row in read_jsonl(path, number=_Number))
        return
    array = parse(text, str(path), REPAIR, number=_Number)
    if field:
        array = array.get(field) if isinstance(array, dict) else None
    if not isinstance(array, list):
        raise ValueError(f"{path}: {f'its {field!r}' if field else 'it'} is no array of objects; {REPAIR}")
    for number, row in enumerate(array, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"{path}, row {number}: not a JSON object; {REPAIR}")
        yield row


def _csv_rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, Any]]:
    csv.field_size_limit(1 << 30)  # a question may be long
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            where = f"{path}:{reader.line_num}"
            if not names:
                names = cells
                twice = [name for name in names if names.count(name) > 1]
                if twice:
                    raise ValueError(f"{where}: the column {twice[0]!r} is there twice; rename one")
            elif cells and len(cells) != len(names):
                raise ValueError(f"{where}: {len(cells)} values for {len(names)} columns; quote those with a comma")
            elif cells:
                values = [_Number(cell) if _JSON_NUMBER.fullmatch(cell) else cell for cell in cells]
                yield dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise ValueError(f"{path}:{reader.line_num}: not CSV ({error}); {REPAIR}") from error


def _text(path: Path) -> str:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: not whole gzip data ({error}); fetch or make it again") from error


def _settled(values: list[Any]) -> list[Any]:
    """The values of a column, its numbers as numbers or as texts."""
    leaves = [leaf for value in values for leaf in _leaves(value)]
    kinds = {type(leaf) for leaf in leaves}
    if kinds == {_Number} and all(map(_is_plain_int, leaves)):
        return [_mapped(value, int) for value in values]
    if kinds == {_Number} and all(map(_is_plain_float, leaves)):
        return [_mapped(value, float) for value in values]
    if len(kinds) > 1 or _Number in kinds:
        return [_mapped(value, _as_text) for value in values]
    return values


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None:
        yield value


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return None if value is None else change(value)


def _as_text(leaf: Any) -> str:
    return json.dumps(leaf) if isinstance(leaf, bool) else str.__str__(leaf)


def _is_plain_int(spelling: str) -> bool:
    """Whether it fits 64 bits and prints as it is written."""
    return len(spelling) <= 20 and spelling.lstrip("-").isdigit() and _prints(int(spelling), spelling)


def _prints(value: int, spelling: str) -> bool:
    return -(2**63) <= value < 2**63 and str(value) == spelling


def _is_plain_float(spelling: str) -> bool:
    value = float(spelling)
    return math.isfinite(value) and str(value) == spelling
