"""What a task's settings give for a question; loading tasks is tested with the benchmarks that come of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from s1repro.harness import chosen, filled, require_column

DOC = {"answer": "[1, 2]", "number": 2, "": "unnamed", "nothing": None}


def task(**config: Any) -> Any:
    return SimpleNamespace(config=SimpleNamespace(**config), task_docs=[DOC], doc_to_choice=lambda doc: ["A", "B", "C"])


@pytest.mark.parametrize(
    ("setting", "gives"),
    [
        ("answer", "[1, 2]"),
        ("{{answer}}", "[1, 2]"),
        ("{{'[' ~ number ~ ']'}}", "[2]"),
        ("{{number}}\n", "2\n"),
        ("number", 2),
        ("", ""),
        ("nothing", None),
        (lambda doc: doc["number"] + 1, 3),
        (0, 0),
    ],
)
def test_a_setting_is_a_column_a_template_or_a_function_and_no_text_becomes_a_list(setting: Any, gives: Any) -> None:
    assert filled(task(doc_to_target=setting), DOC, "doc_to_target", Path("own.yaml")) == gives


@pytest.mark.parametrize("setting", ["{{missing}}", "{{answer", lambda doc: doc["missing"]])
def test_what_cannot_be_filled_is_one_line(setting: Any) -> None:
    with pytest.raises(ValueError, match=r"^own\.yaml: doc_to_text cannot be filled \([^\n]+\); repair it$"):
        filled(task(doc_to_text=setting), DOC, "doc_to_text", Path("own.yaml"))


def test_numbers_and_filled_digits_stand_for_choices_and_a_columns_text_for_itself() -> None:
    assert chosen(task(doc_to_target="number"), DOC, 2, "q") == "C"
    assert chosen(task(doc_to_target="{{number}}"), DOC, "2", "q") == "C"
    assert chosen(task(doc_to_target="answer"), DOC, "1", "q") == "1"
    with pytest.raises(ValueError, match=r"^q: doc_to_choice has no choice 3 \(list index out of range\); repair it$"):
        chosen(task(doc_to_target="number"), DOC, 3, "q")


def test_rows_that_a_function_gives_have_columns_too() -> None:
    require_column("answer", "metadata.id", task(), Path("own.yaml"))
    with pytest.raises(ValueError, match=r"^own\.yaml: metadata\.id is 'uid', a column the data set does not have"):
        require_column("uid", "metadata.id", task(), Path("own.yaml"))
