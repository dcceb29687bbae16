"""Grading, driven by the table in `grading_cases.json`."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from s1repro.grading import Grade, grade

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("grading_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[f"{c['kind']}-{i}" for i, c in enumerate(CASES)])
def test_the_table(case: dict[str, Any]) -> None:
    expected = Grade(case["extracted"], case["correct"])
    assert grade(case["response"], case["reference"], case["kind"]) == expected


def test_the_table_covers_every_kind_both_ways() -> None:
    assert {(c["kind"], c["correct"]) for c in CASES} == {
        (kind, right) for kind in ("exact", "math", "choice") for right in (True, False)
    }
    assert len(CASES) >= 60


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no answer kind 'essay'"):
        grade("Answer: 1", "1", "essay")  # type: ignore[arg-type]


def test_math_in_a_thread_where_signals_do_not_work() -> None:
    grades: list[Grade] = []
    thread = threading.Thread(target=lambda: grades.append(grade("Answer: 1/2", "0.5", "math")))
    thread.start()
    thread.join()
    assert grades == [Grade("1/2", True)]


def test_grading_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("grading opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert all(grade("Answer: 2", "2", kind).correct for kind in ("exact", "math"))
