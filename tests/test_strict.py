"""What a lenient reader passes over is refused, in pools, sets and journals alike; what is JSON is read as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.artifacts import Journal, read_jsonl
from s1repro.strict import DEPTH, parse

REFUSED = {
    "a key twice": ('{"a": 1, "b": 2, "a": 1}', "the key 'a' stands twice in one object"),
    "a key twice further in": ('{"a": [{"b": 1, "b": 2}]}', "the key 'b' stands twice in one object"),
    "NaN": ('{"a": NaN}', "NaN is no number in JSON"),
    "Infinity": ('{"a": [-Infinity]}', "-Infinity is no number in JSON"),
    "beyond a float": ('{"a": 1e999}', "the number 1e999 is too large"),
    "beyond an integer": ('{"a": ' + "7" * 5000 + "}", "the number 777777777777777777777777... is too large"),
    "the first half of a pair": (r'{"a": "x \ud83d"}', r"half of a surrogate pair, \ud83d"),
    "the second half, in a key": (r'{"a": {"\uDe00": 1}}', r"half of a surrogate pair, \ude00"),
    "too deep": ('{"a": ' + "[" * DEPTH + "]" * DEPTH + "}", f"more than {DEPTH} lists and objects in each other"),
    "far too deep": ('{"a": ' + "[" * 100_000, f"more than {DEPTH} lists and objects in each other"),
    "no JSON": ('{"a": }', "not JSON (Expecting value: line 1 column 7 (char 6))"),
}


@pytest.mark.parametrize("read", [lambda path: list(read_jsonl(path)), lambda path: Journal(path).read()])
@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_file_and_line(tmp_path: Path, read: Callable[[Path], object], text: str, says: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"n": 1}}\n{text}\n')
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}:2: {says}')}.*; repair or delete this line$"):
        read(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_all_else_is_read_as_python_reads_it(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert parse(text, "x") == parse(text.encode(), "x") == value


def test_nesting_up_to_the_limit_whole_pairs_and_backslashes_are_fine() -> None:
    assert parse("[" * DEPTH + "]" * DEPTH, "x")
    assert parse(r'"\ud83d\ude00 \\ud83d"', "x") == "😀 \\ud83d"


def test_numbers_by_their_spelling() -> None:
    assert parse('[1.0, 25, -0, 1e5, "7"]', "x", number=str) == ["1.0", "25", "-0", "1e5", "7"]


def test_what_to_do_is_the_callers_to_say() -> None:
    with pytest.raises(ValueError, match=r"^manifest\.json: not JSON \(.*\); delete it$"):
        parse("{", "manifest.json", "delete it")
