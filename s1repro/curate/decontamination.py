"""No question of the set may be one that is measured later (section 2.2): shared word n-grams, and exact duplicates.

The same words count, in the same order, whatever their case and spacing. Paraphrases and shared answers are not found.

The public code adds its AIME rows behind this step, and a published pool has been through it: rows of such sources are
exempt by setting. Decontaminated, AIME would lose 149 of 860 rows, nearly all for a phrase that many of them share.

    clean = contaminated(duplicates(rows).kept, benchmark_questions, n=8, exempt=["qq8933/AIME_1983_2024"]).kept
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from s1repro.curate.funnel import Dropped, Filtered
from s1repro.records import Row


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


def contaminated(rows: Sequence[Row], questions: Iterable[str], n: int, exempt: Sequence[str] = ()) -> Filtered:
    """Drop rows whose question shares any `n` words in a row with one of the benchmark `questions`.

    Rows of the sources `exempt` (`Row.is_from`) stay.

    Text is lower-cased and split at whitespace. A benchmark question of fewer than `n` words has no such run and is
    looked for as a whole: rows whose question holds all its words in a row are dropped. Raises `ValueError` for `n`
    below 1.
    """
    if n < 1:
        raise ValueError(f"selection.ngram is {n}; give the number of words in a row, 1 or more (the paper: 8)")
    measured = {run for words in map(_words, questions) if words for run in _runs(words, min(n, len(words)))}
    lengths = sorted({len(run) for run in measured}, reverse=True)
    kept, dropped = [], []
    for row in rows:
        words = () if row.is_from(exempt) else _words(row.question)
        shared = next((length for length in lengths for run in _runs(words, length) if run in measured), 0)
        if shared:
            reason = f"shares {n} words in a row with" if shared == n else "holds the whole of"
            dropped.append(Dropped(row, f"{reason} a benchmark question"))
        else:
            kept.append(row)
    return Filtered(kept, dropped)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.lower().split())


def _runs(words: tuple[str, ...], length: int) -> Iterator[tuple[str, ...]]:
    return (words[i : i + length] for i in range(len(words) - length + 1))
