"""Is the teacher's attempt right? Asked for the rows that are taken outright (section 2.2), and for the report.

The paper asks a language model as judge. Where a row brings that verdict along it stands, else `s1repro.grading`
compares offline. Proofs, and worked solutions or attempts that mark no answer, cannot be compared: nobody can tell.

    judged(row)                                     # attempt against solution: RIGHT, WRONG or CANNOT_TELL
    reference(row), answer_kind(row)                # "42", "math"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import cast, get_args

from s1repro.curate.published import facts
from s1repro.grading import grade, states_answer
from s1repro.progress import Progress
from s1repro.records import AnswerKind, Row


class Verdict(Enum):
    """What is known of an attempt."""

    RIGHT = "right"
    WRONG = "wrong"
    CANNOT_TELL = "cannot tell"


def judged(row: Row) -> Verdict:
    """The verdict on the attempt: as the row was graded, or else as it compares where both sides state an answer."""
    if "teacher" in row.grades:
        return Verdict.RIGHT if row.grades["teacher"] else Verdict.WRONG
    if not is_gradable(row) or (row.attempt.strip() and answer_kind(row) == "math" and not states_answer(row.attempt)):
        return Verdict.CANNOT_TELL
    return Verdict.RIGHT if matches(row, row.attempt) else Verdict.WRONG


def is_right(row: Row) -> bool:
    """Whether the attempt is known to be right."""
    return judged(row) is Verdict.RIGHT


def is_gradable(row: Row) -> bool:
    """Whether an answer can be compared with the row's offline; not with a proof or an unmarked working."""
    if answer_kind(row) == "math":
        return states_answer(row.solution)
    return bool(reference(row)) and ("Answer:" in row.solution or "\n" not in row.solution.strip())


def matches(row: Row, response: str) -> bool:
    """Whether `response` answers the row's question rightly, as its kind of answer compares."""
    return grade(response, reference(row), answer_kind(row)).correct


def reference(row: Row) -> str:
    """The reference answer: what follows the solution's last "Answer:", or the whole solution without one."""
    return row.solution.rpartition("Answer:")[2].strip()


def answer_kind(row: Row) -> AnswerKind:
    """How the row's answer is compared: its metadata's `kind`, or else a choice for a letter A to E, or else math."""
    kind = facts(row).get("kind")
    if kind in get_args(AnswerKind):
        return cast(AnswerKind, kind)
    return "choice" if reference(row).strip("().") in ("A", "B", "C", "D", "E") else "math"


def remembered(right: Callable[[Row], bool]) -> Callable[[Row], bool]:
    """`right`, asked once for each row's id: a row's length and domain change on its way, its attempt does not."""
    verdicts: dict[str, bool] = {}

    def ask(row: Row) -> bool:
        if row.id not in verdicts:
            verdicts[row.id] = right(row)
        return verdicts[row.id]

    return ask


def share_right(rows: Sequence[Row], right: Callable[[Row], bool]) -> float | None:
    """The share of rows whose teacher answered right, among those that can be judged; None where none can.

    Rows without an attempt or a reference count as wrong.
    """
    known = []
    with Progress(len(rows), "teacher's answers") as progress:
        for row in rows:
            if not row.solution or not row.attempt:
                known.append(False)
            elif right(row) or judged(row) is not Verdict.CANNOT_TELL:
                known.append(right(row))
            progress.step()
    return sum(known) / len(known) if known else None
