r"""What an expression is worth at a point: exactly where it is a fraction, to sixty digits elsewhere.

All work is bounded: what would take long (`9^{9^{9^9}}`) is `Unreadable` here.

    worth(read(r"\frac{x}{2}"), {"x": Fraction(3)})      # Fraction(3, 2)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from s1repro.grading.arithmetic import add, bounded, context, divide, inexact, multiply, power, root
from s1repro.grading.expression import Expression, Num, Op, Sym, Unreadable
from s1repro.grading.functions import binomial, double_factorial, factorial, function, logarithm

_SIZES = (Fraction(1), Fraction(41), Fraction(1, 29), Fraction(977), Fraction(5, 3), Fraction(100_003))
"""Variables take values of all sizes, so that |4 - x| is not 4 - x."""
POINTS = len(_SIZES)


def worth(node: Expression, where: dict[str, Any]) -> Any:
    """The worth at a point: a `Fraction`, or a number of mpmath. Raises `Unreadable`."""
    try:
        return bounded(_work(node, where))
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
    return inexact(signs[point] * size)


def _work(node: Expression, where: dict[str, Any]) -> Any:
    if isinstance(node, Num):
        return node.value
    ctx = context()
    if isinstance(node, Sym):
        constants = {"pi": ctx.pi, "e": ctx.e, "i": ctx.mpc(0, 1)}
        return where[node.name] if node.name in where else +constants[node.name]
    args = [worth(arg, where) for arg in node.args]
    return _OPERATIONS[node.name](*args) if node.name in _OPERATIONS else function(node.name, args)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": add,
    "mul": multiply,
    "div": divide,
    "pow": power,
    "root": root,
    "neg": lambda a: -a,
    "abs": abs,
    "factorial": factorial,
    "doublefactorial": double_factorial,
    "binom": binomial,
    "log": logarithm,
}
