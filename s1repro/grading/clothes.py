r"""What an answer wears that is no part of it, taken off by a table of named steps, in their order.

Each step takes a text and gives a text; none of them reads mathematics. What comes out is LaTeX without its layout: one
spelling for each sign, words in `\text{...}`, formulas within prose between single `$`. A step that is not sure leaves
the text alone, since what is not understood counts as no number at all (`s1repro.grading.grammar`).

    undress(r"**\(\dfrac{\pi}{4}\)**.")     # r"\frac{\pi}{4}"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from s1repro.grading.markup import bold_and_code, delimiters, invisible, layout, spaces, systems, tags, text_commands
from s1repro.grading.quantities import (
    currency,
    degrees,
    number_words,
    percent,
    thousands,
    unit_behind_formula,
    unit_in_brackets,
    units_of_nothing,
)
from s1repro.grading.signs import typed_names, typed_signs

LONGEST = 2000
"""Characters of the longest answer; some steps take the square of it."""
_LEAD_IN = re.compile(
    r"^(?:(?:so|thus|hence|therefore|then|and|finally|in conclusion|consequently|we (?:get|have|find|obtain|see that))"
    r"[,:]?\s+)*(?:(?:(?:the|my|our)\s+)?(?:(?:final|correct|right|required|desired)\s+)*"
    r"(?:answer|result|value|solution(?: set)?|domain|range)(?:\s+is|\s*[:=])"
    r"|it(?:'s| is)|this is|that is|answer:)\s*:?\s*(?=\S)",
    re.I,
)
_ABOUT = re.compile(
    r"^(?:about|approximately|approx\.?|roughly|around|nearly|exactly|precisely|just|\\approx|\\sim|~)\s*(?=\S)", re.I
)
_END_OF_PROOF = re.compile(
    r"(?<=.)\s*\$?\s*(?:\\(?:blacksquare|square|Box|qed|checkmark)(?![A-Za-z])|\bQ\.?E\.?D\b\.?)\s*\$?$"
)
_OUTWARD = re.compile(r"(?<![\w)}\]])(?=\]|\[[^\[\]()]*\[)([\[\]])(\s*[^\[\]()\s,][^\[\]()]*,[^\[\]()]*)([\[\]])(?!\w)")
"""An interval of which one bracket or both are turned away from it."""
_COMPARED = (
    (r"(?:strictly |is )?(?:greater|larger|more|bigger) than or equal to|at least|no (?:less|fewer) than", r"\\ge "),
    (r"(?:strictly |is )?(?:less|smaller|fewer) than or equal to|at most|no more than|up to", r"\\le "),
    (r"(?:strictly |is )?(?:greater|larger|more|bigger) than", "> "),
    (r"(?:strictly |is )?(?:less|smaller|fewer) than", "< "),
)


def _option_label(text: str) -> str:
    return re.sub(r"^\s*\$?\s*(?:\\text\{\s*\([A-J]\)\s*\}(?=\s*[-\d\\$.(])|\([A-J]\)\s+(?=\$?\d))", "", text)


def _outward_brackets(text: str) -> str:
    return _OUTWARD.sub(
        lambda match: ("(" if match[1] == "]" else "[") + match[2] + (")" if match[3] == "[" else "]"), text
    )


def _lead_in(text: str) -> str:
    text = re.sub(r"^\s*\$?\s*(?:=>|->|→|⇒|\\(?:Rightarrow|implies|Longrightarrow|to)(?![A-Za-z]))\s*", "", text)
    for _ in range(3):
        text = _ABOUT.sub("", _LEAD_IN.sub("", text))
    return text


def _said_again(text: str) -> str:
    found = re.fullmatch(r"\$?([^$()]+?)\$?\s*\(\s*or\s+\$?([^$()]+?)\$?\s*\)", text)
    return rf"{found.group(1)} \text{{ or }} {found.group(2)}" if found else text


def _signs_in_words(text: str) -> str:
    text = re.sub(r"^plus or minus\s+(?=[\d\\$.])", r"\\pm ", text, flags=re.I)
    text = re.sub(r"\\text\{\s*(?:minus|negative)\s*\}\s*(?=[\d\\(.])", "-", text, flags=re.I)
    text = re.sub(r"\b(?:negative|minus)\s+(?=[\d\\$(.])", "-", text, flags=re.I)
    text = re.sub(r"(?<=\d)\s+in the morning\b", " am", text)
    text = re.sub(r"(?<=\d)\s+(?:in the (?:afternoon|evening)|at night)\b", " pm", text)
    for words, sign in _COMPARED:
        text = re.sub(rf"^(?:{words})\s+(?=[-\d\\$.])", sign, text, flags=re.I)
    return text


def _ends(text: str) -> str:
    text = _END_OF_PROOF.sub("", re.sub(r"\s+", " ", text).strip())
    text = re.sub(r'^(?:\\?")+|(?:\\?")+(?=\.?$)', "", text).strip()
    text = re.sub(r"^'([^']*)'(?=\.?$)", r"\1", re.sub(r"^[*•◦▪]\s+", "", text))
    while text and unicodedata.category(text[0]) == "So":
        text = text[1:].strip()
    while text and unicodedata.category(text[-1]) in ("So", "Mn"):
        text = text[:-1].strip()
    text = (
        re.sub(r"(?<=.)[.,;:]+(?:\s*\$)?$", lambda m: "$" if "$" in m.group() else "", text)
        if not text.endswith("...")
        else text
    )
    return text.strip()


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("characters that nobody sees go", invisible),
    ("signs typed as characters are LaTeX: x², √3, π, ≥", typed_signs),
    ("tags go", tags),
    ("bold, backticks and headings go", bold_and_code),
    ("delimiters of formulas are single dollars, and go around a whole answer", delimiters),
    ("a system behind a brace is equations side by side", systems),
    ("layout goes: left, right, dfrac, displaystyle", layout),
    ("thousands are one number: 1,250, 10 000", thousands),
    ("LaTeX's spaces are spaces", spaces),
    ("words are in one kind of text: textrm, mbox", text_commands),
    ("lead-ins go: the answer is, about, an arrow", _lead_in),
    ("the label of an option goes: (B) 12", _option_label),
    ("brackets turned outwards are round: ]2, 5[", _outward_brackets),
    ("the full stop goes", _ends),
    ("delimiters that are now around the whole answer go", delimiters),
    ("words for signs are signs: minus 3, at least 5", _signs_in_words),
    ("what people type is LaTeX: pi/4, sqrt3, 3e8, 2**10", typed_names),
    ("money is a unit", currency),
    ("units of nothing say nothing: 18 units²", units_of_nothing),
    ("what stands in brackets behind may be a unit: 12 [cm]", unit_in_brackets),
    ("a letter behind a formula may be a unit: $10^4$ J", unit_behind_formula),
    ("what is said again in brackets is an alternative: 3/8 (or 0.375)", _said_again),
    ("percent is a unit", percent),
    ("degrees go, those of temperature are units", degrees),
    ("thousands, now without their signs of money", thousands),
    ("numbers up to twenty may be words", number_words),
    ("the full stop goes, again", _ends),
)
"""What is done to an answer and to a reference before they are compared, in this order."""


@lru_cache(maxsize=16384)
def undress(text: str) -> str:
    """The answer without its clothes. What is too long for an answer is left as it is."""
    if len(text) > LONGEST:
        return text
    for _, step in STEPS:
        text = step(text)
    return text
