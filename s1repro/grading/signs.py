r"""What people type in place of LaTeX: characters such as x², √3, – and ≥, and names such as pi, sqrt3, 3e8 and 2**10.

typed_signs("x² ≥ √3")      # r"x^{2} \ge  \sqrt{3}"
typed_names("2*sqrt(3)")    # r"2*\sqrt(3)"
"""

# ruff: noqa: RUF001, RUF002 - the signs are the point

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from s1repro.grading.vocabulary import FUNCTIONS, GREEK

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SIGNS = {
    **dict.fromkeys("−–—‒﹣－", "-"),
    **dict.fromkeys("×✕⨯", "\\times "),
    **dict.fromkeys("·⋅∙", "\\cdot "),
    "÷": "\\div ",
    **dict.fromkeys("⁄∕", "/"),
    "π": "\\pi ",
    "∞": "\\infty ",
    **dict.fromkeys("≤⩽≦", "\\le "),
    **dict.fromkeys("≥⩾≧", "\\ge "),
    "≠": "\\ne ",
    "≈": "\\approx ",
    "±": "\\pm ",
    "∪": "\\cup ",
    "∩": "\\cap ",
    "∈": "\\in ",
    **dict.fromkeys("∅⌀Ø", "\\emptyset "),
    "ℝ": "\\mathbb{R}",
    "ℤ": "\\mathbb{Z}",
    "ℚ": "\\mathbb{Q}",
    "ℕ": "\\mathbb{N}",
    "°": "^\\circ ",
    **dict.fromkeys("′’‘", "'"),
    **dict.fromkeys("“”″", '"'),
    "…": "...",
    "∠": "\\angle ",
    "⌊": "\\lfloor ",
    "⌋": "\\rfloor ",
    "⌈": "\\lceil ",
    "⌉": "\\rceil ",
    "⟨": "\\langle ",
    "⟩": "\\rangle ",
    **{
        letter: f"\\{name} "
        for letter, name in zip(
            "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΣΦΨΩ",
            ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
             "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
             "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega"),
            strict=True,
        )
    },
}  # fmt: skip
_FRACTIONS = dict(
    zip(
        "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞",
        ("1/2", "1/3", "2/3", "1/4", "3/4", "1/5", "2/5", "3/5", "4/5", "1/6", "5/6", "1/8", "3/8", "5/8", "7/8"),
        strict=True,
    )
)
_PLAIN_NAMES = re.compile(
    r"(?<![A-Za-z\\])("
    + "|".join(sorted({*FUNCTIONS, *GREEK, "pi", "log", "gcd", "lcm"}, key=len, reverse=True))
    + r")(?=[^A-Za-z]|$)"
)


def typed_signs(text: str) -> str:
    """Each character that stands for a sign of mathematics as its LaTeX."""
    text = re.sub(
        "((?:\\d[\u0304\u0305])+)", lambda match: "\\overline{" + re.sub(r"\D", "", match.group()) + "}", text
    )
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+", lambda match: "^{" + match.group().translate(_SUPERSCRIPTS) + "}", text)
    text = re.sub("[₀₁₂₃₄₅₆₇₈₉]+", lambda match: "_{" + match.group().translate(_SUBSCRIPTS) + "}", text)
    for sign, fraction in _FRACTIONS.items():
        text = re.sub(rf"(\d)\s*{sign}", rf"\1 {fraction}", text).replace(sign, fraction)
    text = re.sub(r"√\s*(\d+(?:\.\d+)?|[A-Za-z]\b)", r"\\sqrt{\1}", text).replace("√", "\\sqrt ")
    text = re.sub(r"∛\s*(\d+|[A-Za-z]\b)", r"\\sqrt[3]{\1}", text)
    text = "".join(_SIGNS.get(char, char) for char in text)
    return unicodedata.normalize("NFKC", text)


def typed_names(text: str) -> str:
    """pi, sqrt(3), log_2(3), 3e8, 1.5 x 10^3, 2**10 as people type them."""
    text = re.sub(r"(?<![A-Za-z\\])log(\d+)\s*\(", r"\\log_{\1}(", text)
    text = re.sub(r"(?<![A-Za-z\\])sqrt\s*(\d+(?:\.\d+)?)", r"\\sqrt{\1}", text)
    text = re.sub(r"(?<![A-Za-z\\])(?:sqrt|squareroot)\s*(?=[({])", r"\\sqrt", text)
    text = re.sub(r"(?<![A-Za-z\\])cbrt\s*\(", r"\\sqrt[3](", text)
    chosen = r"(?<![\w.])(\d+|[a-z]) choose (\d+|[a-z])(?!\w)"
    text = re.sub(rf"\({chosen}\)|{chosen}", lambda m: f"\\binom{{{m[1] or m[3]}}}{{{m[2] or m[4]}}}", text)
    text = re.sub(r"(?<![A-Za-z\\])C\s*\(\s*(\d+|[nN])\s*,\s*(\d+|[kr])\s*\)", r"\\binom{\1}{\2}", text)
    text = re.sub(r"(?<![A-Za-z\\])(?:oo|inf|infinity)(?![A-Za-z])", r"\\infty ", text)
    text = _outside_text(_PLAIN_NAMES, lambda match: f"\\{match.group(1)} ", text)
    text = re.sub(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)[eE]([+-]?\d{1,4})(?![\w.])", r"\1\\cdot 10^{\2}", text)
    text = re.sub(r"(?<=\d)\s*[xX]\s*(?=10\s*(?:\^|\*\*))", r"\\times ", text)
    text = re.sub(r"\*\*", "^", text)
    return re.sub(r"\^\s*\(([^()]*)\)", r"^{\1}", text)


def _outside_text(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str], text: str) -> str:
    parts = re.split(r"(\\text\{[^{}]*\})", text)
    return "".join(part if part.startswith("\\text{") else pattern.sub(change, part) for part in parts)
