"""The shipped pool and benchmark: what they promise to curation, and that they are what the code makes."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from s1repro.curate.decontamination import contaminated, duplicates
from s1repro.curate.pool import load_pool
from s1repro.curate.published import SCHEMA
from s1repro.curate.quality import formatting, teacher_failures
from s1repro.curate.sources import find
from s1repro.demo import pool
from s1repro.demo.worlds import FAMILIES

DATA = Path(__file__).parents[2] / "data" / "demo"
NEAR_COPY = "Here is a problem that you may know. "
WORDING = re.compile(r"(?i)modulo 10|ring of 10 squares:")


def read_lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def benchmark():
    return read_lines((DATA / "benchmark.jsonl").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def thousand():
    return pool.more_questions()


@pytest.fixture(scope="module")
def raw():
    return gzip.decompress((DATA / "pool.jsonl.gz").read_bytes()).decode()


@pytest.fixture(scope="module")
def rows():
    return load_pool(find(DATA / "pool.jsonl.gz"))


@pytest.fixture(scope="module")
def sound(rows):
    """The rows without a blemish, each once."""
    clean = formatting(teacher_failures(rows).kept).kept
    return duplicates([row for row in clean if not row.question.startswith(NEAR_COPY)]).kept


def body(question):
    """What a question is about, whatever its wording: the start, the tables and the list."""
    words = (word.strip(".,:;?") for word in WORDING.sub("", question).split())
    state = re.findall(r"(?:starts in|from state) ([A-C])\b", question)
    return (*state, *(word for word in words if re.search(r"\d|^a[^a-z]|^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)$", word)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nim: begin with heap 6, add a^7,b^1 in order.", "Give the nim sum of 6 and a^7,b^1."),
        ("Start with 2. Modulo 10 apply a+5. Result?", "From 2 keep the last digit through a+5."),
        ("Today is Mon. Shift by a+5,b-1 and name the day.", "Move from Mon through a+5,b-1 and say which day."),
        ("The stack holds 3; modulo 10 run a<4,b+.", "What remains on the stack 3 after a<4,b+ modulo 10?"),
        ("Ring of 10 squares: from 4 walk aE3.", "From square 4 one robot walks aE3 modulo 10."),
        ("Automaton A0B,B0C starts in C and reads a0.", "Run A0B,B0C from state C on a0 and stop."),
        ("Adjacent swaps send 2 through aS3,bS1 to what?", "Follow element 2 along the swaps aS3,bS1."),
    ],
)
def test_a_body_is_the_question_without_its_wording(one, other):
    assert body(one) == body(other)
    assert all(body(one) != body(one.replace(mark, "9")) for mark in "6234" if mark in one)


def test_the_shipped_files_are_what_the_code_makes(demo_world, raw, benchmark):
    made_rows, made_benchmark, manifest = demo_world
    assert raw == "".join(json.dumps(row) + "\n" for row in made_rows)
    assert benchmark == made_benchmark
    assert json.loads((DATA / "manifest.json").read_text(encoding="utf-8")) == manifest


def test_the_thousand_are_in_neither_of_the_two(thousand, benchmark, sound):
    assert (DATA / "benchmark-1000.jsonl").read_text(encoding="utf-8") == "".join(
        json.dumps(row) + "\n" for row in thousand
    )
    bodies = {body(row["question"]) for row in thousand}
    assert len(thousand) == len(bodies) == 1000
    assert not bodies & ({body(row["question"]) for row in benchmark} | {body(row.question) for row in sound})


def test_the_command_writes_the_shipped_files(monkeypatch, tmp_path, capsys, demo_world, thousand, raw):
    monkeypatch.setattr(pool, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(pool, "make_world", lambda: demo_world)  # its own test is above
    monkeypatch.setattr(pool, "more_questions", lambda: thousand)
    pool.main()
    packed = (tmp_path / "demo" / "pool.jsonl.gz").read_bytes()
    assert packed[4:8] == bytes(4)  # no time of day
    assert gzip.decompress(packed).decode() == raw
    for name in ("benchmark.jsonl", "benchmark-1000.jsonl", "manifest.json"):
        assert (tmp_path / "demo" / name).read_bytes() == (DATA / name).read_bytes()
    assert json.loads(capsys.readouterr().out) == demo_world[2]


def test_another_seed_makes_another_world(demo_world):
    others = pool.make_world(7)
    common = {row["question"] for row in others[1]} & {row["question"] for row in demo_world[1]}
    assert len(common) < 10  # the shortest problems are few
    assert others[2]["seed"] == 7


def test_rows_have_the_published_schema(raw, sound):
    rows = read_lines(raw)
    assert len(rows) >= 6000
    for row in rows:
        assert set(row) == set(SCHEMA)
        assert row["cot_type"] == "math"
        assert json.loads(row["metadata"])["domain"]
    assert {row.source_type for row in sound} == {f"demo/{family.name}" for family in FAMILIES}
    assert {row.domain for row in sound} == {family.domain for family in FAMILIES}
    assert {len(row.thinking_trajectories) for row in sound} == {1}


def test_every_blemish_is_there_as_often_as_stated(rows, sound):
    failed = teacher_failures(rows)
    misformatted = formatting(failed.kept)
    repeated = duplicates(misformatted.kept)
    reasons = Counter(drop.reason.split(":")[0] for drop in [*failed.dropped, *misformatted.dropped, *repeated.dropped])
    copies = sum(row.question.startswith(NEAR_COPY) for row in repeated.kept)
    stated = pool.BLEMISHED
    assert reasons == {
        "teacher failure": stated["teacher failure"],
        "bad formatting": stated["bad formatting"],
        "exact duplicate": stated["duplicate"],
    }
    assert copies == stated["near-copy"]
    assert len({drop.reason for drop in failed.dropped}) == 2
    assert len({drop.reason for drop in misformatted.dropped}) == 4
    assert len(sound) == len({row.question for row in sound}) == pool.SOUND_ROWS


def test_decontamination_finds_all_near_copies_and_keeps_all_others(rows, benchmark):
    result = contaminated(rows, {"demo": [question["question"] for question in benchmark]}, 8)
    assert len(result.dropped) == 120
    assert all(drop.row.question.startswith(NEAR_COPY) for drop in result.dropped)
    assert len(result.kept) == len(rows) - 120


def test_the_benchmark_is_large_balanced_and_disjoint_from_the_pool(sound, benchmark):
    assert len(benchmark) >= 200
    assert len({row["id"] for row in benchmark}) == len({row["question"] for row in benchmark}) == len(benchmark)
    assert set(Counter(row["id"].split("-")[1] for row in benchmark).values()) == {pool.BENCHMARK_PER_FAMILY}
    learnt = {(row.source_type, body(row.question)) for row in sound}
    measured = {(f"demo/{row['id'].split('-')[1]}", body(row["question"])) for row in benchmark}
    assert len(learnt) == len(sound)
    assert len(measured) == len(benchmark)
    assert all(parts for _, parts in learnt | measured)
    assert not learnt & measured


def test_references_are_right(reader, sound, benchmark):
    for row in sound:
        assert row.solution == reader.answer(row.source_type.removeprefix("demo/"), row.question, [])
    for row in benchmark:
        assert row["answer"] == reader.answer(row["id"].split("-")[1], row["question"], [])


def test_the_manifest_states_what_is_in_the_pool(demo_world, sound):
    manifest = demo_world[2]
    right = sum(row.attempt == f"Final Answer: {row.solution}" for row in sound)
    assert manifest["rows"] == len(demo_world[0]) == len(sound) + sum(pool.BLEMISHED.values())
    assert manifest["measured_teacher_right_share"] == round(right / len(sound), 4)
    assert manifest["measured_rows_with_a_wait"] == sum("Wait" in row.trace for row in sound)
    assert 0.5 < manifest["measured_teacher_right_share"] < 0.9  # imperfect, as the paper's (53.6 %)


def test_trace_lengths_vary_tenfold(demo_tokenizer, sound):
    lengths = sorted(len(ids) for ids in demo_tokenizer([row.trace for row in sound])["input_ids"])
    assert lengths[-1 - len(lengths) // 20] >= 10 * lengths[len(lengths) // 20]  # without the extremes
