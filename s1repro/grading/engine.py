r"""math-verify on two formulas that our own reader cannot read: sums, integrals, limits and what else LaTeX has.

It reads what it can and skips the rest, and it works without an end. So it is asked only for texts that are mathematics
from the first to the last character (`is_formula`), in a process that can be killed (`s1repro.grading.pool`).

    decide(r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}")        # True
"""

from __future__ import annotations

import re

from s1repro.grading.pool import ask
from s1repro.grading.vocabulary import FUNCTIONS, GREEK

_COMMANDS = GREEK | FUNCTIONS | {
    "frac", "sqrt", "pi", "log", "binom", "sum", "prod", "int", "lim", "to", "cdot", "times", "div", "partial",
    "lfloor", "rfloor", "lceil", "rceil", "gcd", "lcm", "max", "min", "det",
}  # fmt: skip
_BEYOND = frozenset(["sum", "prod", "int", "lim", "partial", "det"])
"""What our own reader leaves to math-verify; what it refuses for another reason stays refused."""
_TOKENS = re.compile(r"\\[A-Za-z]+|[A-Za-z]+|\d+(?:\.\d+)?|[-+*/^_=(){}\[\],|!<>]|\s+")
_NUMBERS_SIDE_BY_SIDE = re.compile(r"\d\s+\d|\d\.\d+\.")
LONGEST = 500


def is_formula(text: str) -> bool:
    """Whether a text is mathematics that our own reader leaves to math-verify, all of it."""
    return _is_whole(text) and any(command[1:] in _BEYOND for command in _TOKENS.findall(text))


def _is_whole(text: str) -> bool:
    """Whether math-verify reads all of a text, without leaving something out."""
    if len(text) > LONGEST or _NUMBERS_SIDE_BY_SIDE.search(text):
        return False
    tokens = _TOKENS.findall(text)
    if "".join(tokens) != text:
        return False
    words = [token for token in tokens if token.isalpha()]
    commands = [token[1:] for token in tokens if token.startswith("\\")]
    return (
        all(len(word) <= 2 for word in words)
        and all(command in _COMMANDS for command in commands)
        and not re.search(r"\^\s*\{?\s*T", text)
    )


def decide(answer: str, reference: str) -> bool:
    """Whether math-verify takes two formulas for the same; False where it cannot say within its time."""
    if not (is_formula(answer) or is_formula(reference)) or not (_is_whole(answer) and _is_whole(reference)):
        return False
    upper, lower = [
        {c for text in (answer, reference) for c in _letters(text) if c.isupper() == up} for up in (True, False)
    ]
    if {letter.lower() for letter in upper} & lower:  # math-verify does not tell A from a
        return False
    return ask(answer, reference)


def _letters(text: str) -> str:
    return re.sub(r"\\[A-Za-z]+|[^A-Za-z]", "", text)
