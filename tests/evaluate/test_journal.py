"""Whose samples a folder holds, and which points are complete."""

from __future__ import annotations

import json
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from s1repro.artifacts import Journal
from s1repro.evaluate.journal import (
    SAMPLES,
    claim,
    claimed,
    complete,
    finished,
    is_complete,
    listed_points,
    to_line,
    transcript,
    vouched,
)
from s1repro.records import Transcript
from tests.toy import as_it_is, make_sample

IDENTITY = {"model": "m", "method.answer_tokens": 100}
SAMPLE = make_sample("q1", 16)
POINT = ("toy", "force", 16, 0)


def append(folder: Path, *samples: Transcript) -> None:
    with Journal(folder / SAMPLES) as journal:
        for one in samples:
            journal.append(one.to_json())


def test_another_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    append(tmp_path, SAMPLE)
    claim(tmp_path, IDENTITY, {"toy": "1"})
    with pytest.raises(ValueError, match=r"another model, method.answer_tokens; choose another name=\.\.\. or delete"):
        claim(tmp_path, {"model": "n", "method.answer_tokens": 1}, {"toy": "1"})


def test_changed_questions_are_refused_and_new_benchmarks_added(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    append(tmp_path, SAMPLE)
    claim(tmp_path, IDENTITY, {"other": "7"})
    with pytest.raises(ValueError, match="another toy;"):
        claim(tmp_path, IDENTITY, {"toy": "2", "other": "7"})
    with pytest.raises(ValueError, match="another other;"):
        claim(tmp_path, IDENTITY, {"other": "8"})
    assert claimed(tmp_path) == IDENTITY, "whatever the questions"


def test_a_folder_without_samples_belongs_to_nobody(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    append(tmp_path)
    claim(tmp_path, {**IDENTITY, "model": "n"}, {"toy": "2"})
    append(tmp_path, SAMPLE)
    (tmp_path / "journal_config.json").unlink()
    with pytest.raises(ValueError, match=r"has no journal_config\.json"):
        claim(tmp_path, IDENTITY, {"toy": "1"})


def test_finished_drops_a_torn_line_and_names_a_wrong_one(tmp_path: Path) -> None:
    append(tmp_path, SAMPLE, make_sample("q2"))
    with open(tmp_path / SAMPLES, "a") as file:
        file.write('{"benchmark": "to')
    with Journal(tmp_path / SAMPLES) as journal:
        assert set(finished(journal)) == {SAMPLE.key, make_sample("q2").key}
    with open(tmp_path / SAMPLES, "a") as file:
        file.write("{}\n")
    with pytest.raises(ValueError, match=r"samples\.jsonl:3: not a sample, no field 'benchmark'"):
        finished(Journal(tmp_path / SAMPLES))


def test_complete_sorts_and_lists_points_that_accumulate(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    first = [make_sample("q2"), make_sample("q1")]
    complete(tmp_path, IDENTITY, first, {POINT: 1}, {"toy": "f"}, as_it_is)
    assert [json.loads(line)["question"] for line in (tmp_path / SAMPLES).read_text().splitlines()] == ["q1", "q2"]
    assert is_complete(tmp_path, IDENTITY, {POINT: 1}, {"toy": "f"})
    assert not is_complete(tmp_path, IDENTITY, {POINT: 2}, {"toy": "f"}), "more samples were asked for"
    assert not is_complete(tmp_path, IDENTITY, {POINT: 1}, {"toy": "g"}), "the benchmark has changed"
    assert not is_complete(tmp_path, {**IDENTITY, "model": "n"}, {POINT: 1}, {"toy": "f"})
    later = ("toy", "force", 32, 0)
    assert not is_complete(tmp_path, IDENTITY, {later: 1}, {"toy": "f"})
    complete(
        tmp_path, IDENTITY, [*first, make_sample("q1", 32), make_sample("q2", 32)], {later: 1}, {"toy": "f"}, as_it_is
    )
    assert listed_points(tmp_path) == {POINT: 1, later: 1}
    assert is_complete(tmp_path, IDENTITY, {POINT: 1, later: 1}, {"toy": "f"})


def test_a_point_under_way_is_not_complete(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    complete(tmp_path, IDENTITY, [SAMPLE], {POINT: 1}, {"toy": "f"}, as_it_is)
    append(tmp_path, make_sample("q1", 32))
    assert listed_points(tmp_path) == {POINT: 1}
    assert not is_complete(tmp_path, IDENTITY, {POINT: 1}, {"toy": "f"}), "the file has grown past its manifest"


def test_an_evaluation_is_read_and_finished_in_a_tenth_of_its_size(tmp_path: Path) -> None:
    owner = claim(tmp_path, IDENTITY, {"toy": "1"})
    samples = [make_sample(f"q{i:03}", thinking=f"{i} " * 25_000) for i in reversed(range(100))]
    with Journal(tmp_path / SAMPLES) as journal:
        for sample in samples:
            journal.append(to_line(sample, owner))
    size = (tmp_path / SAMPLES).stat().st_size
    assert size > 5_000_000
    tracemalloc.start()
    with Journal(tmp_path / SAMPLES) as journal:
        complete(
            tmp_path,
            IDENTITY,
            finished(journal).values(),
            {POINT: 1},
            {"toy": "f"},
            partial(transcript, journal=journal),
        )
    found = vouched(tmp_path).samples
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size / 10
    assert [transcript(sample) for sample in found.values()] == samples[::-1]


def test_a_line_that_was_replaced_meanwhile_is_told(tmp_path: Path) -> None:
    claim(tmp_path, IDENTITY, {"toy": "1"})
    append(tmp_path, SAMPLE)
    with Journal(tmp_path / SAMPLES) as journal:
        (kept,) = finished(journal).values()
    for other in (b"", b"{}\n", (tmp_path / SAMPLES).read_bytes().replace(b"q1", b"q2"), b"[1]\n"):
        (tmp_path / SAMPLES).write_bytes(other)
        with pytest.raises(ValueError, match=r"samples\.jsonl: changed while it was read; give the same command again"):
            transcript(kept)
