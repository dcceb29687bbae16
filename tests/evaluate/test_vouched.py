"""A damaged evaluation is told by `report`, and by an `evaluate` that goes on with it, in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s1repro.config import Config
from s1repro.evaluate import pipeline
from s1repro.evaluate.vouched import Vouched, read_manifest, read_points, vouch
from s1repro.report.curves import read_run
from s1repro.report.pipeline import run as report
from tests.toy import make_sample

Load = Any  # a function with `started`; see conftest
FOLDER = Path("runs/toy/evaluate")
SAMPLES, MANIFEST, IDENTITY = (FOLDER / name for name in ("samples.jsonl", "manifest.json", "journal_config.json"))


def lines(change: Callable[[list[str]], object]) -> Callable[[], None]:
    """A damage to the lines of the samples."""

    def damage() -> None:
        kept = SAMPLES.read_text().splitlines(keepends=True)
        change(kept)
        SAMPLES.write_text("".join(kept))

    return damage


def field(name: str, value: object, number: int = 3, resealed: bool = False) -> Callable[[], None]:
    """A damage to one field of a line; `resealed` as a version without checks wrote it."""

    def change(kept: list[str]) -> None:
        sample = json.loads(kept[number - 1])
        sample[name] = (not sample[name]) if value == "flipped" else value
        if resealed:
            sample.pop("check", None)
        kept[number - 1] = json.dumps(sample) + "\n"

    return lines(change)


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[], None]:
    """A damage to the manifest's facts."""

    def damage() -> None:
        data = json.loads(MANIFEST.read_text())
        change(data["facts"])
        MANIFEST.write_text(json.dumps(data))

    return damage


def torn(path: Path) -> Callable[[], None]:
    return lambda: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # type: ignore[return-value]


def other_runs() -> None:
    """The manifest of the same stage with another seed."""
    shutil.copy(Path("runs/other/evaluate/manifest.json"), MANIFEST)


def other_lines() -> None:
    """All samples of another run under this run's manifest."""
    shutil.copy(Path("runs/other/evaluate/samples.jsonl"), SAMPLES)


JOURNAL: dict[str, tuple[Callable[[], object], str]] = {
    "a doubled line": (lines(lambda kept: kept.insert(5, kept[3])), r"samples\.jsonl:6: the same sample as in line 4;"),
    "a flipped verdict": (field("correct", "flipped"), r"samples\.jsonl:3: not a sample, altered since it was written"),
    "a flipped verdict without a check": (
        field("correct", "flipped", resealed=True),
        r"samples\.jsonl:1: lines 1 to 8 have other samples of toy, force, budget 4, 0 Waits than manifest\.json",
    ),
    "a text for a number": (
        field("thinking_tokens", "4"),
        r"samples\.jsonl:3: not a sample, thinking_tokens is '4', n",
    ),
    "true for a number": (field("seed", True), r"samples\.jsonl:3: not a sample, seed is True, not a whole number;"),
    "a number for a verdict": (field("correct", 1), r"samples\.jsonl:3: not a sample, correct is 1, not true or false"),
    "an end that is none": (
        field("finish", "tired"),
        r"samples\.jsonl:3: not a sample, finish is 'tired', not 'natural",
    ),
    "NaN": (
        lines(lambda kept: kept.__setitem__(2, kept[2].replace('"seed": ', '"seed": NaN, "was": '))),
        r"samples\.jsonl:3: NaN is no number",
    ),
    "a key twice": (
        lines(lambda kept: kept.__setitem__(2, kept[2].replace('"seed": ', '"correct": true, "seed": '))),
        r"samples\.jsonl:3: the key 'correct' stands twice",
    ),
    "an unknown field": (field("grade", 1), r"samples\.jsonl:3: not a sample, unknown field 'grade'"),
    "a blank line": (lines(lambda kept: kept.insert(2, "\n")), r"samples\.jsonl:3: a blank line; delete it"),
    "another run's line": (
        lambda: lines(
            lambda kept: kept.__setitem__(
                2, Path("runs/other/evaluate/samples.jsonl").read_text().splitlines()[2] + "\n"
            )
        )(),
        r"samples\.jsonl:3: (lines are lost, only 7 of 8|a sample of another evaluation than journal_config\.json bes)",
    ),
    "another run's samples": (
        other_lines,
        r"samples\.jsonl:1: (all samples are|a sample) of another evaluation than journal_config\.json bes",
    ),
    "another run's manifest": (
        other_runs,
        r"manifest\.json: of another run than journal_config\.json beside it; delete",
    ),
    "a torn manifest": (torn(MANIFEST), r"manifest\.json: not JSON \(.*\); delete it and run the evaluate stage again"),
    "a manifest of something else": (
        manifest(lambda facts: facts.update(points=3)),
        r"manifest\.json: not the manifest of an evaluation",
    ),
    "a point that was taken out": (
        manifest(lambda facts: [facts["points"].pop(), facts["samples"].pop()]),
        r"manifest\.json: altered since it was written",
    ),
    "a point that was put in": (
        manifest(lambda facts: [facts["points"].append(["toy", "force", 99, 0, 1]), facts["samples"].append([8, "0"])]),
        r"manifest\.json: altered since it was written",
    ),
    "points without their samples": (
        manifest(lambda facts: facts["samples"].pop()),
        r"manifest\.json: not the manifest of an evaluation",
    ),
    "a torn identity": (torn(IDENTITY), r"journal_config\.json: not JSON"),
}
"""What both stages refuse."""

MENDED: dict[str, tuple[Callable[[], object], str]] = {
    "a lost line": (
        lines(lambda kept: kept.pop(2)),
        r'samples\.jsonl:3: lines are lost, only 7 of 8 samples of a point are there, none for question "q2" of toy, ',
    ),
    "the last line": (lines(lambda kept: kept.pop()), r"samples\.jsonl:40: lines are lost, only 7 of 8"),
    "a point": (
        lines(lambda kept: kept.__delitem__(slice(8, 16))),
        r'samples\.jsonl:9: lines are lost, only 0 of 8 samples of a point are there, none for question "q0" of toy, f',
    ),
    "all lines": (lambda: SAMPLES.write_text(""), r"samples\.jsonl:1: lines are lost, only 0 of 8 samples"),
    "half a last line": (
        lambda: SAMPLES.write_bytes(SAMPLES.read_bytes()[:-40]),
        r"samples\.jsonl:40: lines are lost, only 7 of 8 samples of a point are there, none for question",
    ),
    "a budget that nobody asked for": (
        field("budget", 17, resealed=True),
        r"samples\.jsonl:3: lines are lost, only 7 of 8 samples of a point are there, none for",
    ),
}
"""What `evaluate` takes again."""


@pytest.fixture
def finished(config: Config, load: Load) -> Config:
    """The runs `toy` and, with another seed and other answers, `other`."""
    config.method.temperature = 1.0
    config.name, config.seed = "other", 7
    pipeline.run(config, load)
    config.name, config.seed = "toy", 0
    pipeline.run(config, load)
    return config


@pytest.mark.parametrize(("damage", "says"), (JOURNAL | MENDED).values(), ids=JOURNAL | MENDED)
def test_report_refuses_it(finished: Config, damage: Callable[[], object], says: str) -> None:
    assert len(read_run("runs", "toy").samples) == 40
    damage()
    with pytest.raises(ValueError, match=f"^{FOLDER}/{says}") as error:
        report(finished)
    assert "\n" not in str(error.value)
    assert not Path("runs/toy/report").exists()


@pytest.mark.parametrize(("damage", "says"), JOURNAL.values(), ids=JOURNAL)
def test_an_evaluation_that_goes_on_refuses_it_too(
    finished: Config, load: Load, damage: Callable[[], object], says: str
) -> None:
    damage()
    finished.method.waits = [0, 1, 2, 3]  # more than there is
    before, started = SAMPLES.read_bytes(), len(load.started)
    with pytest.raises(ValueError, match=f"^{FOLDER}/{says}") as error:
        pipeline.run(finished, load)
    assert "\n" not in str(error.value)
    assert SAMPLES.read_bytes() == before and len(load.started) == started


@pytest.mark.parametrize(("damage", "_"), MENDED.values(), ids=MENDED)
def test_an_evaluation_takes_what_is_lost_again(
    finished: Config, load: Load, damage: Callable[[], object], _: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = read_run("runs", "toy")
    damage()
    pipeline.run(finished, load)
    assert read_run("runs", "toy").finished == whole.finished


def test_a_sample_of_a_benchmark_that_was_never_asked_is_refused(finished: Config) -> None:
    field("benchmark", "math500", resealed=True)()
    with pytest.raises(
        ValueError, match=r"samples\.jsonl:3: a sample of 'math500', and this evaluation asked toy; del"
    ):
        report(finished)


def test_lines_of_another_evaluation_are_named_by_the_report_and_the_rest_is_shown(finished: Config) -> None:
    whole = read_run("runs", "toy")
    lines(lambda kept: kept.extend(Path("runs/other/evaluate/samples.jsonl").read_text().splitlines(keepends=True)))()
    report(finished)
    evaluated = read_run("runs", "toy")
    assert (evaluated.samples, evaluated.unfinished) == (whole.samples, frozenset())
    (note,) = evaluated.notes
    assert note == (
        f"{SAMPLES}:41: 40 samples are left out, this one first: they are of another evaluation than "
        "journal_config.json beside it names"
    )
    assert note in Path("runs/toy/report/tables.md").read_text()


def test_an_evaluation_does_not_go_on_with_lines_of_another_one(finished: Config, load: Load) -> None:
    lines(lambda kept: kept.extend(Path("runs/other/evaluate/samples.jsonl").read_text().splitlines(keepends=True)))()
    finished.method.waits = [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"samples\.jsonl:41: a sample of another .*delete this line and 39 others"):
        pipeline.run(finished, load)


def test_samples_of_points_under_way_are_told_apart(finished: Config) -> None:
    extra = json.loads(SAMPLES.read_text().splitlines()[0]) | {"budget": 5}
    del extra["check"]
    SAMPLES.write_text(SAMPLES.read_text() + json.dumps(extra) + "\n")
    evaluated = read_run("runs", "toy")
    assert (len(evaluated.samples), len(evaluated.finished)) == (41, 40)
    assert evaluated.unfinished == {("toy", "force", 5, 0)}


def test_an_older_versions_folder_is_vouched_for_by_evaluate_without_a_sample(
    finished: Config, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    kept = [{name: value for name, value in line.items() if name not in ("check", "evaluation")} for line in kept]
    SAMPLES.write_text("".join(json.dumps(line) + "\n" for line in kept))
    data = json.loads(MANIFEST.read_text())
    data["facts"] = {
        "points": [point[:5] for point in data["facts"]["points"]],
        "benchmarks": data["facts"]["benchmarks"],
    }
    MANIFEST.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"manifest\.json: of an older version, .*; run the evaluate stage again"):
        report(finished)
    started = len(load.started)
    pipeline.run(finished, load)
    assert len(load.started) == started
    again = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    assert [{name: line[name] for name in kept[0]} for line in again] == kept
    assert len(read_run("runs", "toy").samples) == 40


def test_a_digest_follows_every_field_and_no_order() -> None:
    samples = [make_sample("q1"), make_sample("q2")]
    assert vouch(samples, 1) == vouch(samples[::-1], 1) == Vouched(1, 2, vouch(samples, 1).digest)
    assert vouch([samples[0], make_sample("q2", correct=False)], 1).digest != vouch(samples, 1).digest


def test_no_manifest_vouches_for_nothing(tmp_path: Path) -> None:
    assert (read_manifest(tmp_path), read_points(tmp_path)) == ({}, {})
