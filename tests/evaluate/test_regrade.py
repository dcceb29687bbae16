"""Kept answers are graded again: what changes, what vouches for it, what is refused, and what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s1repro.config import Config
from s1repro.evaluate import pipeline, regrade
from s1repro.evaluate.rewritten import NEW
from s1repro.grading import Grade
from s1repro.report.curves import read_run

Load = Any  # a function with `started`; see conftest
FOLDER = Path("runs/toy/evaluate")
SAMPLES, MANIFEST, CHANGES = FOLDER / "samples.jsonl", FOLDER / "manifest.json", FOLDER / regrade.CHANGES
VOUCHING = ("samples.jsonl", "journal_config.json", "manifest.json")


@pytest.fixture
def finished(config: Config, load: Load) -> Config:
    """The run `toy`: 8 questions at 5 points, of which some are right and some wrong."""
    pipeline.run(config, load)
    assert {sample["correct"] for sample in lines(SAMPLES)} == {False, True}
    return config


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def correct_benchmark(question: str = "q3", **fields: str) -> None:
    """A question gets other fields: its `text`, `answer`, `id` or `domain`."""
    rows = lines(Path("toy.jsonl"))
    rows[int(question[1:])] |= {{"text": "question"}.get(name, name): value for name, value in fields.items()}
    Path("toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.name != "telemetry.jsonl"}


def test_a_corrected_reference_changes_its_verdicts_and_nothing_else(
    finished: Config, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines(SAMPLES)
    correct_benchmark(answer="0")
    with pytest.raises(ValueError, match=r"another toy; .*references alone: python -m s1repro\.evaluate\.regrade\)$"):
        pipeline.run(finished, load)
    capsys.readouterr()
    regrade.run(finished)
    after, shown = lines(SAMPLES), capsys.readouterr().out
    new = ("reference", "correct", "check")
    for old, now in zip(before, after, strict=True):
        if old["question"] == "q3":
            assert now == {**old, **{name: now[name] for name in new}}
            assert (old["reference"], now["reference"]) == ("6", "0")
            assert (old["correct"], now["correct"]) == (old["extracted"] == "6", old["extracted"] == "0")
        else:
            assert now == old
    changed = [(old, now) for old, now in zip(before, after, strict=True) if old["correct"] != now["correct"]]
    assert {old["correct"] for old, _ in changed} == {False, True}
    for line, (old, now) in zip(lines(CHANGES), changed, strict=True):
        assert (line["question"], line["budget"], line["waits"]) == ("q3", old["budget"], old["waits"])
        assert (line["answer"], line["reference"], line["reference_before"]) == (now["answer"], "0", "6")
        assert (line["before"], line["after"]) == (old["correct"], now["correct"])
    assert shown.endswith(f"regrade: {len(changed)} of 40 verdicts changed, {CHANGES}\n")
    budget_4 = [sample for sample in after if sample["budget"] == 4]
    row = next(line.split() for line in shown.splitlines() if line.startswith("toy, force, 4 tokens, 0 Waits"))
    told = [int(count) for count in row[6:]]
    assert told[0] == 8 and told[2] == sum(sample["correct"] for sample in budget_4) == told[1] + told[3] - told[4]


def test_evaluate_and_report_go_on_from_there(finished: Config, load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    correct_benchmark(answer="0")
    regrade.run(finished)
    capsys.readouterr()
    pipeline.run(finished, load)
    assert capsys.readouterr().out == f"evaluate: done already, {FOLDER}\n" and len(load.started) == 1
    evaluated = read_run("runs", "toy")
    assert len(evaluated.finished) == 40 and not evaluated.notes
    finished.method.budgets = [8]
    pipeline.run(finished, load)
    assert len(lines(SAMPLES)) == 40 + 3 * 8  # a budget and its Waits
    assert {one["reference"] for one in lines(SAMPLES) if one["question"] == "q3"} == {"0"}


def test_done_twice_it_changes_nothing_more(finished: Config, capsys: pytest.CaptureFixture[str]) -> None:
    correct_benchmark(answer="0")
    regrade.run(finished)
    before = contents()
    capsys.readouterr()
    regrade.run(finished)
    assert contents() == before
    assert capsys.readouterr().out.endswith(f"regrade: none of 40 samples changed, {FOLDER}\n")


def test_a_better_grader_is_believed(finished: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [sample for sample in lines(SAMPLES) if not sample["correct"]]
    monkeypatch.setattr(regrade, "grade", lambda answer, reference, kind: Grade("read", True))
    regrade.run(finished)
    assert {(sample["extracted"], sample["correct"]) for sample in lines(SAMPLES)} == {("read", True)}
    assert [line["answer"] for line in lines(CHANGES)] == [sample["answer"] for sample in wrong]
    assert all(sample.correct for sample in read_run("runs", "toy").finished)


def test_another_kind_of_answer_is_another_grading(finished: Config, load: Load) -> None:
    correct_benchmark(answer="12/2")
    task = Path("evals/toy.yaml")
    task.write_text(task.read_text().replace("kind: exact", "kind: math"))
    regrade.run(finished)
    assert lines(CHANGES) == []
    pipeline.run(finished, load)
    assert len(load.started) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda: correct_benchmark(text="What is 3 plus 4?"),
        lambda: correct_benchmark(text="What is 3"),
        lambda: correct_benchmark(id="q33"),
        lambda: correct_benchmark(domain="12"),
        lambda: Path("toy.jsonl").write_text("".join(Path("toy.jsonl").read_text().splitlines(keepends=True)[1:])),
    ],
    ids=["text", "part of the text", "id", "domain", "a question less"],
)
def test_other_questions_are_refused(finished: Config, change: Callable[[], object]) -> None:
    change()
    before = contents()
    with pytest.raises(ValueError, match=f"^{FOLDER}: toy has other questions than were asked") as error:
        regrade.run(finished)
    assert "\n" not in str(error.value) and contents() == before


def test_what_is_lost_or_altered_is_refused(finished: Config) -> None:
    correct_benchmark(answer="0")
    whole = SAMPLES.read_text()
    SAMPLES.write_text("".join(whole.splitlines(keepends=True)[1:]))
    with pytest.raises(ValueError, match=r"samples\.jsonl:1: lines are lost, only 7 of 8 samples"):
        regrade.run(finished)
    SAMPLES.write_text(whole.replace('"correct": false', '"correct": true', 1))
    with pytest.raises(ValueError, match="altered since it was written"):
        regrade.run(finished)
    assert not CHANGES.exists()


def test_benchmarks_that_are_not_asked_for_stay_and_one_must_be(finished: Config, load: Load) -> None:
    task = Path("evals/toy.yaml")
    task.write_text(task.read_text().replace("kind: exact", "kind: exact, count: 8"))
    finished.data.limit = 2
    with pytest.raises(ValueError, match=rf"^{FOLDER} has samples of toy, and none of toy\[2\]: set data\.benchmarks"):
        regrade.run(finished)
    pipeline.run(finished, load)  # q0 and q4, as toy[2]
    finished.data.limit = None
    correct_benchmark(answer="0")
    before = [sample for sample in lines(SAMPLES) if sample["benchmark"] == "toy[2]"]
    regrade.run(finished)
    assert [sample for sample in lines(SAMPLES) if sample["benchmark"] == "toy[2]"] == before
    assert {line["benchmark"] for line in lines(CHANGES)} == {"toy"}
    assert len(read_run("runs", "toy").finished) == 50


def test_an_evaluation_that_is_not_finished_is_graded_as_far_as_it_is(config: Config, load: Load) -> None:
    def breaking(*told: Any) -> Any:
        engine = load(*told)
        complete = engine.complete

        async def so_far(*args: Any, **kwargs: Any) -> Any:
            if len(engine.requests) >= 45:
                raise ValueError("the engine died")
            return await complete(*args, **kwargs)

        engine.complete = so_far
        return engine

    with pytest.raises(ValueError, match="the engine died"):
        pipeline.run(config, breaking)
    taken, corrected = len(lines(SAMPLES)), lines(SAMPLES)[0]["question"]
    assert 0 < taken < 40
    correct_benchmark(corrected, answer="0")
    regrade.run(config)
    assert len(lines(SAMPLES)) == taken and not MANIFEST.exists()
    pipeline.run(config, load)
    assert len(lines(SAMPLES)) == 40
    assert {one["reference"] for one in lines(SAMPLES) if one["question"] == corrected} == {"0"}


STEPS = 7
"""The list of changes, the new samples, what is to stand beside them, then these in their places, and the last word."""


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_step_it_ends_the_same(
    finished: Config, load: Load, step: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    correct_benchmark(answer="0")
    shutil.copytree("runs", "before")
    regrade.run(finished)
    whole = contents()
    shutil.rmtree("runs")
    Path("before").rename("runs")
    old = SAMPLES.read_bytes()

    def dying(act: Callable[..., Any]) -> Callable[..., Any]:
        def one(*args: Any, **kwargs: Any) -> Any:
            if Path(args[0]).name == NEW and act is unlink:  # what an earlier kill left, and there was none
                return act(*args, **kwargs)
            done.append(act)
            if len(done) > step:
                raise KeyboardInterrupt
            return act(*args, **kwargs)

        return one

    done: list[Any] = []
    replace, unlink = os.replace, Path.unlink
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", dying(replace))
        patch.setattr(Path, "unlink", dying(unlink))
        regrade.run(finished)
    assert len(done) == step + 1
    if step < 3:
        assert SAMPLES.read_bytes() == old and len(read_run("runs", "toy").finished) == 40
    else:
        for stage in (lambda: read_run("runs", "toy"), lambda: pipeline.run(quick(finished), load)):
            with pytest.raises(ValueError, match="being graded again, or that was cut short: let it end"):
                stage()
    capsys.readouterr()
    regrade.run(finished)
    assert ("what was cut short is done" in capsys.readouterr().out) == (step >= 3)
    assert contents() == whole
    assert len(read_run("runs", "toy").finished) == 40


def quick(config: Config) -> Config:
    """With a point more, for which there is something to do."""
    config.method.waits = [0, 1, 2, 3]
    return config
