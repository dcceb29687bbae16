r"""Whether two shapes that hold no others are the same: values with their units, times of day, numerals, ratios.

Each rule says None where it has nothing to say. A numeral without a base is one in the other side's; percent goes
with a bare number either way.

    same_values(read_shape(r"5 \text{km}"), read_shape(r"5000 \text{m}"))      # True
"""

from __future__ import annotations

import re
from fractions import Fraction

from s1repro.grading.engine import decide
from s1repro.grading.expression import Expression, Num, Op, Unreadable
from s1repro.grading.sameness import same, same_expression
from s1repro.grading.sets import expression_of
from s1repro.grading.shapes import Clock, Digits, Ratio, Shape, Value
from s1repro.grading.units import Unit, agree


def same_clocks(answer: Shape, reference: Shape) -> bool | None:
    """Times of day; am and pm count where both say them. A whole hour is its number as well."""
    if isinstance(answer, Clock) and isinstance(reference, Clock):
        return answer.minutes == reference.minutes and (
            not answer.half or not reference.half or answer.half == reference.half
        )
    for one, other in ((answer, reference), (reference, answer)):
        if isinstance(one, Clock) and isinstance(other, Ratio):
            return False
        if isinstance(one, Clock):
            return one.minutes % 60 == 0 and _is_plain_number(other, Fraction(one.minutes // 60 or 12))
    return None


def _is_plain_number(shape: Shape, number: Fraction) -> bool:
    return isinstance(shape, Value) and isinstance(shape.expression, Num) and shape.expression.value == number


def same_numerals(answer: Shape, reference: Shape) -> bool | None:
    """Numerals with their bases; one without a base is one in the other side's."""
    if isinstance(answer, Digits) and isinstance(reference, Digits):
        return answer == reference
    for one, other in ((answer, reference), (reference, answer)):
        if isinstance(one, Digits):
            return isinstance(other, Value) and other.text.upper().lstrip("0") == one.digits
    return None


def same_values(answer: Shape, reference: Shape) -> bool | None:
    """Expressions with their units; what cannot be worked out goes to math-verify."""
    if not isinstance(answer, Value) or not isinstance(reference, Value):
        return None
    if not agree(answer.unit, reference.unit):
        return False
    if answer.expression is None or reference.expression is None:
        alike = re.sub(r"\s+", "", answer.text) == re.sub(r"\s+", "", reference.text)
        return alike or decide(answer.text, reference.text)
    first, second = _scaled(answer, reference.unit), _scaled(reference, answer.unit)
    try:
        if same(first, second):
            return True
        percent = _is_percent(answer.unit) != _is_percent(reference.unit)
        if percent and (answer.unit is None or reference.unit is None):
            return same(_hundredth(answer), _hundredth(reference))
        return False
    except Unreadable:
        return decide(answer.text, reference.text)


def _scaled(value: Value, other: Unit | None) -> Expression:
    """A value in base units, where both sides state units."""
    assert value.expression is not None
    if value.unit is None or other is None or not value.unit.dimensions or not other.dimensions:
        return value.expression
    if value.unit.factor == other.factor:
        return value.expression
    return Op("mul", (value.expression, Num(value.unit.factor)))


def _is_percent(unit: Unit | None) -> bool:
    return unit is not None and "hundredth" in unit.dimensions


def _hundredth(value: Value) -> Expression:
    assert value.expression is not None
    return Op("mul", (value.expression, Num(Fraction(1, 100)))) if _is_percent(value.unit) else value.expression


def same_ratios(answer: Shape, reference: Shape) -> bool | None:
    """a : b and ka : kb; of two parts, a fraction as well."""
    if not isinstance(answer, Ratio) or not isinstance(reference, Ratio):
        for one, other in ((answer, reference), (reference, answer)):
            if isinstance(one, Ratio) and isinstance(other, Value) and len(one.parts) == 2:
                above, below = map(expression_of, one.parts)
                return bool(above and below and other.expression and other.unit is None
                            and same_expression(Op("div", (above, below)), other.expression))  # fmt: skip
        return False if isinstance(answer, Ratio) or isinstance(reference, Ratio) else None
    if len(answer.parts) != len(reference.parts):
        return False
    first, second = [list(map(expression_of, shape.parts)) for shape in (answer, reference)]
    if None in first or None in second:
        return False
    return all(
        same_expression(Op("mul", (a, second[0])), Op("mul", (b, first[0])))  # type: ignore[arg-type]
        for a, b in zip(first, second, strict=True)
    )
