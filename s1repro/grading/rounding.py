r"""Decimal fractions that stand for what rounds to them: six significant digits or more, as programmes print numbers.

A number that is a decimal fraction itself (1/2, 3) has no rounded form: 0.5000001 is not 1/2.

    rounds_to(read("0.333333"), read(r"\frac13"))                   # True; 0.3333 is too short
    unrounded(read("0.333333 x"))                                   # the tree of \frac13 x
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from s1repro.grading.arithmetic import context, divide, inexact
from s1repro.grading.expression import Expression, Num, Op, Sym
from s1repro.grading.worth import worth

_ENOUGH = 6
"""Significant digits from which on a decimal fraction may stand for what rounds to it."""
_DOUBLE, _DOUBLE_OFF = 15, 2.0**-51
"""From so many digits on it may be a double that a programme printed, which is off by so much of its size."""
_LARGEST_DENOMINATOR = 1000
"""Of the fractions that a rounded part of an expression may be."""


def rounds_to(node: Expression, other: Any) -> bool:
    """Whether a decimal fraction, or one times a power of ten, is what the other number rounds to."""
    match node:
        case Op("neg", (negated,)):
            return rounds_to(negated, -other)
        case Op("mul", (Num() as factor, Op("pow", (Num(Fraction(numerator=10, denominator=1)), _)) as scale)):
            return rounds_to(factor, divide(other, worth(scale, {})))
    if not isinstance(node, Num) or node.digits < _ENOUGH or (isinstance(other, Fraction) and _is_decimal(other)):
        return False
    ctx = context()
    other = inexact(other)
    off = abs(other - inexact(node.value))
    printed = node.digits >= _DOUBLE and off <= abs(other) * _DOUBLE_OFF
    return bool(ctx.im(other) == 0 and (printed or off * 2 <= ctx.mpf(10) ** -_places(node)))


def unrounded(node: Expression) -> Expression:
    """An expression with e, pi and fractions in place of the decimal fractions that they round to."""
    if isinstance(node, Op):
        return Op(node.name, tuple(map(unrounded, node.args)))
    if not isinstance(node, Num) or node.digits < _ENOUGH:
        return node
    fraction = node.value.limit_denominator(_LARGEST_DENOMINATOR)
    for exact in (Sym("e"), Sym("pi"), Num(fraction)):
        if rounds_to(node, worth(exact, {})):
            return exact
    return node


def _places(number: Num) -> int:
    """The digits behind the point; zeros at the end count where the significant digits say so."""
    places = 0
    while (number.value * 10**places).denominator != 1:
        places += 1
    whole = len(str(int(number.value)))
    return max(places, number.digits - whole) if number.value >= 1 else places


def _is_decimal(number: Fraction) -> bool:
    """Whether a number is a decimal fraction itself: whether its denominator has no factors but 2 and 5."""
    left = number.denominator
    for factor in (2, 5):
        while left % factor == 0:
            left //= factor
    return left == 1
