"""A page shows whole questions, the same ones of all runs, and says which part of all they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from s1repro.artifacts import Line
from s1repro.records import Kept
from s1repro.report.page.room import with_room
from tests.report.conftest import whole
from tests.toy import make_sample


def samples(benchmark: str, questions: int, points: int, size: int = 100_000) -> list[Kept]:
    made = [make_sample(f"q{q}", 16 * 2**point) for q in range(questions) for point in range(points)]
    named = [replace(sample, key=replace(sample.key, benchmark=benchmark)) for sample in made]
    return [sample.kept(Line(Path("samples.jsonl"), 0, size)) for sample in named]


def test_questions_are_taken_whole_in_turn_and_of_all_runs() -> None:
    own, other = samples("a", 3, 2) + samples("b", 9, 2), samples("b", 9, 3)
    shown, notes = with_room([whole("own", own), whole("other", other)], megabytes=1)
    # q0 of a is 0.2 MB and q0 of b 0.5, and then q1 of a 0.2
    assert {(s.key.benchmark, s.key.question) for s in shown["own"]} == {("a", "q0"), ("b", "q0"), ("a", "q1")}
    assert len(shown["own"]) == 6 and [s.key.question for s in shown["other"]] == ["q0"] * 3
    (note,) = notes
    assert note.startswith("index.html has room for 9 of 51 samples, all points of 3 of 12 questions, and counts what")
    assert note.endswith("report.page_mb=6 shows all")
    everything, notes = with_room([whole("own", own), whole("other", other)], megabytes=6)
    assert everything == {"own": own, "other": other} and notes == []


def test_a_question_that_is_too_large_ends_it() -> None:
    shown, (note,) = with_room([whole("own", samples("a", 2, 1, size=1_000_001))], megabytes=1)
    assert shown == {"own": []} and "0 of 2 samples" in note and note.endswith("report.page_mb=3 shows all")
