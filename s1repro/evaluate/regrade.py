"""`make regrade`: the answers of an evaluation are graded again, by the grader and the references as they are now.

A verdict is made when its sample is taken, so that a better grader or a corrected reference would cost all GPU hours
anew; but each sample keeps its answer. This needs neither model nor engine: it reads `runs/<name>/evaluate/` and the
benchmarks that `data` asks for, writes `samples.jsonl` and what vouches for it anew, all or nothing, and lists the
verdicts that changed in `regraded.jsonl`. Done twice it changes nothing more; `evaluate` and `report` go on from there.

The questions must be those that were asked: only references and the kind of answer (`metadata.kind`) may be others.
Where a question has no sample yet its reference must be the old one, too: finish such an evaluation first. Not covered:
which trace a method chose by comparing answers while it sampled (`rebase`), and what wandb was sent before; and here,
unlike in a report, all texts are held in memory.

    python -m s1repro.evaluate.regrade recipe=demo
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, get_args

from s1repro.artifacts import Journal, fingerprint, stage_folder, write_jsonl
from s1repro.benchmarks import benchmark_fingerprint, listed, load_benchmark
from s1repro.cli import run_stage
from s1repro.config import Config
from s1repro.evaluate.journal import SAMPLES, finished, identity_of, in_order, transcript
from s1repro.evaluate.points import by_point
from s1repro.evaluate.rewritten import rewrite, settle
from s1repro.evaluate.vouched import PointKey
from s1repro.grading import grade
from s1repro.progress import Progress
from s1repro.records import AnswerKind, Kept, Question, Sample, Transcript

CHANGES = "regraded.jsonl"
"""The verdicts that the last regrading changed."""

Change = tuple[Kept, Kept]
"""A sample before and after."""

Read = Callable[[Kept], Transcript]
"""A sample of before with its texts, which are never held all at once."""


def run(config: Config) -> None:
    """Grade all samples again. Raises `ValueError`, before anything is written, where they are of other questions."""
    folder = stage_folder(config.runs, config.name, "evaluate")
    if not (folder / SAMPLES).is_file():
        raise ValueError(f"{folder}: no evaluation of run {config.name!r}; run the evaluate stage first, or give name=")
    with Journal(folder / SAMPLES) as journal:
        journal.hold()
        if settle(folder):
            journal.close()  # it is of the file from before
            print(f"regrade: what was cut short is done, {folder / CHANGES}")
        before = in_order(finished(journal, lost=False).values())
        held = identity_of(folder)["benchmarks"]
        questions, sources = _asked(config, folder, held)
        for label, asked in questions.items():
            _require_same(folder, label, asked, [one for one in before if one.key.benchmark == label], held[label])
        read: Read = partial(transcript, journal=journal)
        after = _regraded(before, questions, read)
        digests = {label: _digest(asked) for label, asked in questions.items()}
        pairs = list(zip(before, after, strict=True))
        changes = [(one, other) for one, other in pairs if one.correct != other.correct]
        print("\n".join(_table(pairs)))
        if before == after and digests.items() <= held.items():
            print(f"regrade: none of {len(after):,} samples changed, {folder}")
            return
        write_jsonl(folder / CHANGES, (_line(one, other, read(one).answer) for one, other in changes))
        old = {sample.key: sample for sample in before}
        rewrite(folder, after, digests, sources, lambda sample: _judged(read(old[sample.key]), sample))
    print(f"regrade: {len(changes):,} of {len(after):,} verdicts changed, {folder / CHANGES}")


def _asked(config: Config, folder: Path, held: Mapping[str, str]) -> tuple[dict[str, list[Question]], dict[str, str]]:
    """Of the benchmarks that are asked for and held the questions as they are now, and their files' fingerprints."""
    named = listed(config.data.benchmarks, config.data.files, config.data.limit, config.data.evals)
    benchmarks = [benchmark for benchmark in named if benchmark.label in held]
    if not benchmarks:
        raise ValueError(
            f"{folder} has samples of {', '.join(sorted(held))}, and none of {', '.join(one.label for one in named)}: "
            "set data.benchmarks and data.limit as they were"
        )
    questions = {benchmark.label: load_benchmark(benchmark) for benchmark in benchmarks}
    return questions, {benchmark.label: benchmark_fingerprint(benchmark) for benchmark in benchmarks}


def _require_same(
    folder: Path, label: str, questions: Sequence[Question], samples: Iterable[Sample], digest: str
) -> None:
    """Raise `ValueError` unless `questions` are those of `digest`, but for references and the kind of answer.

    The samples keep the references from before: with these it is the same digest again, in one of the kinds.
    """
    references = {sample.key.question: sample.reference for sample in samples}
    old = [replace(question, reference=references.get(question.id, question.reference)) for question in questions]
    if digest not in [_digest([replace(question, kind=kind) for question in old]) for kind in get_args(AnswerKind)]:
        raise ValueError(
            f"{folder}: {label} has other questions than were asked (text, id or domain), or an evaluation that is not "
            "finished has other references; evaluate with another name=..., or bring the old ones back"
        )


def _digest(questions: Sequence[Question]) -> str:
    """As the stage `evaluate` has it."""
    return fingerprint([vars(question) for question in questions])


def _regraded(samples: Sequence[Kept], questions: Mapping[str, Sequence[Question]], read: Read) -> list[Kept]:
    """The samples with the verdicts of now; those of other benchmarks as they are."""
    known = {(label, question.id): question for label, asked in questions.items() for question in asked}
    verdict = lru_cache(10_000)(grade)  # the points of a curve share many answers
    graded = []
    with Progress(total=len(samples), label="regrade, samples") as progress:
        for sample in samples:
            question = known.get((sample.key.benchmark, sample.key.question))
            if question is not None:
                text = read(sample)
                now = verdict(text.answer, question.reference, question.kind)
                judged = replace(text, extracted=now.extracted, reference=question.reference, correct=now.correct)
                sample = judged.kept(sample.line)
            graded.append(sample)
            progress.step()
    return graded


def _judged(text: Transcript, sample: Sample) -> Transcript:
    """The sample with its texts and another verdict, that of `sample`."""
    return replace(text, extracted=sample.extracted, reference=sample.reference, correct=sample.correct)


def _line(before: Sample, after: Sample, answer: str) -> dict[str, Any]:
    return {
        **vars(after.key),
        "answer": answer,
        "extracted": after.extracted,
        "reference": after.reference,
        "reference_before": before.reference,
        "before": before.correct,
        "after": after.correct,
    }


def _table(pairs: Sequence[Change]) -> list[str]:
    """A line a point: its samples, how many are right, and how many verdicts changed either way."""
    after = {new.key: new for _, new in pairs}
    rows: list[tuple[str, ...]] = [("", "samples", "right before", "now", "became right", "became wrong")]
    for point, samples in by_point(old for old, _ in pairs).items():
        marks = [(old.correct, after[old.key].correct) for old in samples]
        counts = (len(marks), sum(old for old, _ in marks), sum(new for _, new in marks))
        ways = (marks.count((False, True)), marks.count((True, False)))
        rows.append((_told(point), *(f"{count:,}" for count in (*counts, *ways))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *(map(str.rjust, row[1:], widths[1:]))]) for row in rows]


def _told(point: PointKey) -> str:
    benchmark, method, budget, waits = point
    return f"{benchmark}, {method}, {budget:,} tokens, {waits} Waits"


if __name__ == "__main__":
    run_stage(run)
