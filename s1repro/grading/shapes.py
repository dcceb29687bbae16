r"""The shapes that an answer can have: one expression, several, a bracket, a relation, a set, a matrix, a time, digits.

Several((Relation((Value("x", Sym("x")), Value("1", Num(1))), ("=",)), Value("2", Num(2))), "or")     # x=1 or 2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s1repro.grading.expression import Expression
from s1repro.grading.units import Unit

_MIRRORED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}


@dataclass(frozen=True)
class Value:
    """One expression, with its unit; `expression` is None where only math-verify may be able to read the text."""

    text: str
    expression: Expression | None
    unit: Unit | None = None


@dataclass(frozen=True)
class Several:
    """Answers beside each other, joined by commas, `and` or `or`."""

    parts: tuple[Shape, ...]
    joint: str


@dataclass(frozen=True)
class Bracket:
    r"""Parts in brackets: a pair, an interval, a vector; a set in `{}`."""

    parts: tuple[Shape, ...]
    left: str
    right: str


@dataclass(frozen=True)
class Relation:
    """Sides and the signs between them, from left to right; a side before the first sign may be missing (None)."""

    sides: tuple[Shape | None, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Union:
    """Sets joined."""

    parts: tuple[Shape, ...]


@dataclass(frozen=True)
class Matrix:
    """Rows of parts."""

    rows: tuple[tuple[Shape, ...], ...]


@dataclass(frozen=True)
class Clock:
    """A time of day: minutes from midnight or noon, and the half of the day where it is said."""

    minutes: int
    half: str


@dataclass(frozen=True)
class Digits:
    """A numeral and its base."""

    digits: str
    base: int


@dataclass(frozen=True)
class Ratio:
    """a : b."""

    parts: tuple[Shape, ...]


Shape = Value | Several | Bracket | Relation | Union | Matrix | Clock | Digits | Ratio
Alike = Callable[[Shape, Shape], bool]
"""Whether two shapes are the same: what compares the parts of those that hold others."""


def mirrored(sign: str) -> str:
    """The sign read from the right."""
    return _MIRRORED.get(sign, sign)
