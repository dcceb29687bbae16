"""Grading, driven by the table in `grading_cases.json`."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from s1repro.grading import Grade, grade, states_answer

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).parents[1].joinpath("grading_cases.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[f"{c['kind']}-{i}" for i, c in enumerate(CASES)])
def test_the_table(case: dict[str, Any]) -> None:
    given = grade(case["response"], case["reference"], case["kind"])
    assert given == Grade(case.get("extracted", given.extracted), case["correct"])


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


@pytest.mark.parametrize(
    ("solution", "states"),
    [
        ("42", True),
        (r"$\frac{n-9}{n+7}$", True),
        (
            r"\frac{\sqrt{a}+\sqrt{b}+\sqrt{c}}{\sin\alpha+\cos\beta+\tan\gamma+\log\delta+\exp\epsilon+\operatorname{gcd}}",
            True,
        ),
        ("the cat sat on the mat", True),
        ("There are 42 ways for the students to sit around that table with the teacher.", True),
        (r"Long story.\nAnother line of it.\n\boxed{\frac{1}{2}}", True),
        ("Long story, told at length, about what everybody knows by now.\nAnswer: 7", True),
        ("Assume the contrary. Then there would be a smallest one, and a smaller one than that.", False),
        ("We see that the left side is even while the right side never is, whatever the choice", False),
        (r"Suppose $n=2$. Then everything that was to be shown follows from the lemma at once.", False),
        ("First line.\nSecond line.", False),
        ("def solve():\n    return 3", False),
        ("Long story, told at length, about what everybody knows by now. Answer: ", False),
        ("", False),
        (" \n ", False),
    ],
)
def test_which_solutions_state_an_answer(solution: str, states: bool) -> None:
    assert states_answer(solution) == states
