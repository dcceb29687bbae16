r"""What an expression is worth: exactly where it is a fraction, to sixty digits elsewhere, and at points if it varies.

Two expressions are the same where their worths are, at every one of a few points. Numbers are compared relatively, so
`10^{-30}` is not `10^{-40}`, and exactly where both are fractions. A decimal fraction is the number that it says; six
significant digits or more also stand for the number that rounds to them (0.333333 for 1/3, not 0.3333). All work is
bounded: what would take long (`9^{9^{9^9}}`) is `Unreadable` here.

    same(read("0.5"), read(r"\frac12"))     # True
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from s1repro.grading.expression import Expression, Num, Op, Sym, Unreadable

_DIGITS = 60
_CLOSE = 40
"""Digits in which two inexact numbers must agree."""
_ROUNDED = 6
"""Significant digits from which on a decimal fraction may stand for what rounds to it."""
_DOUBLE, _DOUBLE_OFF = 15, 2.0**-51
"""From so many digits on it may be a double that a programme printed, which is off by so much of its size."""
_BITS = 200_000
"""An exact number may be so long."""
_LARGEST = 10**12
"""Functions and exponents are worked out up to here."""
_SIZES = (Fraction(1), Fraction(41), Fraction(1, 29), Fraction(977), Fraction(5, 3), Fraction(100_003))
"""Variables take values of all sizes, so that |4 - x| is not 4 - x."""
POINTS = len(_SIZES)
_ENOUGH = 3
_local = threading.local()


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
    ctx = _context()
    a, b = _inexact(a), _inexact(b)
    size = max(abs(a), abs(b))
    return bool(size == 0 or abs(a - b) <= size * ctx.mpf(10) ** -_CLOSE)


def worth(node: Expression, where: dict[str, Any]) -> Any:
    """The worth at a point: a `Fraction`, or a number of mpmath. Raises `Unreadable`."""
    try:
        return _bounded(_work(node, where))
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def names(node: Expression) -> frozenset[str]:
    """The variables of an expression."""
    if isinstance(node, Sym):
        return frozenset() if node.name in ("pi", "e", "i") else frozenset([node.name])
    return frozenset().union(*map(names, node.args)) if isinstance(node, Op) else frozenset()


def value_at(index: int, point: int) -> Any:
    """A variable's value at a point: no neat number, of either sign, and not zero."""
    size = _SIZES[point] * Fraction(10_007 + 7_919 * index + 3_571 * point, 6_133 + 811 * ((index + point) % 5))
    signs = (1, 1, -1, 1 if index % 2 else -1, -1 if index % 2 else 1, 1)
    return _inexact(signs[point] * size)


def _rounds(node: Expression, decimal: Any, other: Any) -> bool:
    """Whether a decimal fraction with enough digits is what the other number rounds to, and that is none itself."""
    if isinstance(node, Op) and node.name == "neg":
        node = node.args[0]
    if not isinstance(node, Num) or node.digits < _ROUNDED or not isinstance(decimal, Fraction):
        return False
    if isinstance(other, Fraction) and set(_prime_factors_2_5(other.denominator)) == {1}:
        return False
    places = 0
    while (decimal * 10**places).denominator != 1:
        places += 1
    places = max(places, node.digits - len(str(int(abs(decimal)))) if abs(decimal) >= 1 else places)
    ctx = _context()
    other = _inexact(other)
    off = abs(other - _inexact(decimal))
    printed = node.digits >= _DOUBLE and off <= abs(other) * _DOUBLE_OFF
    return bool(ctx.im(other) == 0 and (printed or off * 2 <= ctx.mpf(10) ** -places))


def _prime_factors_2_5(number: int) -> tuple[int]:
    """What is left of a number without its factors 2 and 5: 1 where it divides a power of ten."""
    for factor in (2, 5):
        while number % factor == 0:
            number //= factor
    return (number,)


def _context() -> Any:
    """mpmath's numbers at our precision, for this thread alone: a context is no thread's but its own."""
    if not hasattr(_local, "context"):
        from mpmath import MPContext

        _local.context = MPContext()
        _local.context.dps = _DIGITS
    return _local.context


def _inexact(number: Any) -> Any:
    if isinstance(number, Fraction):
        return _context().mpf(number.numerator) / number.denominator
    return number


def _bounded(number: Any) -> Any:
    """The number; inexact where its exact form is too long."""
    if isinstance(number, int):
        number = Fraction(number)
    if isinstance(number, Fraction):
        long = max(number.numerator.bit_length(), number.denominator.bit_length()) > _BITS
        return _inexact(number) if long else number
    ctx = _context()
    if not (ctx.isfinite(ctx.re(number)) and ctx.isfinite(ctx.im(number))):
        raise Unreadable("no finite number")
    return ctx.re(number) if ctx.im(number) == 0 else number


def _work(node: Expression, where: dict[str, Any]) -> Any:
    if isinstance(node, Num):
        return node.value
    ctx = _context()
    if isinstance(node, Sym):
        constants = {"pi": ctx.pi, "e": ctx.e, "i": ctx.mpc(0, 1)}
        return where[node.name] if node.name in where else +constants[node.name]
    args = [worth(arg, where) for arg in node.args]
    return _OPERATIONS[node.name](*args) if node.name in _OPERATIONS else _function(node.name, args)


def _add(*terms: Any) -> Any:
    """A sum; what is left of inexact terms that cancel is zero."""
    if all(isinstance(term, Fraction) for term in terms):
        return sum(terms)
    inexact = [_inexact(term) for term in terms]
    total, largest = sum(inexact), max(map(abs, inexact))
    if any(term != 0 and abs(term) < largest * _context().mpf(10) ** -_CLOSE for term in inexact):
        raise Unreadable("a term that is lost beside another")
    return Fraction(0) if abs(total) < largest * _context().mpf(10) ** -(_CLOSE + 8) else total


def _multiply(a: Any, b: Any) -> Any:
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a * b if exact else _inexact(a) * _inexact(b)


def _divide(a: Any, b: Any) -> Any:
    if b == 0:
        raise Unreadable("divided by zero")
    exact = isinstance(a, Fraction) and isinstance(b, Fraction)
    return a / b if exact else _inexact(a) / _inexact(b)


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > _LARGEST:
        raise Unreadable("an exponent out of reach")
    if base == 0 and not (isinstance(exponent, Fraction) and exponent > 0):
        raise Unreadable("no power of zero")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if bits * abs(exponent.numerator) <= _BITS:
                return base**exponent.numerator
        elif base < 0 and exponent.denominator % 2 == 1:  # the real root, as with a root's sign
            return (-1) ** exponent.numerator * _power(-base, exponent)
        elif base > 0:
            root = _exact_root(base, exponent.denominator)
            if root is not None:
                return _power(root, Fraction(exponent.numerator))
    ctx = _context()
    odd = isinstance(exponent, Fraction) and exponent.denominator > 1 and exponent.denominator % 2 == 1
    if odd and ctx.im(_inexact(base)) == 0 and base < 0:
        return (-1) ** exponent.numerator * _power(-base, exponent)
    return ctx.power(_inexact(base), _inexact(exponent))


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


def _root(base: Any, degree: Any) -> Any:
    """A root: the real one for an odd degree."""
    if degree == 0:
        raise Unreadable("a root of degree zero")
    odd = isinstance(degree, Fraction) and degree.denominator == 1 and degree.numerator % 2 == 1
    if odd and _context().im(_inexact(base)) == 0 and base < 0:
        return -_power(-base, 1 / degree)
    return _power(base, _divide(Fraction(1), degree))


def _factorial(n: Any) -> Any:
    if isinstance(n, Fraction) and n.denominator == 1 and 0 <= n <= 2000:
        return Fraction(math.factorial(n.numerator))
    if abs(n) > 10**6:
        raise Unreadable("a factorial out of reach")
    return _context().gamma(_inexact(n) + 1)


def _binomial(n: Any, k: Any) -> Any:
    whole = all(isinstance(each, Fraction) and each.denominator == 1 for each in (n, k))
    if whole and 0 <= n <= 2000 and k >= 0:
        return Fraction(math.comb(n.numerator, k.numerator))
    if abs(n) > 10**6 or abs(k) > 10**6:
        raise Unreadable("a binomial out of reach")
    return _context().binomial(_inexact(n), _inexact(k))


def _log(number: Any, base: Any) -> Any:
    ctx = _context()
    if number == 0 or base == 0 or base == 1:
        raise Unreadable("no logarithm")
    if isinstance(number, Fraction) and number == 1:
        return Fraction(0)
    if (
        ctx.im(_inexact(base)) == 0
        and isinstance(base, Fraction)
        and isinstance(number, Fraction)
        and number > 0 < base
    ):
        value = ctx.ln(_inexact(number)) / ctx.ln(_inexact(base))
        near = int(ctx.nint(value))
        if abs(near) < 2000 and base**near == number:
            return Fraction(near)
        return value
    return ctx.ln(_inexact(number)) / ctx.ln(_inexact(base))


def _integers(args: list[Any]) -> list[int]:
    if not all(isinstance(arg, Fraction) and arg.denominator == 1 for arg in args):
        raise Unreadable("no whole numbers")
    return [int(arg) for arg in args]


def _function(name: str, args: list[Any]) -> Any:
    ctx = _context()
    if name in ("gcd", "lcm"):
        return Fraction(getattr(math, name)(*_integers(args)))
    if name in ("max", "min"):
        return max(args, key=_inexact) if name == "max" else min(args, key=_inexact)
    (arg,) = args
    if name in ("floor", "ceil"):
        return Fraction(getattr(math, name)(arg)) if isinstance(arg, Fraction) else getattr(ctx, name)(arg)
    if abs(arg) > _LARGEST:
        raise Unreadable(f"{name} out of reach")
    value = getattr(ctx, _MPMATH.get(name, name))(_inexact(arg))
    trigonometric = name in ("sin", "cos", "tan", "cot", "sec", "csc")
    vanishes = trigonometric and abs(arg) > 0.1 and abs(value) < ctx.mpf(10) ** -(_CLOSE + 8)
    if trigonometric and abs(value) > ctx.mpf(10) ** (_CLOSE + 8):
        raise Unreadable(f"{name} has a pole here")
    return Fraction(0) if vanishes else value


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
_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "pow": _power,
    "root": _root,
    "neg": lambda a: -a,
    "abs": abs,
    "factorial": _factorial,
    "binom": _binomial,
    "log": _log,
}
