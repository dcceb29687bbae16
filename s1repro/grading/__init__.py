r"""Extract an answer from a response and compare it with the reference, offline: no judge, no network, no key.

Three kinds of answer: `exact` (letter for letter), `math` (as mathematics) and `choice` (a letter, A to J). A response
that holds no answer is wrong, never an error. Proofs and free text are not covered; the paper grades those with an LLM
judge (section 3.1).

The way of an answer: `extraction` finds it, `clothes` takes off what is no part of it (a table of steps), `reading`
reads it as a whole or not at all (`grammar`, `units`, `sentence`, `matrices`), `comparison` compares part by part
(`values`, `sets`, `relations`, `groups`): expressions exactly or at points (`sameness`), and what is left goes to
math-verify, in processes that can be killed (`engine`, `pool`).

By choice, where people differ:

* `50 %` is 0.5, and 50 as well, since a missing unit is no difference; 0.5 is not 50.
* A decimal fraction is the number that it says; six significant digits or more also stand for what rounds to them.
* `5, 6`, `5 and 6` and `5 or 6` are the same answers; the order counts in brackets, and the number of answers always.
* 1,000 is a thousand; 2,74 is 2.74 only where the other side writes just that.
* A chain of equations counts where all its sides are the same; what it is about (`= 1/3 \approx 0.33`) does not.
* Two different bases are never the same; a numeral without a base is one in the other side's.
* Radicals and powers with an odd root are real; `1/2x` is 1/(2x), and `1/2 x` is x/2.
* Where one side alone names its values (x = 3, y = 4), the other's are in that order; pairs said twice count once.
* "Maybe" is no answer, and neither is one of several letters.

Why a reader of our own decides closed forms, and math-verify only sums, products, integrals and limits: math-verify
takes out of a text what it can read and skips the rest, so a number in a sentence or in LaTeX that it cannot parse
passes for the answer; it lower-cases letters, drops primes and reads "5 6" as 11, too. Steps in front of it cannot mend
what it skips. On the tests' table, which was made of such faults and is held to the rules here
(`python -m benchmarks.math_verify_alone`):

                            wrongly right of 1044    wrongly wrong of 917
    math-verify alone                        429                     400
    s1repro.grading                            0                       0

Against 27 tables of other graders' tests 817 of 870 verdicts agree; `benchmarks/README.md` says for each table how
many, and why the others do not: most of them round more coarsely, take a number out of what cannot be read, take the
last side of a chain of equations that is wrong, or ask for a form of answer that this one does not ask for.

    >>> grade("Two and two.\nFinal Answer: 4.", "4", "exact")
    Grade(extracted='4', correct=True)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from s1repro.grading.choice import choice
from s1repro.grading.clothes import undress
from s1repro.grading.comparison import equal, shape_of
from s1repro.grading.extraction import exact_answer, marks_answer, math_answer
from s1repro.records import AnswerKind

__all__ = ["Grade", "extract", "grade", "same_answer", "states_answer"]

_COMMANDS = re.compile(r"\\[A-Za-z]+|\{[^{}]*\}")
_SENTENCE_WORDS = 8
"""More words of prose than a plain answer has."""
_WORDS = re.compile(r"\b(?!sqrt|frac|sin|cos|tan|log|exp)[A-Za-z]{3,}")
"""Prose around a number, once LaTeX commands and what they hold are out of the way."""


@dataclass(frozen=True)
class Grade:
    """What was taken for the answer ("" where there was none), and whether it is right."""

    extracted: str
    correct: bool


def grade(response: str, reference: str, kind: AnswerKind) -> Grade:
    """Grade a response by the kind of its question's answer, in bounded time, from any thread.

    Raises `ValueError` for an unknown kind.
    """
    extracted = extract(response, kind)
    return Grade(extracted, extracted != "" and same_answer(extracted, extract(reference, kind), kind))


def same_answer(first: str, second: str, kind: AnswerKind) -> bool:
    """Whether two extracted answers are the same, as `grade` compares an answer with the reference."""
    return first == second or (kind == "math" and equal(first, second))


def states_answer(solution: str) -> bool:
    """Whether a solution states an answer, as `grade` would read it, rather than a proof, a programme or an essay.

    It does where it has an "Answer:" or a box. Without, it must be one line: an expression, a few words, or one
    sentence that states a value.
    """
    if marks_answer(solution):
        return True
    line = solution.strip()
    if not line or "\n" in line:
        return False
    return len(_WORDS.findall(_COMMANDS.sub("", line))) <= _SENTENCE_WORDS or _says(line)


def extract(text: str, kind: AnswerKind) -> str:
    """The answer that a response gives, as it is written; "" where it gives none."""
    if kind == "exact":
        return exact_answer(text)
    if kind == "choice":
        return choice(text)
    if kind == "math":
        return math_answer(text, _says)
    raise ValueError(f"no answer kind {kind!r}: use exact, math or choice")


def _says(line: str) -> bool:
    """Whether a line says something that can be compared as mathematics."""
    return shape_of(undress(line)) is not None
