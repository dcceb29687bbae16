import gzip
import json
import re

import pytest

from s1repro.curate.sources import facts, load_pool

GOOD = {
    "question": "What is 2+2?",
    "solution": "4",
    "thinking_trajectories": ["two and two", "again"],
    "attempt": "Answer: 4",
    "cot_type": "math",
    "source_type": "demo",
    "metadata": "{}",
}


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_a_row_keeps_what_the_file_says(tmp_path):
    (row,) = load_pool(write(tmp_path / "pool.jsonl", GOOD | {"id": "q7", "domain": "05", "length": 3, "other": 1}))
    assert (row.id, row.domain, row.line, row.length) == ("q7", "05", 1, 0)
    assert row.thinking_trajectories == ("two and two", "again")
    assert row.trace == "two and two"
    assert {name: row.to_json()[name] for name in GOOD} == GOOD


def test_gz_and_plain_read_alike(tmp_path):
    plain = write(tmp_path / "pool.jsonl", GOOD)
    (tmp_path / "pool.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert load_pool(plain) == load_pool(tmp_path / "pool.jsonl.gz")


def test_ids_come_from_the_content(tmp_path):
    other = GOOD | {"question": "What is 3+3?"}
    first = load_pool(write(tmp_path / "a.jsonl", GOOD, other, GOOD))
    second = load_pool(write(tmp_path / "b.jsonl", other, GOOD | {"domain": "11", "length": 9}))
    assert [row.id for row in second] == [first[1].id, first[0].id]
    assert first[2].id == f"{first[0].id}-2"


@pytest.mark.parametrize("field", ["question", "solution", "attempt", "thinking_trajectories"])
def test_a_teachers_failure_is_not_malformed(tmp_path, field):
    (row,) = load_pool(write(tmp_path / "pool.jsonl", GOOD | {field: None}))
    assert (row.trace if field == "thinking_trajectories" else getattr(row, field)) == ""


@pytest.mark.parametrize("traces", [[], [None]])
def test_no_trace_is_an_empty_trace(tmp_path, traces):
    (row,) = load_pool(write(tmp_path / "pool.jsonl", GOOD | {"thinking_trajectories": traces}))
    assert row.trace == ""


@pytest.mark.parametrize(
    ("fields", "domain"),
    [
        ({}, ""),
        ({"domain": "05"}, "05"),
        ({"metadata": '{"domain": "11"}'}, "11"),
        ({"metadata": '{"subject": "Number theory"}'}, "Number theory"),
        ({"metadata": '{"domain": "11"}', "domain": "05"}, "05"),
        ({"metadata": '{"domain": "11"}', "domain": None}, "11"),
        ({"metadata": "['free', 'text']"}, ""),
        ({"metadata": "[1]"}, ""),
    ],
)
def test_domain(tmp_path, fields, domain):
    (row,) = load_pool(write(tmp_path / "pool.jsonl", GOOD | fields))
    assert row.domain == domain


def test_facts(make_row):
    assert facts(make_row(metadata='{"kind": "math"}')) == {"kind": "math"}
    assert facts(make_row(metadata="{'kind': 'math'}")) == {}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ({name: GOOD[name] for name in GOOD if name != "attempt"}, "no field 'attempt'"),
        (GOOD | {"question": 7}, "question is a number; make it a string or null"),
        (GOOD | {"cot_type": None}, "cot_type is null; make it a string"),
        (GOOD | {"metadata": {"domain": "11"}}, "metadata is an object"),
        (GOOD | {"thinking_trajectories": "two"}, "thinking_trajectories is a string; make it a list"),
        (GOOD | {"thinking_trajectories": [["two"]]}, "thinking_trajectories holds a list"),
        (GOOD | {"id": 7}, "id is a number"),
        (GOOD | {"domain": 11}, "domain is a number"),
        (GOOD | {"id": "first"}, "id 'first' is taken by line 1"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path, bad, says):
    pool = write(tmp_path / "pool.jsonl", GOOD | {"id": "first"}, "", bad)
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        load_pool(pool)
    assert str(error.value).startswith(f"{pool}:3: ")
    assert "\n" not in str(error.value)


def test_empty_and_missing_files(tmp_path):
    with pytest.raises(ValueError, match=r"empty\.jsonl:1: no rows; a pool has one JSON object a line"):
        load_pool(write(tmp_path / "empty.jsonl"))
    with pytest.raises(ValueError, match=r"gone\.jsonl"):
        load_pool(tmp_path / "gone.jsonl")
