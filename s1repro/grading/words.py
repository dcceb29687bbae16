r"""Answers compared as they are written, before anything is read in them: words, names, a decimal comma.

same_words(r"\text{odd}", "Odd")        # True
"""

from __future__ import annotations

import re

from s1repro.grading.remarks import without_remark
from s1repro.grading.units import agree, split


def same_words(first: str, second: str) -> bool:
    """Whether two answers without clothes are spelt the same, up to what spelling leaves open."""
    if _name(first) == _name(second) or _name(without_remark(first)) == _name(second):
        return True
    return _decimal_comma(first, second) or _decimal_comma(second, first)


def _decimal_comma(first: str, second: str) -> bool:
    """Whether one writes with a comma what the other writes with a point: 2,74 and 2.74; each may have its unit."""
    (value, unit), (other, other_unit) = split(first), split(second)
    comma = re.fullmatch(r"-?\d+,\d+", value) is not None and value.replace(",", ".") == other
    return comma and agree(unit, other_unit)


def _name(text: str) -> str:
    """An answer as words: without LaTeX's wrapping and spaces; a word or several without their case."""
    name = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text).replace("$", " ")
    words = " ".join(name.split())
    if re.fullmatch(r"[A-Za-z][A-Za-z '.,-]+", words) and (len(words) > 2 or words.lower() in ("no", "up")):
        return re.sub(r"^(?:an?|the) ", "", words.casefold().replace(".", ""))
    spaced = re.sub(r"(?<=[\dA-Za-z.]) (?=[\dA-Za-z.])", "\0", words).replace(" ", "").replace("\0", " ")
    return re.sub(r"(\\[A-Za-z]+) (?=[A-Za-z])", r"\1 ", spaced)
