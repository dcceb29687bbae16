"""Is the teacher's attempt right? Asked for the rows that are taken outright (section 2.2), and for the report.

The paper asks a language model as judge. Where a row brings that verdict along it stands, else `s1repro.grading`
compares offline.

    is_right(row)                                   # attempt against solution
    reference(row), answer_kind(row)                # "42", "math"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast, get_args

from s1repro.curate.published import facts
from s1repro.grading import grade, states_answer
from s1repro.progress import Progress
from s1repro.records import AnswerKind, Row


def is_right(row: Row) -> bool:
    """Whether the attempt's answer is the reference: as the row was graded, or else as it compares."""
    return row.grades["teacher"] if "teacher" in row.grades else matches(row, row.attempt)


def is_gradable(row: Row) -> bool:
    """Whether an answer can be compared with the row's offline; not with a proof."""
    return answer_kind(row) != "math" or states_answer(row.solution)


def matches(row: Row, response: str) -> bool:
    """Whether `response` answers the row's question rightly: letter for letter, or else as its kind allows."""
    expected = reference(row)
    # The plain comparison first: it settles most right answers without a mathematics parser. Not for a worked solution,
    # of which it would see the first line only.
    if "\n" not in expected and grade(response, expected, "exact").correct:
        return True
    return grade(response, expected, answer_kind(row)).correct


def reference(row: Row) -> str:
    """The reference answer: what follows the solution's last "Answer:", or the whole solution without one."""
    return row.solution.rpartition("Answer:")[2].strip()


def answer_kind(row: Row) -> AnswerKind:
    """How the row's answer is compared: its metadata's `kind`, or else a choice for a letter A to D, or else math."""
    kind = facts(row).get("kind")
    if kind in get_args(AnswerKind):
        return cast(AnswerKind, kind)
    return "choice" if reference(row).strip("().") in ("A", "B", "C", "D") else "math"


def remembered(right: Callable[[Row], bool]) -> Callable[[Row], bool]:
    """`right`, asked once for each row's id: a row's length and domain change on its way, its attempt does not."""
    verdicts: dict[str, bool] = {}

    def ask(row: Row) -> bool:
        if row.id not in verdicts:
            verdicts[row.id] = right(row)
        return verdicts[row.id]

    return ask


def share_right(rows: Sequence[Row], right: Callable[[Row], bool]) -> float | None:
    """The share of rows whose teacher answered right, among those that can be graded or were; None where none can.

    Rows without an attempt or a reference count as wrong.
    """
    judged = []
    with Progress(len(rows), "teacher's answers") as progress:
        for row in rows:
            if not row.solution or not row.attempt:
                judged.append(False)
            elif "teacher" in row.grades or is_gradable(row):
                judged.append(right(row))
            progress.step()
    return sum(judged) / len(judged) if judged else None
