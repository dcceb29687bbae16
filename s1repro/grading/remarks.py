r"""A remark behind an answer that is not part of it: words in brackets, a reason, what the answer is not.

Tried only where the whole does not compare, since what looks like a remark may be the point of a sentence.

    without_remark("61 (since 60+1)")       # "61"
    without_remark("5 (mod 7)")             # "5 (mod 7)"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from s1repro.grading.clothes import undress
from s1repro.grading.vocabulary import DENIES

_WORDS_IN_BRACKETS = re.compile(
    r"^(.*\S)\s+[(\[]([^()\[\]]*[A-Za-z]{2,}[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)?)[)\]]$", re.S
)
_MEANT_BRACKETS = re.compile(
    r"^\W*(?:or|mod|base|and|but|also|though|although|if|unless|when|except|plus|minus|times|only|an?m|pm|[ap]\.m\.?|per"
    r"|in base|modulo)\b",
    re.I,
)
_REMARK_WORDS = re.compile(
    r"\W*(?:since|because|approx|approximately|rounded|exactly|answer|final|i\.e|see|by|as|using)\b", re.I
)
_REASON = re.compile(
    r"[,;:]?\s+(?:since|because|as we|as shown|by the|using|which|where|i\.e\.|that is)\b.*$", re.I | re.S
)
_NOT_THIS = re.compile(r",\s*(?:and\s+)?(?:not|rather than|instead of)\b.*$", re.I | re.S)


def _bracket_behind(text: str) -> str:
    """Words in brackets behind an answer. Mathematics in brackets, and what may change the answer, stays."""
    found = _WORDS_IN_BRACKETS.match(text)
    if not found or "\\" in found.group(2) or _MEANT_BRACKETS.match(found.group(2)):
        return text
    prose = len(re.findall(r"[A-Za-z]{2,}", found.group(2))) >= 2 or _REMARK_WORDS.match(found.group(2))
    return found.group(1) if prose and re.search(r"[\dA-Za-z)}\]$.]$", found.group(1)) else text


def _aside(text: str) -> str:
    aside = re.match(r"^(.*[\d})$])\s+-\s+((?:[a-z]{3,}\b|[a-z]{2}\s+[a-z]{2})[^\d\\]*)$", text)
    return aside.group(1) if aside and not _MEANT_BRACKETS.match(aside.group(2)) else text


def _reason(text: str) -> str:
    return _REASON.sub("", text) or text


def _not_this(text: str) -> str:
    return _NOT_THIS.sub("", text) or text


def _clause(text: str) -> str:
    """Words behind a semicolon, unless they may change what stands before it."""
    found = re.match(r"^(.*[\d})$])\s*;\s+([A-Za-z][^\d\\$=<>]*)$", text)
    words = found.group(2).lower().split() if found else []
    return found.group(1) if found and len(words) > 1 and not set(words) & (DENIES | {"or", "and"}) else text


REMARKS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("words in brackets behind go: 61 (as computed)", _bracket_behind),
    ("words behind a dash go: 61 - as computed", _aside),
    ("words behind a semicolon go: 61; see above", _clause),
    ("a reason behind goes: 61, since 60 + 1 is 61", _reason),
    ("what it is not goes: 7, not 8", _not_this),
)
"""What else may stand behind an answer. Tried only where the whole does not compare."""


def without_remark(undressed: str) -> str:
    """An answer without clothes, without the remark behind it."""
    text = undressed
    for _, step in REMARKS:
        text = step(text)
    return text if text == undressed else undress(text)
