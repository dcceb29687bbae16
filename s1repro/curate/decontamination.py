"""No question of the set may be one that is measured later (section 2.2): shared word n-grams, and exact duplicates.

Two rules tell which words are the same. `words` is the public code's: text in lower case, split at white space, so that
a full stop or a space inside `$ $` hides a question. `normalised` sees through these: characters in one form (NFKC)
without invisible ones, mathematics without its white space, words without the punctuation around them. Paraphrases and
shared answers are not found.

The public code adds its AIME rows behind this step, and a published pool has been through it: rows of such sources are
exempt by setting. Decontaminated, AIME would lose 149 of 860 rows, nearly all for a phrase that many of them share.

    clean = contaminated(duplicates(rows).kept, {"math500": questions}, n=8, exempt=["qq8933/AIME_1983_2024"]).kept
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from s1repro.curate.funnel import Dropped, Filtered
from s1repro.records import Row

_MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$.*?\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
"""Punctuation at the ends of a word."""
_PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2012\u2013\u2014\u2212", "''\"\"------")
"""Quotation marks and dashes, of which NFKC leaves every kind as it is."""


def duplicates(rows: Sequence[Row]) -> Filtered:
    """Drop rows whose question, up to whitespace, was there before; the first stays."""
    kept, dropped, seen = [], [], set[str]()
    for row in rows:
        question = " ".join(row.question.split())
        if question in seen:
            dropped.append(Dropped(row, "exact duplicate"))
        else:
            seen.add(question)
            kept.append(row)
    return Filtered(kept, dropped)


def contaminated(
    rows: Sequence[Row],
    benchmarks: Mapping[str, Sequence[str]],
    n: int,
    exempt: Sequence[str] = (),
    match: str = "normalised",
) -> Filtered:
    """Drop rows whose question shares any `n` words in a row with a question of the `benchmarks`, by their names.

    Rows of the sources `exempt` (`Row.is_from`) stay. `match` is one of `MATCHES`. A benchmark question of fewer than
    `n` words has no such run and is looked for as a whole: rows whose question holds all its words in a row are
    dropped. Which question it was, counted from 1, and the row's words are in `Dropped.detail`. Raises `ValueError` for
    `n` below 1.
    """
    if n < 1:
        raise ValueError(f"selection.ngram is {n}; give the number of words in a row, 1 or more (the paper: 8)")
    known = [_Measured(benchmarks, rule, n) for rule in MATCHES[match]]
    kept, dropped = [], []
    for row in rows:
        question = "" if row.is_from(exempt) else row.question
        shared = next((run for measured in known if (run := measured.shared(question))), ())
        if shared:
            reason = f"shares {n} words in a row with" if len(shared) == n else "holds the whole of"
            place = next(measured.place[shared] for measured in known if shared in measured.place)
            dropped.append(Dropped(row, f"{reason} a benchmark question", f"{place}: {' '.join(shared)}"))
        else:
            kept.append(row)
    return Filtered(kept, dropped)


@dataclass(frozen=True)
class Rule:
    """How the words of a text are read, and whether a short question is found inside a longer one."""

    words_of: Callable[[str], tuple[str, ...]]
    short_inside: bool


class _Measured:
    """The runs of words of all benchmark questions, and the `place` that each stands in."""

    def __init__(self, benchmarks: Mapping[str, Sequence[str]], rule: Rule, n: int) -> None:
        self.place: dict[tuple[str, ...], str] = {}
        self._rule, self._n = rule, n
        for name, questions in benchmarks.items():
            for number, text in enumerate(questions, start=1):
                words = rule.words_of(text)
                for run in _runs(words, min(n, len(words))) if words else ():
                    self.place.setdefault(run, f"question {number} of {name}")
        self._lengths = sorted({len(run) for run in self.place}, reverse=True)

    def shared(self, question: str) -> tuple[str, ...]:
        """The first of the longest runs that `question` shares with one that is measured; empty without one."""
        words = self._rule.words_of(question)
        lengths = [length for length in self._lengths if length in (self._n, len(words)) or self._rule.short_inside]
        runs = (run for length in lengths for run in _runs(words, length))
        return next((run for run in runs if run in self.place), ())


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.lower().split())


def _normalised(text: str) -> tuple[str, ...]:
    visible = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    joined = _MATHEMATICS.sub(lambda formula: "".join(formula[0].split()), visible.translate(_PLAIN))
    words = (_AROUND.sub("", word) for word in joined.casefold().split())
    return tuple(word for word in words if word)


_WORDS = Rule(_split, short_inside=True)
MATCHES: dict[str, tuple[Rule, ...]] = {
    "normalised": (_WORDS, Rule(_normalised, short_inside=False)),
    "words": (_WORDS,),
}
"""The rules by the names of `selection.match`, of which one has to find a question.

Without its punctuation a short question is found in too many: "What is 1?" in "What is 1 plus 1?".
"""


def _runs(words: tuple[str, ...], length: int) -> Iterator[tuple[str, ...]]:
    return (words[i : i + length] for i in range(len(words) - length + 1))
