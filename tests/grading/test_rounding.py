"""Which decimal fractions stand for a number that they are not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.grading.grammar import read
from s1repro.grading.sameness import same_expression


@pytest.mark.parametrize(
    ("decimal", "exact"),
    [
        ("0.333333", r"\frac13"),
        ("-0.333333", r"-\frac13"),
        ("1.41421", r"\sqrt2"),
        ("1.23457*10^{-2}", r"\frac1{81}"),
        ("2.71828182845905^{x}", "e^x"),
        ("0.333333x - 0.0185185", r"\frac{x}{3} - \frac1{54}"),
    ],
)
def test_six_digits_stand_for_what_rounds_to_them(decimal: str, exact: str) -> None:
    assert same_expression(read(decimal), read(exact))
    assert same_expression(read(exact), read(decimal))


@pytest.mark.parametrize(
    ("decimal", "exact"),
    [
        ("0.3333", r"\frac13"),
        ("0.333334", r"\frac13"),
        ("0.333333", r"-\frac13"),
        ("0.5000001", r"\frac12"),
        ("0.9999999999", "1"),
        ("x + 0.9999999999", "x + 1"),
        ("2.7183^x", "e^x"),
        ("1.23457*10^{-3}", r"\frac1{81}"),
    ],
)
def test_fewer_digits_and_other_numbers_do_not(decimal: str, exact: str) -> None:
    assert not same_expression(read(decimal), read(exact))


@given(st.integers(1, 10**6), st.integers(1, 997))
def test_a_fraction_and_the_double_that_is_printed_for_it(above: int, below: int) -> None:
    printed = repr(above / below)
    if "e" not in printed:
        assert same_expression(read(printed), read(f"{above}/{below}"))
        assert math.isclose(float(printed), above / below)
