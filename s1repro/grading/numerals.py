r"""Numbers in digits at a place of a text: whole, decimal, and with a period that repeats without end.

number_at("2.50 m", 0)                  # (Num(Fraction(5, 2), digits=3), 4)
number_at(r"0.1\overline{6}", 0)        # (Num(Fraction(1, 6)), 16)
"""

from __future__ import annotations

import re
from fractions import Fraction

from s1repro.grading.expression import Num, Unreadable

_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_REPEATING = re.compile(
    r"(\d*)\.(\d*)(?:\\overline\s*\{(\d+)\}|\\overline\s*(\d)|\\bar\s*\{(\d+)\}|\\dot\s*(\{?\d\}?\d*\\dot\s*\{?\d\}?)|\\dot\s*\{?(\d)\}?|\((\d+)\)"
    r"|(\d)\9{2,}(?:\\ldots|\\dots|\\cdots|\.\.\.)|(\d{2,})\10+(?:\\ldots|\\dots|\\cdots|\.\.\.))"
)


def number_at(text: str, at: int) -> tuple[Num, int]:
    """The number that begins at a place, and the place behind it. Raises `Unreadable`."""
    repeating = _REPEATING.match(text, at)
    if repeating:
        return Num(_repeating(repeating)), repeating.end()
    match = _NUMBER.match(text, at)
    if not match:
        raise Unreadable("a point without digits")
    if text[match.end() : match.end() + 1] in ("_", "."):
        raise Unreadable("a number with an index, or with two points")
    digits = match.group()
    significant = len(digits.replace(".", "").lstrip("0")) if "." in digits else 0
    return Num(Fraction(digits), significant), match.end()


def _repeating(match: re.Match[str]) -> Fraction:
    r"""0.1\overline{6}, 0.1666...: what comes before the period, and the period itself without end."""
    whole, before = match.group(1) or "0", match.group(2)
    period = re.sub(r"\D", "", next(group for group in match.groups()[2:] if group))
    scale = 10 ** len(before)
    start = Fraction(int(whole + before), scale)
    return start + Fraction(int(period), scale * (10 ** len(period) - 1))
