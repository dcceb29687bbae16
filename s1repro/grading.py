"""Extract an answer from a response and compare it with the reference, offline: no judge, no network, no key.

Three kinds of answer: `exact` (letter for letter), `math` (as mathematics, with math-verify, imported when it is first
needed) and `choice` (a letter A to D). A response that holds no answer is wrong, never an error. Proofs and free text
are not covered; the paper grades those with an LLM judge (section 3.1).

    >>> grade("Two and two.\\nFinal Answer: 4.", "4", "exact")
    Grade(extracted='4', correct=True)
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

from s1repro.records import AnswerKind

_MARKER = "Answer:"
"""Precedes an answer; "Final Answer:" ends in it as well."""

_MATH_SECONDS = 5
"""How long math-verify may think about one expression."""

_COMMANDS = re.compile(r"\\[A-Za-z]+|\{[^{}]*\}")
_SENTENCE_WORDS = 8
"""More words of prose than a plain answer has."""
_NEXT_SENTENCE = re.compile(r"[.!?]\s+[A-Z(]")
_WORDS = re.compile(r"\b(?!sqrt|frac|sin|cos|tan|log|exp)[A-Za-z]{3,}")
"""Prose around a number, once LaTeX commands and what they hold are out of the way."""


@dataclass(frozen=True)
class Grade:
    """What was taken for the answer ("" where there was none), and whether it is right."""

    extracted: str
    correct: bool


def grade(response: str, reference: str, kind: AnswerKind) -> Grade:
    """Grade a response by the kind of its question's answer. Raises `ValueError` for an unknown kind."""
    if kind == "exact":
        extracted = _line(_after_marker(response))
        return Grade(extracted, extracted != "" and extracted == _line(reference))
    if kind == "choice":
        extracted = _choice(response)
        return Grade(extracted, extracted != "" and extracted == _choice(reference))
    if kind == "math":
        extracted = _math_answer(response)
        return Grade(extracted, extracted != "" and _same_math(extracted, _math_answer(reference)))
    raise ValueError(f"no answer kind {kind!r}: use exact, math or choice")


def states_answer(solution: str) -> bool:
    """Whether a solution states an answer, as `grade` would read it, rather than a proof, a programme or an essay.

    It does where it has an "Answer:" or a box. Without, it must be one line: an expression, a few words, or one
    sentence in which math-verify finds mathematics.
    """
    if _last_boxed(solution) is not None or (_MARKER in solution and _after_marker(solution).strip()):
        return True
    line = solution.strip()
    if not line or "\n" in line:
        return False
    words = len(_WORDS.findall(_COMMANDS.sub("", line)))
    return words <= _SENTENCE_WORDS or (not _NEXT_SENTENCE.search(line) and bool(_read_math(line)))


def _after_marker(text: str) -> str:
    """What follows the last "Answer:"; all of the text where it has none (a short direct answer)."""
    return text.rpartition(_MARKER)[2]


def _line(text: str) -> str:
    """The first line that says something, without white space and full stop at its ends."""
    lines = text.strip().splitlines()
    return lines[0].strip().removesuffix(".").rstrip() if lines else ""


def _last_boxed(text: str) -> str | None:
    r"""What the last complete `\boxed{...}` holds, braces matched; None where there is none."""
    for start in reversed([match.end() for match in re.finditer(r"\\boxed\s*\{", text)]):
        depth = 1
        for end in range(start, len(text)):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            if depth == 0:
                return text[start:end].strip()
    return None


def _choice(text: str) -> str:
    r"""The letter chosen: boxed, else at the start of the answer, else the last one standing alone in it."""
    tail = _after_marker(text)
    boxed = _last_boxed(tail)
    tail = _last_boxed(text) or "" if boxed is None and not tail.strip() else boxed or tail
    tail = re.sub(r"\\(?:text|mathrm|mathbf|textbf)\b", "", tail).strip()
    first = re.match(r"[\s({\[*$]*([A-Da-d])(?=[\s)}\]*$.:,;]*$|[)}\]*.:,])", tail)
    if first:
        return first.group(1).upper()
    alone = re.findall(r"(?<![\w'])([B-D])(?![\w'])|\(([A-D])\)|(?<![\w'])(A)(?=[\s)}\]*$.]*$)", tail)
    return next(filter(None, alone[-1])) if alone else ""


def _math_answer(text: str) -> str:
    r"""The last `\boxed{...}` after the last "Answer:", else the line there, else the last `\boxed{...}` at all."""
    tail = _after_marker(text)
    boxed = _last_boxed(tail)
    if boxed is not None:
        return boxed
    return _line(tail) or _last_boxed(text) or ""


def _same_math(answer: str, reference: str) -> bool:
    """Whether two answers are the same mathematics; an expression counts as a whole, not by a number it holds."""
    if _name(answer) == _name(reference):
        return True
    from math_verify import verify

    gold, target = _read_math(reference), _read_math(answer)
    return bool(gold and target) and bool(verify(gold, target, timeout_seconds=_seconds()))


def _read_math(text: str) -> list[Any]:
    """What math-verify reads in a text, nothing where it finds no mathematics."""
    from math_verify import parse

    prose = "$" in text or _WORDS.search(_COMMANDS.sub("", text)) is not None
    latex = [] if prose else parse(f"${text}$", parsing_timeout=_seconds())
    return list(latex or parse(text, parsing_timeout=_seconds()))


def _seconds() -> int | None:
    """math-verify keeps time with signals, which only the main thread has."""
    return _MATH_SECONDS if threading.current_thread() is threading.main_thread() else None


def _name(text: str) -> str:
    """An answer as a name: without LaTeX's wrapping, and a word without its case."""
    name = " ".join(re.sub(r"\\(?:text|mathrm|textbf)\{([^{}]*)\}|\$", r"\1", text).split())
    return name.casefold() if len(name) > 2 and name.isalpha() else name
