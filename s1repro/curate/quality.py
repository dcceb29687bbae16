r"""The quality filters of section 2.2: teacher and API failures, then bad formatting. Pure functions.

Whether the teacher's answer is right plays no part here: the paper keeps wrong traces (53.6 % of s1K are right).

    kept = formatting(teacher_failures(rows).kept).kept
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from s1repro.curate.funnel import Dropped, Filtered
from s1repro.records import Row

FEATURED = ("teacher", "solver1", "solver2")
"""Whose grades a pool with features has."""
_NUMBERED = re.compile(r"p[1-9][0-9]{0,2}\.")
_BOLD_RUN = re.compile(r"\*\*(?=.*\d)[^\s\]]*\*\*")
"""The public code's own: `**(a)** Let n=3` goes; `**Problem 4.**` stays, for the space in it."""


def teacher_failures(rows: Sequence[Row], asking: bool = False) -> Filtered:
    """Drop rows whose question, solution, trace or attempt is null or blank: the teacher or its API failed.

    With `asking`, a row without a trace is none: a teacher is yet to be asked for it, and for the attempt.
    """
    return _filter(rows, _unmendable if asking else _failure)


def unfeatured(rows: Sequence[Row]) -> Filtered:
    """Drop rows without a domain or one of the grades: of a pool with features, the public code keeps whole rows only.

    A row whose trace is yet to be asked for has no grade of its teacher.
    """
    return _filter(rows, _missing_feature)


def formatting(rows: Sequence[Row]) -> Filtered:
    """Drop rows whose question is badly formatted, as the public code's filter does.

    That is: Asymptote figures `[asy]` (kept for AIME sources, whatever else they hold), `![Image]` placeholders,
    enumerated parts `p1.` to `p999.`, and bold runs `**...**` without white space or `]` inside, with a digit in them
    or later in the line.
    """
    return _filter(rows, _malformed)


def _filter(rows: Sequence[Row], reason: Callable[[Row], str]) -> Filtered:
    judged = [(row, reason(row)) for row in rows]
    return Filtered([row for row, why in judged if not why], [Dropped(row, why) for row, why in judged if why])


def _failure(row: Row) -> str:
    parts = {"question": row.question, "solution": row.solution, "trace": row.trace, "attempt": row.attempt}
    for name, text in parts.items():
        if not text.strip():
            return f"teacher failure: no {name}"
    return ""


def _unmendable(row: Row) -> str:
    why = _failure(row)
    return "" if not row.trace.strip() and row.question.strip() and row.solution.strip() else why


def _missing_feature(row: Row) -> str:
    if not row.domain:
        return "missing feature: domain"
    graded = FEATURED if row.trace.strip() else FEATURED[1:]
    missing = [name for name in graded if name not in row.grades]
    return f"missing feature: grade of {missing[0]}" if missing else ""


def _malformed(row: Row) -> str:
    if "[asy]" in row.question:
        return "" if "AIME" in row.source_type else "bad formatting: [asy] figure"
    if "![Image]" in row.question:
        return "bad formatting: image"
    if _NUMBERED.search(row.question):
        return "bad formatting: numbered part"
    if _BOLD_RUN.search(row.question):
        return "bad formatting: bold number"
    return ""
