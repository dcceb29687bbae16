"""What is not as it should be with the data of a report, named line by line; all that can be shown is shown beside it.

Points that are still being measured, points without an answer, a benchmark that has not the same questions everywhere,
samples that are too long to read. Damaged files are no note, they are refused (`s1repro.evaluate.journal.vouched`).

    notes([read_run("runs", "demo"), read_run("runs", "base")])
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from s1repro.evaluate.points import answered, by_point
from s1repro.evaluate.vouched import PointKey
from s1repro.records import Sample
from s1repro.report.curves import Evaluated

LONG = 50_000
"""Thinking tokens from which on a sample is named: some 200,000 characters, which nobody reads by chance."""


def notes(runs: Sequence[Evaluated]) -> list[str]:
    """The lines, run by run; what concerns several runs stands last."""
    lines = [line for run in runs for line in (*run.notes, *_unfinished(run), *_without_answer(run), *_long(run))]
    return lines + list(_other_questions(runs))


def _unfinished(run: Evaluated) -> Iterator[str]:
    count = sum(key in run.unfinished for key in by_point(run.samples))
    if count:
        samples = len(run.samples) - len(run.finished)
        yield (
            f"Unfinished: {count} point{'s' * (count > 1)} of {run.name} with {samples:,} samples so far, short "
            "thinking first, so that their numbers will change. They are on the curve, hollow, and nothing is compared "
            f"with them; run the evaluate stage of {run.name} to its end"
        )


def _without_answer(run: Evaluated) -> Iterator[str]:
    """Points that are no point of the curve."""
    for key, samples in by_point(run.samples).items():
        if not answered(samples):
            yield (
                f"Empty: {_told(run.name, key)} has no point on the curve, none of its {len(samples):,} samples has an "
                "answer: no try fitted the budget"
            )


def _long(run: Evaluated) -> Iterator[str]:
    long = [sample for sample in run.samples if sample.thinking_tokens >= LONG]
    if long:
        worst = max(long, key=lambda sample: sample.thinking_tokens)
        key = worst.key
        point = _told(run.name, (key.benchmark, key.method, key.budget, key.waits))
        yield (
            f"Long: {len(long):,} sample{'s' * (len(long) > 1)} of {run.name} with {LONG:,} thinking tokens or more, "
            f"the longest with {worst.thinking_tokens:,} on question {key.question} ({point})"
        )


def _other_questions(runs: Sequence[Evaluated]) -> Iterator[str]:
    """Benchmarks whose finished points were not all asked the same questions."""
    asked: dict[str, dict[frozenset[str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        for key, samples in by_point(run.finished).items():
            asked[key[0]][_questions(samples)].append(run.name)
    for benchmark, sets in asked.items():
        if len(sets) > 1:
            common = len(frozenset.intersection(*sets))
            where = "; ".join(f"{len(one):,} in {', '.join(dict.fromkeys(names))}" for one, names in sets.items())
            yield (
                f"Other questions: {benchmark} has not the same questions everywhere ({where}; {common:,} in all): "
                "accuracies are each over its own, differences over those that both sides have"
            )


def _questions(samples: Sequence[Sample]) -> frozenset[str]:
    return frozenset(sample.key.question for sample in samples)


def _told(run: str, key: PointKey) -> str:
    benchmark, method, budget, waits = key
    return f"{run}, {benchmark}, {method}, budget {budget:,}, {waits} Waits"
