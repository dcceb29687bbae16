r"""What a sum or a product of matrices is: `\frac12 A`, `A + B`, `AB`, `A^T`, worked out entry by entry.

read_matrix(r"2\begin{pmatrix}1\\3\end{pmatrix}", read_shape)   # Matrix(((2 * 1,), (2 * 3,)))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from s1repro.grading.expression import Expression, Num, Op, Unreadable
from s1repro.grading.grammar import read
from s1repro.grading.shapes import Matrix, Shape, Value

_ENVIRONMENT = re.compile(
    r"\\begin\{([pbvBV]?matrix|smallmatrix|array)\}(?:\{[lcr|]*\})?((?:(?!\\begin\{).)*?)\\end\{\1\}", re.S
)
_BRACKETED = re.compile(r"([(\[])\s*(\\begin\{(array|matrix|smallmatrix)\}(?:(?!\\begin).)*\\end\{\3\})\s*[)\]]", re.S)
_TRANSPOSED = re.compile(r"\s*\^\s*\{?\s*(?:\\(?:top|intercal)|T|\\text\{T\})\s*\}?")
_SIGNS = re.compile(r"\s*(?:\\cdot|\\times|\*)\s*")
_LARGEST_DETERMINANT = 4
_LARGEST = 12
"""Rows and columns of matrices that are multiplied."""


def read_matrix(text: str, read_part: Callable[[str], Shape]) -> Matrix | None:
    r"""The matrix that a text is; None where it has none. Raises `Unreadable` where the rest of it is not understood.

    `read_part` reads an entry. Entries of a single matrix may be anything, those that are calculated with values.
    """
    text = _BRACKETED.sub(r"\2", text)
    if "\\begin" not in text or not _ENVIRONMENT.search(text):
        return None
    whole = _ENVIRONMENT.fullmatch(text.strip())
    if whole:
        return _rows(whole, read_part)
    total: Matrix | None = None
    for sign, term in _terms(text):
        product = _product(term, read_part)
        signed = _times(Num(Fraction(-1)), product) if sign == "-" else product
        total = signed if total is None else _sum(total, signed)
    return total


def read_determinant(text: str, read_part: Callable[[str], Shape]) -> Value | None:
    """The number that a matrix between bars is; None where a text is none. Raises `Unreadable`."""
    whole = _ENVIRONMENT.fullmatch(text.strip())
    if not whole or whole.group(1) != "vmatrix":
        return None
    rows = [[_entry(cell) for cell in row] for row in _cells(whole.group(2), read_part)]
    if any(len(row) != len(rows) for row in rows) or len(rows) > _LARGEST_DETERMINANT:
        raise Unreadable("no determinant")
    return Value(text, _determinant(rows))


def _determinant(rows: list[list[Expression]]) -> Expression:
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for column, entry in enumerate(rows[0]):
        rest = [[*row[:column], *row[column + 1 :]] for row in rows[1:]]
        term = Op("mul", (entry, _determinant(rest)))
        terms.append(Op("neg", (term,)) if column % 2 else term)
    return Op("add", tuple(terms))


def _rows(found: re.Match[str], read_part: Callable[[str], Shape]) -> Matrix:
    if found.group(1) in ("vmatrix", "Vmatrix"):
        raise Unreadable("a determinant within something else")
    return Matrix(_cells(found.group(2), read_part))


def _cells(inside: str, read_part: Callable[[str], Shape]) -> tuple[tuple[Shape, ...], ...]:
    rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?", inside) if row.strip()]
    return tuple(tuple(read_part(cell) for cell in row.split("&")) for row in rows)


def _terms(text: str) -> list[tuple[str, str]]:
    """What is added up, with its sign; a sign within brackets or a matrix parts nothing."""
    hidden = _ENVIRONMENT.sub(lambda match: "\0" * len(match.group()), text)
    depth, start, sign, terms = 0, 0, "+", list[tuple[str, str]]()
    for at, char in enumerate(hidden):
        depth += (char in "([{") - (char in ")]}")
        if char in "+-" and depth == 0:
            if text[start:at].strip():
                terms.append((sign, text[start:at]))
            sign, start = char, at + 1
    return [*terms, (sign, text[start:])]


def _product(term: str, read_part: Callable[[str], Shape]) -> Matrix:
    r"""A number times matrices: `\frac12 AB^T`."""
    product: Matrix | None = None
    at = 0
    for found in _ENVIRONMENT.finditer(term):
        between = _SIGNS.sub(" ", term[at : found.start()]).strip()
        matrix = _rows(found, read_part)
        at = found.end()
        transposed = _TRANSPOSED.match(term, at)
        if transposed:
            matrix, at = Matrix(tuple(zip(*matrix.rows, strict=False))), transposed.end()
        if between:
            if product is not None:
                raise Unreadable("something between two matrices")
            matrix = _times(read(between), matrix)
        product = matrix if product is None else _multiply(product, matrix)
    behind = re.fullmatch(r"\s*/\s*(\d+)\s*|\s*", term[at:])
    if product is None or not behind:
        raise Unreadable("something behind a matrix")
    return _times(Num(Fraction(1, int(behind.group(1)))), product) if behind.group(1) else product


def _entry(shape: Shape) -> Expression:
    if not isinstance(shape, Value) or shape.expression is None or shape.unit is not None:
        raise Unreadable("an entry that cannot be calculated with")
    return shape.expression


def _value(expression: Expression) -> Value:
    return Value("", expression)


def _times(number: Expression, matrix: Matrix) -> Matrix:
    return Matrix(tuple(tuple(_value(Op("mul", (number, _entry(cell)))) for cell in row) for row in matrix.rows))


def _sum(first: Matrix, second: Matrix) -> Matrix:
    if list(map(len, first.rows)) != list(map(len, second.rows)):
        raise Unreadable("a sum of matrices of two sizes")
    pairs = (zip(*rows, strict=True) for rows in zip(first.rows, second.rows, strict=True))
    return Matrix(tuple(tuple(_value(Op("add", (_entry(a), _entry(b)))) for a, b in row) for row in pairs))


def _multiply(first: Matrix, second: Matrix) -> Matrix:
    columns = list(zip(*second.rows, strict=False))
    if any(len(row) != len(second.rows) for row in first.rows) or max(len(second.rows), len(columns)) > _LARGEST:
        raise Unreadable("a product of matrices that do not fit")
    return Matrix(tuple(tuple(_dot(row, column) for column in columns) for row in first.rows))


def _dot(row: Sequence[Shape], column: Sequence[Shape]) -> Value:
    products = tuple(Op("mul", (_entry(a), _entry(b))) for a, b in zip(row, column, strict=True))
    return _value(products[0] if len(products) == 1 else Op("add", products))
