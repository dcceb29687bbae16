r"""The tree of one mathematical expression: numbers, names, and operations on expressions.

Op("mul", (Num(Fraction(7)), Op("root", (Num(Fraction(3)), Num(Fraction(2))))))      # 7\sqrt{3}
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


class Unreadable(ValueError):
    """The text is not one expression, or none that is understood."""


@dataclass(frozen=True)
class Num:
    """A number, exactly; `digits` are the significant ones of a decimal fraction, 0 for a whole number."""

    value: Fraction
    digits: int = 0


@dataclass(frozen=True)
class Sym:
    """A variable or a constant: `x`, `x_1`, `pi`, `e`, `i`."""

    name: str


@dataclass(frozen=True)
class Op:
    """An operation on expressions."""

    name: str
    args: tuple[Expression, ...]


Expression = Num | Sym | Op
