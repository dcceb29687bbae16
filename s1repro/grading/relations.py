r"""Equations and inequalities: what a chain of them comes to, and whether two say the same.

`alike` compares the sides; it is `s1repro.grading.comparison`'s.

    same_relations(read_shape("2x + 2y = 6"), read_shape("x = 3 - y"), matches)      # True
"""

from __future__ import annotations

import re

from s1repro.grading.engine import is_formula
from s1repro.grading.expression import Expression, Op, Unreadable
from s1repro.grading.naming import is_name
from s1repro.grading.sameness import close
from s1repro.grading.sets import expression_of
from s1repro.grading.shapes import Alike, Bracket, Matrix, Relation, Several, Shape, Value, mirrored
from s1repro.grading.worth import names, value_at, worth


def plain(shape: Shape, alike: Alike) -> Shape:
    """A chain of equations is its last side, where all say the same; a name keeps its first side."""
    if isinstance(shape, Bracket) and (shape.left, shape.right, len(shape.parts)) == ("{", "}", 1):
        return plain(shape.parts[0], alike)
    if (
        isinstance(shape, Several)
        and shape.joint == "or"
        and all(alike(part, shape.parts[0]) for part in shape.parts[1:])
    ):
        return plain(shape.parts[0], alike)  # 3/4, or 0.75
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
    if not is_name(first) and (_is_number(first) or _is_left_open(first)) and isinstance(sides[-1], Value):
        steps = all(side is not None and alike(first, side) for side in sides[1:])
        if len(shape.signs) == 1 and shape.signs[0] == "\\approx":
            return first
        return sides[-1] if steps else shape
    if len(sides) > 2 and all(side is not None and _is_value(side) for side in sides[1:]):
        values = [side for side in sides[1:] if side is not None]
        if all(alike(side, values[-1]) for side in values[:-1]):
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


def _is_left_open(shape: Shape) -> bool:
    r"""Whether only math-verify can say what a side is worth: the limit in `\lim_{x \to 0} \frac{\sin x}{x} = 1`."""
    return isinstance(shape, Value) and shape.expression is None and is_formula(shape.text)


def same_relations(answer: Shape, reference: Shape, alike: Alike) -> bool | None:
    """Equations and inequalities: side by side, or as a multiple of each other."""
    if not isinstance(answer, Relation) or not isinstance(reference, Relation):
        if isinstance(answer, Relation) or isinstance(reference, Relation):
            return False if not any(isinstance(each, Several | Bracket) for each in (answer, reference)) else None
        return None
    for other in (reference, Relation(reference.sides[::-1], tuple(map(mirrored, reference.signs[::-1])))):
        if answer.signs == other.signs and all(
            (one is None) == (two is None) and (one is None or two is None or alike(one, two))
            for one, two in zip(answer.sides, other.sides, strict=True)
        ):
            return True
    graphs = [_graph(relation) for relation in (answer, reference)]
    if None not in graphs and "y" in [graph[0] for graph in graphs if graph]:
        return alike(*(graph[1] for graph in graphs if graph))
    return _multiples(answer, reference)


def _graph(relation: Relation) -> tuple[str, Value] | None:
    """The name and the value of a function of x (f(x) = 2x + 3, y = 2x + 3); None where an equation gives none."""
    name, value = relation.sides[0], relation.sides[-1]
    if relation.signs != ("=",) or not isinstance(name, Value) or not isinstance(value, Value):
        return None
    named = re.fullmatch(r"y|[fgh]\(x\)", name.text.replace(" ", ""))
    of_x = value.expression is not None and names(value.expression) == {"x"}
    return (named.group(), value) if named and of_x else None


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
