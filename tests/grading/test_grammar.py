"""One expression: read as a whole, or not at all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.grading.expression import Num, Op, Sym, Unreadable
from s1repro.grading.grammar import read
from s1repro.grading.worth import worth

SMALL = st.integers(-999, 999)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("2.50", Num(Fraction(5, 2), 3)),
        (r"7\sqrt{3}", Op("mul", (Num(Fraction(7)), Op("root", (Num(Fraction(3)), Num(Fraction(2))))))),
        (r"3\frac12", Num(Fraction(7, 2))),
        (r"0.1\overline{6}", Num(Fraction(1, 6))),
        ("x_1'", Sym("x_1'")),
        ("5!!", Op("doublefactorial", (Num(Fraction(5)),))),
        ("|x|", Op("abs", (Sym("x"),))),
        (r"\sin^{-1} x", Op("arcsin", (Sym("x"),))),
    ],
)
def test_what_is_read(text: str, tree: Num | Sym | Op) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    "text",
    ["5 6", "7 apples", r"5 \foo", "5 +", "(5", "5)", "1.2.3", "5_7", "f(5)", r"\frac{4}", "4^", "", "2^3 3", "(" * 99],
)
def test_what_is_not_one_expression(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@given(SMALL, SMALL, st.integers(1, 999))
def test_arithmetic_as_it_is_typed(a: int, b: int, c: int) -> None:
    typed = rf"({a})(x + ({b}))/{c} - \frac{{{a}x}}{{{c}}}"
    assert worth(read(typed), {"x": Fraction(3, 7)}) == Fraction(a * b, c)


@given(st.text(alphabet="0123456789.+-*/^_!|(){}[]\\ xe'", max_size=30))
def test_whatever_it_is_it_is_read_or_refused(text: str) -> None:
    try:
        worth(read(text), {name: Fraction(2) for name in ("x", "x'", "e'")})
    except (Unreadable, KeyError):
        return
