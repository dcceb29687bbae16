r"""Whether two expressions are worth the same: as numbers, or at several points where they vary.

Numbers are compared relatively, so `10^{-30}` is not `10^{-40}`, and exactly where both are fractions. A decimal
fraction is the number that it says; six significant digits or more also stand for the number that rounds to them
(0.333333 for 1/3, not 0.3333).

    same(read("0.5"), read(r"\frac12"))     # True
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from s1repro.grading.arithmetic import CLOSE, context, inexact
from s1repro.grading.expression import Expression, Num, Op, Unreadable
from s1repro.grading.worth import POINTS, names, value_at, worth

_ROUNDED = 6
"""Significant digits from which on a decimal fraction may stand for what rounds to it."""
_DOUBLE, _DOUBLE_OFF = 15, 2.0**-51
"""From so many digits on it may be a double that a programme printed, which is off by so much of its size."""
_ENOUGH = 3
"""Points at which both must be worth something."""


def same(first: Expression, second: Expression) -> bool:
    """Whether both are worth the same. Raises `Unreadable` where that cannot be worked out."""
    variables = sorted(names(first) | names(second))
    if first == second:
        return True
    if names(first) != names(second) and not (variables and _cancels(first, second)):
        return False
    if variables:
        return _same_at_points(first, second, variables)
    a, b = worth(first, {}), worth(second, {})
    return close(a, b) or _rounds(first, a, b) or _rounds(second, b, a)


def _same_at_points(first: Expression, second: Expression, variables: list[str]) -> bool:
    """Whether both are worth the same wherever they are worth something, which must be at several points."""
    worked_out = 0
    for point in range(POINTS):
        where = {name: value_at(index, point) for index, name in enumerate(variables)}
        try:
            a, b = worth(first, where), worth(second, where)
        except Unreadable:
            continue
        if not close(a, b):
            return False
        worked_out += 1
    if worked_out < _ENOUGH:
        raise Unreadable("worth nothing at most points")
    return True


def _cancels(first: Expression, second: Expression) -> bool:
    """Whether the names that only one side has may cancel out (x - x)."""
    return bool(names(first) & names(second)) or not names(first) or not names(second)


def close(a: Any, b: Any) -> bool:
    """Whether two worths are the same number."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    ctx = context()
    a, b = inexact(a), inexact(b)
    size = max(abs(a), abs(b))
    return bool(size == 0 or abs(a - b) <= size * ctx.mpf(10) ** -CLOSE)


def same_expression(first: Expression, second: Expression) -> bool:
    """Whether two expressions are the same; False where that cannot be worked out."""
    try:
        return same(first, second)
    except Unreadable:
        return False


def _rounds(node: Expression, decimal: Any, other: Any) -> bool:
    """Whether a decimal fraction with enough digits is what the other number rounds to, and that is none itself."""
    if isinstance(node, Op) and node.name == "neg":
        node = node.args[0]
    if not isinstance(node, Num) or node.digits < _ROUNDED or not isinstance(decimal, Fraction):
        return False
    if isinstance(other, Fraction) and _is_decimal(other):
        return False
    places = 0
    while (decimal * 10**places).denominator != 1:
        places += 1
    places = max(places, node.digits - len(str(int(abs(decimal)))) if abs(decimal) >= 1 else places)
    ctx = context()
    other = inexact(other)
    off = abs(other - inexact(decimal))
    printed = node.digits >= _DOUBLE and off <= abs(other) * _DOUBLE_OFF
    return bool(ctx.im(other) == 0 and (printed or off * 2 <= ctx.mpf(10) ** -places))


def _is_decimal(number: Fraction) -> bool:
    """Whether a number is a decimal fraction itself: whether its denominator has no factors but 2 and 5."""
    left = number.denominator
    for factor in (2, 5):
        while left % factor == 0:
            left //= factor
    return left == 1
