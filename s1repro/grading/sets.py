r"""Sets of numbers: intervals, their unions, and the inequalities that say the same.

same_sets(read_shape("x>2"), read_shape(r"(2,\infty)"))     # True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from s1repro.grading.expression import Expression, Num, Op, Sym, Unreadable
from s1repro.grading.sameness import same_expression
from s1repro.grading.shapes import Bracket, Relation, Several, Shape, Union, Value, mirrored
from s1repro.grading.worth import worth

T = TypeVar("T")
_INFINITY = Sym("\\infty")
_MINUS_INFINITY = Op("neg", (_INFINITY,))
End = tuple[Expression, bool]
Interval = tuple[End, End]


def same_sets(answer: Shape, reference: Shape) -> bool | None:
    """Inequalities, intervals and their unions; None unless one side is no mere pair of brackets."""
    told = [
        isinstance(shape, Union) or _is_inequality(shape) or _is_all_numbers(shape) for shape in (answer, reference)
    ]
    if not any(told):
        return None
    if _variable(answer) and _variable(reference) and _variable(answer) != _variable(reference):
        return False
    first, second = _intervals(answer), _intervals(reference)
    if first is None or second is None:
        return None
    return len(first) == len(second) and pair_up(first, second, _same_interval)


def _is_all_numbers(shape: Shape | None) -> bool:
    return isinstance(shape, Value) and shape.text.replace(" ", "") == "\\mathbb{R}"


def _is_inequality(shape: Shape) -> bool:
    if isinstance(shape, Several):
        return any(map(_is_inequality, shape.parts))
    return isinstance(shape, Relation) and bool({"<", ">", "\\le", "\\ge", "\\ne", "\\in"} & set(shape.signs))


def _variable(shape: Shape | None) -> str:
    """The name of what an inequality is about; "" where it is not said."""
    if isinstance(shape, Several | Union):
        return next(filter(None, map(_variable, shape.parts)), "")
    if isinstance(shape, Relation):
        return next((side.text for side in shape.sides if isinstance(side, Value) and _is_variable(side)), "")
    return ""


def _is_variable(side: Shape | None) -> bool:
    if isinstance(side, Value) and side.expression is None:
        return re.fullmatch(r"[a-z]\([a-z]\)", side.text) is not None
    return isinstance(side, Value) and isinstance(side.expression, Sym) and side.expression not in (
        _INFINITY, Sym("pi"), Sym("e"), Sym("i"))  # fmt: skip


def _intervals(shape: Shape | None) -> list[Interval] | None:
    r"""A set of numbers as intervals; None where it is none."""
    if isinstance(shape, Union) or (isinstance(shape, Several) and shape.joint == "or"):
        joined: list[Interval] = []
        for part in map(_intervals, shape.parts):
            if part is None:
                return None
            joined += part
        return joined
    if isinstance(shape, Several):
        parts = [_intervals(part) for part in shape.parts]
        if len(parts) == 2 and all(part is not None and len(part) == 1 for part in parts):
            return _overlap(parts[0][0], parts[1][0]) if parts[0] and parts[1] else None
        return None
    if isinstance(shape, Bracket) and shape.left in "([" and shape.right in ")]" and len(shape.parts) == 2:
        low, high = map(expression_of, shape.parts)
        return [((low, shape.left == "["), (high, shape.right == "]"))] if low and high else None
    if isinstance(shape, Bracket) and shape.left == "{":
        points = [expression_of(part) for part in shape.parts]
        return [((point, True), (point, True)) for point in points if point] if all(points) else None
    if _is_all_numbers(shape):
        return [((_MINUS_INFINITY, False), (_INFINITY, False))]
    return _solved(shape) if isinstance(shape, Relation) else None


def _overlap(first: Interval, second: Interval) -> list[Interval] | None:
    """x > 2 and x < 5: one gives the lower end and the other the upper one."""
    for one, other in ((first, second), (second, first)):
        if one[1][0] == _INFINITY and other[0][0] == _MINUS_INFINITY:
            return [(one[0], other[1])]
    return None


def expression_of(shape: Shape | None) -> Expression | None:
    """The one expression that a shape is, where it has no unit."""
    return shape.expression if isinstance(shape, Value) and shape.unit is None else None


def _solved(relation: Relation) -> list[Interval] | None:
    """Inequalities that have their variable alone on a side, or in the middle."""
    sides, signs = relation.sides, relation.signs
    if signs == ("\\in",):
        return _intervals(sides[1])
    if len(signs) == 1 and isinstance(sides[0], Value) and _is_size(sides[0].expression):
        return _around_zero(signs[0], expression_of(sides[1]))
    if len(signs) == 1 and (sides[0] is None or _is_variable(sides[0])):
        return _half_line(signs[0], expression_of(sides[1]))
    if len(signs) == 1 and _is_variable(sides[1]):
        return _half_line(mirrored(signs[0]), expression_of(sides[0]))
    if len(signs) == 2 and isinstance(sides[1], Value) and _is_size(sides[1].expression):
        return _between_sizes(expression_of(sides[0]), signs, expression_of(sides[2]))
    if len(signs) == 2 and _is_variable(sides[1]):
        low, high = expression_of(sides[0]), expression_of(sides[2])
        if low and high and set(signs) <= {"<", "\\le"}:
            return [((low, signs[0] == "\\le"), (high, signs[1] == "\\le"))]
        if low and high and set(signs) <= {">", "\\ge"}:
            return [((high, signs[1] == "\\ge"), (low, signs[0] == "\\ge"))]
    return None


def _is_size(side: Expression | None) -> bool:
    return isinstance(side, Op) and side.name == "abs" and isinstance(side.args[0], Sym)


def _around_zero(sign: str, end: Expression | None) -> list[Interval] | None:
    """What |x| < a and |x| > a are, for a number a above zero."""
    if not isinstance(end, Num) or end.value <= 0:
        return None
    low, closed = Op("neg", (end,)), sign in ("\\le", "\\ge")
    if sign in ("<", "\\le"):
        return [((low, closed), (end, closed))]
    if sign in (">", "\\ge"):
        return [((_MINUS_INFINITY, False), (low, closed)), ((end, closed), (_INFINITY, False))]
    return None


def _between_sizes(low: Expression | None, signs: tuple[str, ...], high: Expression | None) -> list[Interval] | None:
    """What a < |x| < b is, for numbers 0 < a < b: an interval on either side of zero."""
    if set(signs) <= {">", "\\ge"}:
        low, signs, high = high, signs[::-1], low
    elif not set(signs) <= {"<", "\\le"}:
        return None
    if low is None or high is None or not 0 < _number(low) < _number(high):
        return None
    ends = [(end, sign in ("\\le", "\\ge")) for end, sign in zip((low, high), signs, strict=True)]
    mirror = [(Op("neg", (end,)), closed) for end, closed in ends[::-1]]
    return [(mirror[0], mirror[1]), (ends[0], ends[1])]


def _number(end: Expression) -> float:
    """What an end of an interval is worth, about; -1 where it is no real number."""
    try:
        return float(worth(end, {}))
    except (Unreadable, KeyError, TypeError):
        return -1.0


def _half_line(sign: str, end: Expression | None) -> list[Interval] | None:
    if end is None:
        return None
    below: End = (_MINUS_INFINITY, False)
    above: End = (_INFINITY, False)
    lines: dict[str, list[Interval]] = {
        "<": [(below, (end, False))],
        "\\le": [(below, (end, True))],
        ">": [((end, False), above)],
        "\\ge": [((end, True), above)],
        "\\ne": [(below, (end, False)), ((end, False), above)],
    }
    return lines.get(sign)


def _same_interval(first: Interval, second: Interval) -> bool:
    return all(
        one[1] == other[1] and same_expression(one[0], other[0]) for one, other in zip(first, second, strict=True)
    )


def pair_up(first: Sequence[T], second: Sequence[T], alike: Callable[[T, T], bool]) -> bool:
    """Whether each of the one has a partner of its own among the other."""
    left = list(second)
    for one in first:
        partner = next((index for index, other in enumerate(left) if alike(one, other)), None)
        if partner is None:
            return False
        left.pop(partner)
    return not left
