r"""Whether two expressions are worth the same: as numbers, or at several points where they vary.

Numbers are compared relatively, so `10^{-30}` is not `10^{-40}`, and exactly where both are fractions. A decimal
fraction is the number that it says, or what rounds to it (`rounding`).

    same(read("0.5"), read(r"\frac12"))     # True
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from s1repro.grading.arithmetic import CLOSE, context, inexact
from s1repro.grading.expression import Expression, Unreadable
from s1repro.grading.rounding import rounds_to, unrounded
from s1repro.grading.worth import POINTS, names, value_at, worth

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
        return _same_at_points(first, second, variables) or _same_unrounded(first, second, variables)
    a, b = worth(first, {}), worth(second, {})
    return close(a, b) or rounds_to(first, b) or rounds_to(second, a)


def _same_unrounded(first: Expression, second: Expression, variables: list[str]) -> bool:
    """Whether one is the other with its fractions rounded: 0.333333 x for x/3."""
    return any(
        exact != rounded and _same_at_points(exact, other, variables)
        for exact, rounded, other in ((unrounded(first), first, second), (unrounded(second), second, first))
    )


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
