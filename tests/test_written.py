"""Each value of a file is what the file has, however a reader of tables would guess it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.written import columns, splits

COLUMNS: dict[str, tuple[list[str], list[Any], list[Any]]] = {
    # name: what each row's value is written as, what JSON gives, what CSV gives
    "whole": (["25", "0", "-7"], [25, 0, -7], [25, 0, -7]),
    "not whole": (["1.0", "2.5"], [1.0, 2.5], [1.0, 2.5]),
    "both": (["1", "2.5", "25"], ["1", "2.5", "25"], ["1", "2.5", "25"]),
    "a last zero": (["2.50", "1.5"], ["2.50", "1.5"], ["2.50", "1.5"]),
    "powers": (["1e5", "2E-3"], ["1e5", "2E-3"], ["1e5", "2E-3"]),
    "minus nothing": (["-0", "1"], ["-0", "1"], ["-0", "1"]),
    "twenty digits": (["12345678901234567890", "1"],) + (["12345678901234567890", "1"],) * 2,
    "more than a float": (["1e999", "0.12345678901234567890"],) + (["1e999", "0.12345678901234567890"],) * 2,
    "numbers and texts": (['"025"', "25", '"x"'], ["025", "25", "x"], ["025", "25", "x"]),
    "texts": (['"1"', '"[1, 2]"', '"None"'], ["1", "[1, 2]", "None"], ["1", "[1, 2]", "None"]),
    "true": (["true", "false"], [True, False], ["true", "false"]),
    "true and texts": (["true", '"x"', "1"], ["true", "x", "1"], ["true", "x", "1"]),
}


@pytest.mark.parametrize(("spelled", "from_json", "_"), COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("form", ["lines", "array", "field", "packed"])
def test_json(tmp_path: Path, spelled: list[str], from_json: list[Any], _: object, form: str) -> None:
    rows = [f'{{"a": {value}}}' for value in spelled]
    array = f"[{', '.join(rows)}]"
    path, options = tmp_path / ("own.jsonl.gz" if form == "packed" else "own.json"), {}
    if form == "packed":
        path.write_bytes(gzip.compress("\n".join(rows).encode()))
    elif form == "field":
        path.write_text(f'{{"data": {array}}}')
        options = {"field": "data"}
    else:
        path.write_text(array if form == "array" else "\n".join(rows))
    assert exact(columns([path], "json", **options)["a"]) == exact(from_json)


@pytest.mark.parametrize(("spelled", "_", "from_csv"), COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv(tmp_path: Path, spelled: list[str], _: object, from_csv: list[Any], delimiter: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text("".join(f"{cell}{delimiter}x\n" for cell in ["a", *spelled]))
    assert exact(columns([path], "csv", delimiter=delimiter)["a"]) == exact(from_csv)


def exact(values: list[Any]) -> list[tuple[type, Any]]:
    return [(type(value), value) for value in values]


def test_what_csv_readers_make_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text('\ufeffid,answer\n025,NA\n\n7,\n8,"a ""b"",\nc"\n', encoding="utf-8")
    assert columns([path], "csv") == {"id": ["025", "7", "8"], "answer": ["NA", "", 'a "b",\nc']}


@given(st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_number_prints_as_it_is_written(tmp_path_factory: pytest.TempPathFactory, numbers: list[int | float]) -> None:
    path = tmp_path_factory.mktemp("own") / "own.json"
    written = [json.dumps(number) for number in numbers]
    path.write_text("[" + ", ".join(f'{{"a": {number}}}' for number in written) + "]")
    assert [str(value) for value in columns([path], "json")["a"]] == written


def test_values_inside_of_lists_and_rows_that_lack_one(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"choices": [1, 2.50], "n": {"a": 1}}\n{"choices": null, "other": "x"}\n')
    assert columns([path], "json") == {"choices": [["1", "2.50"], None], "n": [{"a": 1}, None], "other": [None, "x"]}


REFUSED = {
    "NaN": ("own.jsonl", '{"a": 1}\n{"a": NaN}', "own.jsonl:2: NaN is no number in JSON"),
    "a key twice": ("own.json", '[{"a": 1, "a": 2}]', "own.json: the key 'a' stands twice in one object"),
    "half a line": ("own.jsonl", '{"a": 1}\n{"a', "own.jsonl:2: not JSON ("),
    "no object": ("own.json", '[{"a": 1}, 2]', "own.json, row 2: not a JSON object; repair it"),
    "nothing": ("own.json", "[]", "own.json: no questions in it"),
    "only a head": ("own.csv", "a,b\n", "own.csv: no questions in it"),
    "a column twice": ("own.csv", "a,b,a\n1,2,3\n", "own.csv:1: the column 'a' is there twice; rename one"),
    "a comma too many": ("own.csv", "a,b\n1,2\n1,2,3\n", "own.csv:3: 3 values for 2 columns; quote"),
    "an open quote": ("own.csv", 'a,b\n1,2\n1,"2\n', "own.csv:3: not CSV (unexpected end of data)"),
    "Latin-1": ("own.csv", b"a,b\n\xe9,1\n", "own.csv: not UTF-8 ("),
    "damaged gzip": (
        "own.csv.gz",
        gzip.compress(b"a,b\n1,2\n")[:10] + b"\xff" * 20,
        "own.csv.gz: not whole gzip data (",
    ),
    "no gzip": ("own.csv.gz", "a,b\n1,2\n", "own.csv.gz: not whole gzip data ("),
}


@pytest.mark.parametrize(("name", "data", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: str | bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ValueError, match=f"^{re.escape(f'{tmp_path}/{says}')}"):
        columns([path], "csv" if ".csv" in name else "json")


def test_splits_name_their_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"q;n\n{name};1\n")
    one, other = (str(tmp_path / f"{name}.csv") for name in "ab")
    both = {"q": ["a", "b"], "n": [1, 1]}
    assert splits("csv", {"data_files": {"test": [one, other]}, "sep": ";"}) == {"test": both}
    assert splits("csv", {"data_files": [one, other], "delimiter": ";"}) == {"train": both}


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"data_files": "a*.json"}, "dataset_kwargs.data_files has 'a*.json'; name each file of this machine"),
        ({"data_files": ["https://x/a.json"]}, "dataset_kwargs.data_files has 'https://x/a.json'; name each"),
        ({"data_dir": "data"}, "dataset_kwargs.data_dir is not known of json files; what is known: data_files, field"),
        ({}, "dataset_kwargs.data_files has None; name each file"),
    ],
)
def test_what_does_not_name_files_is_refused(kwargs: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        splits("json", kwargs)
