r"""Arithmetic on worths: exact on fractions, to sixty digits elsewhere, and bounded throughout.

A worth is a `Fraction` or a number of mpmath. What would take long, or is no number, is `Unreadable`.

    power(Fraction(9, 4), Fraction(1, 2))       # Fraction(3, 2)
"""

from __future__ import annotations

import math
import threading
from fractions import Fraction
from typing import Any

from s1repro.grading.expression import Unreadable

CLOSE = 40
"""Digits in which two inexact numbers must agree."""
LARGEST = 10**12
"""Functions and exponents are worked out up to here."""
_DIGITS = 60
_BITS = 200_000
"""An exact number may be so long."""
_local = threading.local()


def context() -> Any:
    """mpmath's numbers at our precision, for this thread alone: a context is no thread's but its own."""
    if not hasattr(_local, "context"):
        from mpmath import MPContext

        _local.context = MPContext()
        _local.context.dps = _DIGITS
    return _local.context


def inexact(number: Any) -> Any:
    """A worth as a number of mpmath."""
    if isinstance(number, Fraction):
        return context().mpf(number.numerator) / number.denominator
    return number


def bounded(number: Any) -> Any:
    """The number; inexact where its exact form is too long."""
    if isinstance(number, int):
        number = Fraction(number)
    if isinstance(number, Fraction):
        long = max(number.numerator.bit_length(), number.denominator.bit_length()) > _BITS
        return inexact(number) if long else number
    ctx = context()
    if not (ctx.isfinite(ctx.re(number)) and ctx.isfinite(ctx.im(number))):
        raise Unreadable("no finite number")
    return ctx.re(number) if ctx.im(number) == 0 else number


def add(*terms: Any) -> Any:
    """A sum; what is left of inexact terms that cancel is zero."""
    if all(isinstance(term, Fraction) for term in terms):
        return sum(terms)
    numbers = [inexact(term) for term in terms]
    total, largest = sum(numbers), max(map(abs, numbers))
    if any(term != 0 and abs(term) < largest * context().mpf(10) ** -CLOSE for term in numbers):
        raise Unreadable("a term that is lost beside another")
    return Fraction(0) if abs(total) < largest * context().mpf(10) ** -(CLOSE + 8) else total


def multiply(a: Any, b: Any) -> Any:
    """A product; exact where both are."""
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a * b if exact else inexact(a) * inexact(b)


def divide(a: Any, b: Any) -> Any:
    """A quotient; exact where both are."""
    if b == 0:
        raise Unreadable("divided by zero")
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a / b if exact else inexact(a) / inexact(b)


def power(base: Any, exponent: Any) -> Any:
    """A power: exact where it is a fraction of bounded length, the real one for a root of odd degree."""
    if abs(exponent) > LARGEST:
        raise Unreadable("an exponent out of reach")
    if base == 0 and not (isinstance(exponent, Fraction) and exponent > 0):
        raise Unreadable("no power of zero")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if bits * abs(exponent.numerator) <= _BITS:
                return base**exponent.numerator
        elif base < 0 and exponent.denominator % 2 == 1:  # the real root, as with a root's sign
            return (-1) ** exponent.numerator * power(-base, exponent)
        elif base > 0:
            exact = _exact_root(base, exponent.denominator)
            if exact is not None:
                return power(exact, Fraction(exponent.numerator))
    ctx = context()
    odd = isinstance(exponent, Fraction) and exponent.denominator > 1 and exponent.denominator % 2 == 1
    if odd and ctx.im(inexact(base)) == 0 and base < 0:
        return (-1) ** exponent.numerator * power(-base, exponent)
    return ctx.power(inexact(base), inexact(exponent))


def _exact_root(base: Fraction, degree: int) -> Fraction | None:
    """The root where it is a fraction: the square root of 9/4 is 3/2."""
    if degree > 64:
        return None
    above, below = _whole_root(base.numerator, degree), _whole_root(base.denominator, degree)
    return Fraction(above, below) if above is not None and below is not None else None


def _whole_root(number: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(number)
        return root if root * root == number else None
    if number.bit_length() > 1000:
        return None
    root = round(number ** (1 / degree))
    return next((guess for guess in (root - 1, root, root + 1) if guess >= 0 and guess**degree == number), None)


def root(base: Any, degree: Any) -> Any:
    """A root: the real one for an odd degree."""
    if degree == 0:
        raise Unreadable("a root of degree zero")
    odd = isinstance(degree, Fraction) and degree.denominator == 1 and degree.numerator % 2 == 1
    if odd and context().im(inexact(base)) == 0 and base < 0:
        return -power(-base, 1 / degree)
    return power(base, divide(Fraction(1), degree))
