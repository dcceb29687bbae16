r"""Several answers, brackets and matrices: what has no order is paired up, what has one goes place by place.

`alike` compares the parts; it is `s1repro.grading.comparison`'s.

    same_groups(read_shape("10, 11"), read_shape("11, 10"), matches)        # True
    same_groups(read_shape("(1,2)"), read_shape("(2,1)"), matches)          # False
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.grading.naming import names_order, unnamed_like
from s1repro.grading.sets import pair_up
from s1repro.grading.shapes import Alike, Bracket, Matrix, Several, Shape, Value


def same_groups(answer: Shape, reference: Shape, alike: Alike) -> bool | None:
    """Several answers and brackets: what has no order is paired up, what has one goes place by place."""
    if not isinstance(answer, Several | Bracket) or not isinstance(reference, Several | Bracket):
        return None
    first, second = unnamed_like(answer.parts, reference.parts)
    ordered = [isinstance(shape, Bracket) and shape.left != "{" for shape in (answer, reference)]
    if not any(ordered):
        if names_order(answer.parts, reference.parts) or any(map(_is_dots, first)):
            return _in_order(first, second, alike)
        return pair_up(_distinct(answer, first, alike), _distinct(reference, second, alike), alike)
    sides = {(shape.left, shape.right) for shape in (answer, reference) if isinstance(shape, Bracket)}
    return len(sides) == 1 and _in_order(first, second, alike)


def _distinct(shape: Several | Bracket, parts: Sequence[Shape], alike: Alike) -> list[Shape]:
    """The parts of a set, or several pairs, each once. A number that is said twice may be a double root."""
    if isinstance(shape, Several) and not all(isinstance(part, Bracket) for part in parts):
        return list(parts)
    once: list[Shape] = []
    for part in parts:
        if not any(alike(part, other) for other in once):
            once.append(part)
    return once


def _is_dots(shape: Shape) -> bool:
    return isinstance(shape, Value) and shape.text == "\\ldots"


def _in_order(first: Sequence[Shape], second: Sequence[Shape], alike: Alike) -> bool:
    return len(first) == len(second) and all(alike(one, other) for one, other in zip(first, second, strict=True))


def same_matrices(answer: Shape, reference: Shape, alike: Alike) -> bool | None:
    """Matrices entry by entry; a row or a column is a vector in brackets as well."""
    if isinstance(answer, Matrix) and isinstance(reference, Matrix):
        return list(map(len, answer.rows)) == list(map(len, reference.rows)) and all(
            alike(one, other)
            for rows in zip(answer.rows, reference.rows, strict=True)
            for one, other in zip(*rows, strict=True)
        )
    for one, other in ((answer, reference), (reference, answer)):
        if isinstance(one, Matrix):
            cells = [cell for row in one.rows for cell in row]
            vector = len(one.rows) == 1 or all(len(row) == 1 for row in one.rows)
            return vector and isinstance(other, Bracket) and other.left in "([" and _in_order(cells, other.parts, alike)
    return None
