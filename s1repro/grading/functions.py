r"""Functions of worths: factorials, binomials, logarithms, and those that mpmath works out.

function("floor", [Fraction(7, 2)])     # Fraction(3)
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from s1repro.grading.arithmetic import CLOSE, LARGEST, context, inexact
from s1repro.grading.expression import Unreadable

_MPMATH = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arccot": "acot",
    "arcsec": "asec",
    "arccsc": "acsc",
    "Re": "re",
    "Im": "im",
}


def factorial(n: Any) -> Any:
    """n!, or what the gamma function makes of it."""
    if isinstance(n, Fraction) and n.denominator == 1 and 0 <= n <= 2000:
        return Fraction(math.factorial(n.numerator))
    if abs(n) > 10**6:
        raise Unreadable("a factorial out of reach")
    return context().gamma(inexact(n) + 1)


def double_factorial(n: Any) -> Any:
    """n!!, the product of every other number up to n; for whole numbers alone."""
    (whole,) = _integers([n])
    if not 0 <= whole <= 2000:
        raise Unreadable("a double factorial out of reach")
    return Fraction(math.prod(range(whole, 0, -2)))


def binomial(n: Any, k: Any) -> Any:
    """n over k."""
    whole = all(isinstance(each, Fraction) and each.denominator == 1 for each in (n, k))
    if whole and 0 <= n <= 2000 and k >= 0:
        return Fraction(math.comb(n.numerator, k.numerator))
    if abs(n) > 10**6 or abs(k) > 10**6:
        raise Unreadable("a binomial out of reach")
    return context().binomial(inexact(n), inexact(k))


def logarithm(number: Any, base: Any) -> Any:
    """A logarithm; exact where it is a whole number."""
    ctx = context()
    if number == 0 or base == 0 or base == 1:
        raise Unreadable("no logarithm")
    if isinstance(number, Fraction) and number == 1:
        return Fraction(0)
    if ctx.im(inexact(base)) == 0 and isinstance(base, Fraction) and isinstance(number, Fraction) and number > 0 < base:
        value = ctx.ln(inexact(number)) / ctx.ln(inexact(base))
        near = int(ctx.nint(value))
        if abs(near) < 2000 and base**near == number:
            return Fraction(near)
        return value
    return ctx.ln(inexact(number)) / ctx.ln(inexact(base))


def _integers(args: list[Any]) -> list[int]:
    if not all(isinstance(arg, Fraction) and arg.denominator == 1 for arg in args):
        raise Unreadable("no whole numbers")
    return [int(arg) for arg in args]


def function(name: str, args: list[Any]) -> Any:
    """A function by its name: of whole numbers (gcd), of several numbers (max), or of one. Raises `Unreadable`."""
    ctx = context()
    if name in ("gcd", "lcm"):
        return Fraction(getattr(math, name)(*_integers(args)))
    if name in ("max", "min"):
        return max(args, key=inexact) if name == "max" else min(args, key=inexact)
    (arg,) = args
    if name in ("floor", "ceil"):
        return Fraction(getattr(math, name)(arg)) if isinstance(arg, Fraction) else getattr(ctx, name)(arg)
    if abs(arg) > LARGEST:
        raise Unreadable(f"{name} out of reach")
    value = getattr(ctx, _MPMATH.get(name, name))(inexact(arg))
    trigonometric = name in ("sin", "cos", "tan", "cot", "sec", "csc")
    vanishes = trigonometric and abs(arg) > 0.1 and abs(value) < ctx.mpf(10) ** -(CLOSE + 8)
    if trigonometric and abs(value) > ctx.mpf(10) ** (CLOSE + 8):
        raise Unreadable(f"{name} has a pole here")
    return Fraction(0) if vanishes else value
