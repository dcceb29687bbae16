r"""Whether two answers are the same: their words, or their shapes, part by part.

equal(r"x>2", r"(2,\infty)")        # True
equal("10, 11", "11 and 10")        # True: what stands side by side has no order
equal("(1,2)", "(2,1)")             # False
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from s1repro.grading.clothes import LONGEST, undress
from s1repro.grading.engine import decide
from s1repro.grading.expression import Expression, Num, Op, Sym, Unreadable
from s1repro.grading.reading import read_shape
from s1repro.grading.remarks import without_remark
from s1repro.grading.sentence import value_in
from s1repro.grading.sets import expression_of, pair_up, same_expression, same_sets
from s1repro.grading.shapes import (
    Bracket,
    Clock,
    Digits,
    Matrix,
    Ratio,
    Relation,
    Several,
    Shape,
    Value,
    mirrored,
)
from s1repro.grading.units import Unit, agree
from s1repro.grading.worth import close, names, same, value_at, worth

_NAME = re.compile(
    r"[A-Z]{2,4}|\\frac\{[A-Z]{2}\}\{[A-Z]{2}\}|\|?[A-Z]{2}\|?|\|[A-Za-z]\|"
    r"|[A-Za-z]\^\{?-1\}?(?:\([a-z]\))?|[A-Za-z](?:'|_\{?\w+\}?)*\([A-Za-z0-9,]+\)"
)
"""What stands on the left of an equation as a name: AB, |AB|, f(x), P(A)."""


@lru_cache(maxsize=65536)
def equal(answer: str, reference: str) -> bool:
    """Whether two answers, in whatever clothes, are the same."""
    first, second = undress(answer), undress(reference)
    if not first or not second:
        return False
    if _name(first) == _name(second):
        return True
    if _name(without_remark(first)) == _name(second) or _decimal_comma(first, second) or _decimal_comma(second, first):
        return True
    one, other = shape_of(first), shape_of(second)
    return one is not None and other is not None and matches(one, other)


def _decimal_comma(first: str, second: str) -> bool:
    """Whether one writes with a comma what the other writes with a point: 2,74 and 2.74."""
    return re.fullmatch(r"-?\d+,\d+", first) is not None and first.replace(",", ".") == second


@lru_cache(maxsize=16384)
def shape_of(undressed: str) -> Shape | None:
    """What an answer without clothes says in mathematics; None where it says nothing that can be compared."""
    if len(undressed) > LONGEST:
        return None
    bare = without_remark(undressed)
    for text in dict.fromkeys((undressed, bare, value_in(bare))):
        if text:
            try:
                return read_shape(text)
            except (Unreadable, RecursionError):
                continue
    return None


def _name(text: str) -> str:
    """An answer as words: without LaTeX's wrapping and spaces; a word or several without their case."""
    name = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text).replace("$", " ")
    words = " ".join(name.split())
    if re.fullmatch(r"[A-Za-z][A-Za-z '.,-]+", words) and (len(words) > 2 or words.lower() in ("no", "up")):
        return re.sub(r"^(?:an?|the) ", "", words.casefold().replace(".", ""))
    spaced = re.sub(r"(?<=[\dA-Za-z.]) (?=[\dA-Za-z.])", "\0", words).replace(" ", "").replace("\0", " ")
    return re.sub(r"(\\[A-Za-z]+) (?=[A-Za-z])", r"\1 ", spaced)


def matches(answer: Shape, reference: Shape) -> bool:
    """Whether two shapes are the same."""
    answer, reference = _plain(answer), _plain(reference)
    if isinstance(answer, Relation) != isinstance(reference, Relation):
        answer, reference = _without_name(answer), _without_name(reference)
    for rule in (_clocks, _digits, _values, same_sets, _relations, _matrices, _ratios, _groups):
        verdict = rule(answer, reference)
        if verdict is not None:
            return verdict
    return False


def _plain(shape: Shape) -> Shape:
    """A chain of equations is its last side, where all say the same; a name keeps its first side."""
    if isinstance(shape, Bracket) and (shape.left, shape.right, len(shape.parts)) == ("{", "}", 1):
        return _plain(shape.parts[0])
    if (
        isinstance(shape, Several)
        and shape.joint == "or"
        and all(matches(part, shape.parts[0]) for part in shape.parts[1:])
    ):
        return _plain(shape.parts[0])  # 3/4, or 0.75
    if not isinstance(shape, Relation) or not set(shape.signs) <= {"=", "\\approx"}:
        return shape
    sides = list(shape.sides)
    for index, sign in enumerate(shape.signs):
        if sign == "\\approx" and index > 0:  # an exact value, and what it is about
            sides = sides[: index + 1]
            break
    if sides[0] is None:
        return sides[-1] or shape
    first = sides[0]
    if not _is_name(first) and _is_number(first) and isinstance(sides[-1], Value):
        steps = all(side is not None and matches(first, side) for side in sides[1:])
        if len(shape.signs) == 1 and shape.signs[0] == "\\approx":
            return first
        return sides[-1] if steps else shape
    if len(sides) > 2 and all(side is not None and _is_value(side) for side in sides[1:]):
        values = [side for side in sides[1:] if side is not None]
        if all(matches(side, values[-1]) for side in values[:-1]):
            return Relation((first, values[-1]), ("=",))
    return Relation(tuple(sides), ("=",) * (len(sides) - 1))


def _is_value(shape: Shape) -> bool:
    return isinstance(shape, Value | Bracket | Several | Matrix)


def _is_number(shape: Shape) -> bool:
    if not isinstance(shape, Value) or shape.expression is None:
        return False
    try:
        worth(shape.expression, {})
    except (Unreadable, KeyError):
        return False
    return True


def _is_name(shape: Shape | None) -> bool:
    """Whether the left side of an equation only names what the right side is."""
    if not isinstance(shape, Value):
        return isinstance(shape, Bracket | Ratio) and all(map(_is_name, shape.parts))
    if shape.expression is None:
        return not re.search(r"\d(?!\))", shape.text) or bool(re.match(r"[A-Za-z]\(", shape.text))
    letters = _NAME.fullmatch(shape.text.replace(" ", ""))
    return isinstance(shape.expression, Sym) or bool(letters)


def _without_name(shape: Shape) -> Shape:
    """What an equation gives its name to; `x \\in S` gives it S."""
    if isinstance(shape, Relation) and len(shape.signs) == 1 and shape.signs[0] in ("=", "\\approx", "\\in"):
        left, right = shape.sides
        if _is_name(left) and right is not None:
            return right
    return shape


def _unnamed(parts: Sequence[Shape]) -> tuple[Shape, ...]:
    return tuple(_without_name(part) for part in parts)


def _clocks(answer: Shape, reference: Shape) -> bool | None:
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


def _digits(answer: Shape, reference: Shape) -> bool | None:
    if isinstance(answer, Digits) and isinstance(reference, Digits):
        return answer == reference
    for one, other in ((answer, reference), (reference, answer)):
        if isinstance(one, Digits):
            return isinstance(other, Value) and other.text.upper().lstrip("0") == one.digits
    return None


def _values(answer: Shape, reference: Shape) -> bool | None:
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


def _relations(answer: Shape, reference: Shape) -> bool | None:
    """Equations and inequalities: side by side, or as a multiple of each other."""
    if not isinstance(answer, Relation) or not isinstance(reference, Relation):
        if isinstance(answer, Relation) or isinstance(reference, Relation):
            return False if not any(isinstance(each, Several | Bracket) for each in (answer, reference)) else None
        return None
    for other in (reference, Relation(reference.sides[::-1], tuple(map(mirrored, reference.signs[::-1])))):
        if answer.signs == other.signs and all(
            (one is None) == (two is None) and (one is None or two is None or matches(one, two))
            for one, two in zip(answer.sides, other.sides, strict=True)
        ):
            return True
    return _multiples(answer, reference)


def _multiples(answer: Relation, reference: Relation) -> bool:
    """2x + 2y = 6 and x = 3 - y: the differences of their sides have one ratio, at all points."""
    if len(answer.signs) != 1 or len(reference.signs) != 1:
        return False
    differences = [_difference(answer), _difference(reference)]
    if None in differences or answer.signs[0] not in ("=", "<", ">", "\\le", "\\ge"):
        return False
    first, second = differences
    assert first is not None and second is not None
    for times in (1, -1):
        sign = reference.signs[0] if times == 1 else mirrored(reference.signs[0])
        if sign == answer.signs[0] and _proportional(first, second, times):
            return True
    return False


def _proportional(first: Expression, second: Expression, sign: int) -> bool:
    """Whether `first` is a constant times `second`, with that sign."""
    variables = sorted(names(first) | names(second))
    if not variables or names(first) != names(second):
        return False
    try:
        ratios = []
        for point in range(4):
            where = {name: value_at(index, point) for index, name in enumerate(variables)}
            ratios.append(worth(Op("div", (first, second)), where))
        if not all(close(ratio, ratios[0]) for ratio in ratios):
            return False
        return bool(ratios[0] * sign > 0)
    except (Unreadable, TypeError):
        return False


def _difference(relation: Relation) -> Expression | None:
    left, right = map(expression_of, relation.sides)
    return Op("add", (left, Op("neg", (right,)))) if left and right else None


def _matrices(answer: Shape, reference: Shape) -> bool | None:
    if isinstance(answer, Matrix) and isinstance(reference, Matrix):
        return list(map(len, answer.rows)) == list(map(len, reference.rows)) and all(
            matches(one, other)
            for rows in zip(answer.rows, reference.rows, strict=True)
            for one, other in zip(*rows, strict=True)
        )
    for one, other in ((answer, reference), (reference, answer)):
        if isinstance(one, Matrix):
            cells = [cell for row in one.rows for cell in row]
            vector = len(one.rows) == 1 or all(len(row) == 1 for row in one.rows)
            return vector and isinstance(other, Bracket) and other.left in "([" and _in_order(cells, other.parts)
    return None


def _ratios(answer: Shape, reference: Shape) -> bool | None:
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


def _groups(answer: Shape, reference: Shape) -> bool | None:
    """Several answers and brackets: what has no order is paired up, what has one goes place by place."""
    if not isinstance(answer, Several | Bracket) or not isinstance(reference, Several | Bracket):
        return None
    first, second = _unnamed_like(answer.parts, reference.parts)
    ordered = [isinstance(shape, Bracket) and shape.left != "{" for shape in (answer, reference)]
    if not any(ordered):
        if _names_order(answer.parts, reference.parts) or any(map(_is_dots, first)):
            return _in_order(first, second)
        return pair_up(_distinct(answer, first), _distinct(reference, second), matches)
    sides = {(shape.left, shape.right) for shape in (answer, reference) if isinstance(shape, Bracket)}
    return len(sides) == 1 and _in_order(first, second)


def _names_order(first: tuple[Shape, ...], second: tuple[Shape, ...]) -> bool:
    """Whether one side alone names its parts, each by another letter: 3, 4 is then x = 3, y = 4, not the reverse."""
    named = [_named_by(parts) for parts in (first, second)]
    return any(len(set(names)) == len(names) > 1 for names in named) and not all(named)


def _named_by(parts: tuple[Shape, ...]) -> list[str]:
    """What the parts are named by, x for x_1 too; [] unless all are."""
    names = []
    for part in parts:
        if not isinstance(part, Relation) or part.signs != ("=",) or not isinstance(part.sides[0], Value):
            return []
        name = part.sides[0]
        letter = isinstance(name.expression, Sym)
        names.append(name.text.split("_")[0].strip() if letter else name.text)
    return names


def _distinct(shape: Several | Bracket, parts: Sequence[Shape]) -> list[Shape]:
    """The parts of a set, or several pairs, each once. A number that is said twice may be a double root."""
    if isinstance(shape, Several) and not all(isinstance(part, Bracket) for part in parts):
        return list(parts)
    once: list[Shape] = []
    for part in parts:
        if not any(matches(part, other) for other in once):
            once.append(part)
    return once


def _unnamed_like(first: tuple[Shape, ...], second: tuple[Shape, ...]) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
    """Parts without their names, unless both sides name them all."""
    named = [all(isinstance(part, Relation) for part in parts) for parts in (first, second)]
    return (first, second) if all(named) else (_unnamed(first), _unnamed(second))


def _is_dots(shape: Shape) -> bool:
    return isinstance(shape, Value) and shape.text == "\\ldots"


def _in_order(first: Sequence[Shape], second: Sequence[Shape]) -> bool:
    return len(first) == len(second) and all(matches(one, other) for one, other in zip(first, second, strict=True))
