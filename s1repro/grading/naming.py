r"""Which sides of equations are names: the x of x = 3, AB, f(x), P(A); and answers without them.

without_name(read_shape("x = 3"))       # the 3
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from s1repro.grading.expression import Sym
from s1repro.grading.shapes import Bracket, Ratio, Relation, Shape, Value

_NAME = re.compile(
    r"[A-Z]{2,4}|\\frac\{(?:[A-Z]{2}|[a-z])\}\{(?:[A-Z]{2}|[a-z])\}|\|?[A-Z]{2}\|?|\|[A-Za-wz]\|"
    r"|[A-Za-z]\^\{?-1\}?(?:\([a-z]\))?|[A-Za-z](?:'|_\{?\w+\}?)*\([A-Za-z0-9,]+\)"
)
"""What stands on the left of an equation as a name: AB, |AB|, |z|, a/b, f(x), P(A); |x| = 2 is for solving."""


def is_name(shape: Shape | None) -> bool:
    """Whether the left side of an equation only names what the right side is."""
    if not isinstance(shape, Value):
        return isinstance(shape, Bracket | Ratio) and all(map(is_name, shape.parts))
    if shape.expression is None:
        return not re.search(r"\d(?!\))", shape.text) or bool(re.match(r"[A-Za-z]\(", shape.text))
    letters = _NAME.fullmatch(shape.text.replace(" ", ""))
    return isinstance(shape.expression, Sym) or bool(letters)


def without_name(shape: Shape) -> Shape:
    """What an equation gives its name to; `x \\in S` gives it S."""
    if isinstance(shape, Relation) and len(shape.signs) == 1 and shape.signs[0] in ("=", "\\approx", "\\in"):
        left, right = shape.sides
        if is_name(left) and right is not None:
            return right
    return shape


def _unnamed(parts: Sequence[Shape]) -> tuple[Shape, ...]:
    return tuple(without_name(part) for part in parts)


def unnamed_like(first: tuple[Shape, ...], second: tuple[Shape, ...]) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
    """Parts without their names, unless both sides name them all."""
    named = [all(isinstance(part, Relation) for part in parts) for parts in (first, second)]
    return (first, second) if all(named) else (_unnamed(first), _unnamed(second))


def names_order(first: tuple[Shape, ...], second: tuple[Shape, ...]) -> bool:
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
