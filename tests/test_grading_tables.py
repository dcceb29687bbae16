"""Other graders' tests, read without running them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.grading_tables import Case, agrees, cases_of

TABLE = """
import math

@pytest.mark.parametrize("gold,pred,expected", [("$1/2$", "0.5", 1), ("$3$", "4", 0), (f"{math.pi}", "3", 0)])
def test_them(gold, pred, expected):
    assert compare(gold, pred) == expected

@pytest.mark.parametrize(("answer", "target"), [("7", "8")])
def test_others(answer, target):
    assert score(answer, target).status == "incorrect"

@pytest.mark.parametrize("limit", [3])
def test_something_else(limit):
    assert limit
"""


def test_cases_are_read_and_what_is_not_written_out_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "test_them.py"
    path.write_text(TABLE)
    half, four, unread, seven = cases_of(path)
    assert half == Case("test_them.py:4", "0.5", "$1/2$", True)
    assert four == Case("test_them.py:4", "4", "$3$", False)
    assert unread is None
    assert seven == Case("test_them.py:8", "7", "8", False)
    assert all(map(agrees, (half, four, seven)))
    assert not agrees(Case("here", "7", "8", True))


def test_a_list_in_json(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text('[{"output": "It is 5.", "target": "5", "expected": "C"}]')
    assert list(cases_of(path)) == [Case("cases.json 1", "It is 5.", "5", True)]


def test_a_list_in_json_of_choices(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text('[{"answer": "It is (B).", "target": "B", "expected": true, "kind": "choice"}]')
    (case,) = cases_of(path)
    assert case == Case("cases.json 1", "It is (B).", "B", True, "choice") and agrees(case)
