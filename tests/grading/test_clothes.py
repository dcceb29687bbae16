"""Each step that takes something off, on its own, and what none of them may touch."""

from __future__ import annotations

import pytest

from s1repro.grading.clothes import LONGEST, STEPS, undress
from s1repro.grading.remarks import REMARKS, without_remark


@pytest.mark.parametrize(
    ("dressed", "bare"),
    [
        ("6\u200b1", "61"),
        ("x² \u2212 3", "x^{2} - 3"),
        ("<answer>7</answer>", "7"),
        ("**61**.", "61"),
        (r"\[ \dfrac{1}{2} \]", r"\frac{1}{2}"),
        ("1,250,000", "1250000"),
        (r"10\,000", "10000"),
        ("(1,250)", "(1,250)"),
        (r"\textrm{odd}", "odd"),
        ("The answer is about 7.", "7"),
        ("minus 3", "-3"),
        ("at least 5", r"\ge 5"),
        ("pi/4", r"\pi /4"),
        ("3e8", r"3\cdot 10^{8}"),
        ("2**10", "2^10"),
        ("$5.50", r"5.50 \text{dollars}"),
        ("50%", r"50 \text{%}"),
        (r"90^\circ", "90"),
        ("seven", "7"),
    ],
)
def test_what_is_taken_off(dressed: str, bare: str) -> None:
    assert undress(dressed) == bare


@pytest.mark.parametrize(
    "text", ["-3", r"\frac{1}{2}", "(1,2]", "x^{2}+1", "not 5", r"\sqrt{2}", "5!", "[1,2] \\cup (3,4)"]
)
def test_what_stays(text: str) -> None:
    assert undress(text) == text


def test_undressing_twice_is_undressing_once() -> None:
    for text in ("**$\\dfrac{1}{2}$**", "The answer is 1,250 dollars.", "x² + 1", "50%", "6:30 p.m."):
        assert undress(undress(text)) == undress(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("61 (since 60+1)", "61"),
        ("61, because it is odd", "61"),
        ("7, not 8", "7"),
        ("5 (mod 7)", "5 (mod 7)"),
        ("5 (or 6)", "5 (or 6)"),
        ("f(x)(\\sin x+1)", "f(x)(\\sin x+1)"),
    ],
)
def test_remarks(text: str, bare: str) -> None:
    assert without_remark(text) == bare


def test_the_steps_have_names_of_their_own() -> None:
    names = [name for name, _ in (*STEPS, *REMARKS)]
    assert len(names) == len(set(names))


def test_what_is_too_long_is_left_alone() -> None:
    assert undress("**" + "9" * LONGEST + "**").startswith("**")
