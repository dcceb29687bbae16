import json
import re
from pathlib import Path

import pytest

from s1repro.config import Config
from s1repro.curate.pipeline import run as curate
from s1repro.curate.published import METADATA_LIMIT, facts, is_wanted, read_grades, read_row
from s1repro.train.pipeline import run as train
from tests.curate.published_sets import ROWS, SCHEMAS, featurized, make_set, s1k, s1k_11, write_parquet
from tests.toy import make_config

GOOD = {
    "question": "What is 2+2?",
    "solution": "4",
    "thinking_trajectories": ["two and two", "again"],
    "attempt": "Answer: 4",
    "cot_type": "math",
    "source_type": "demo",
    "metadata": "{}",
}


def read(data, teacher=""):
    return read_row(data, "pool:3", 3, teacher)


def test_a_row_keeps_what_the_file_says():
    row = read(GOOD | {"id": "q7", "domain": "05", "length": 3, "other": 1})
    assert (row.id, row.domain, row.line, row.length) == ("q7", "05", 3, 0)
    assert row.thinking_trajectories == ("two and two", "again")
    assert row.trace == "two and two\nagain"
    assert {name: row.to_json()[name] for name in GOOD} == GOOD


def test_what_a_row_wrote_reads_back_the_same():
    row = read(GOOD | {"grades": {"teacher": True, "solver2": False}})
    assert read(row.to_json()) == row
    assert "grades" not in read(GOOD).to_json()


@pytest.mark.parametrize("field", ["question", "solution", "attempt", "thinking_trajectories"])
def test_a_teachers_failure_is_not_malformed(field):
    row = read(GOOD | {field: None})
    assert (row.trace if field == "thinking_trajectories" else getattr(row, field)) == ""


@pytest.mark.parametrize("traces", [[], [None]])
def test_no_trace_is_an_empty_trace(traces):
    assert read(GOOD | {"thinking_trajectories": traces}).trace == ""


def test_no_trace_of_one_teacher_is_an_empty_trace():
    row = read(s1k_11(1) | {"deepseek_thinking_trajectory": None, "deepseek_attempt": None}, "deepseek")
    assert (row.trace, row.attempt) == ("", "")


@pytest.mark.parametrize(
    ("fields", "domain"),
    [
        ({}, ""),
        ({"domain": "05"}, "05"),
        ({"metadata": '{"domain": "11"}'}, "11"),
        ({"metadata": '{"subject": "Number theory"}'}, "Number theory"),
        ({"metadata": '{"domain": "11"}', "domain": "05"}, "05"),
        ({"metadata": '{"domain": "11"}', "domain": None}, "11"),
        ({"metadata": "['free', 'text']"}, ""),
        ({"metadata": "[1]"}, ""),
        ({"metadata": "{'subject': 'Algebra'}"}, ""),  # what the question's source said, not one of the classes
    ],
)
def test_domain(fields, domain):
    assert read(GOOD | fields).domain == domain


@pytest.mark.parametrize(
    ("metadata", "known"),
    [
        ('{"kind": "math"}', {"kind": "math"}),
        ("{'kind': 'math', 'unit': None, 'note': \"it's\"}", {"kind": "math", "unit": None, "note": "it's"}),
        ("['free', 'text']", {}),
        ("free \\text, {not a dict}", {}),
        ("{'a': open('evaluated', 'w')}", {}),
        ("(" * 5000, {}),
        ("{" * 200 + "}" * 200, {}),
        ("{'a': [1]}\0", {}),
        ("{[]: 1}", {}),
    ],
)
@pytest.mark.filterwarnings("error")
def test_metadata_is_read_and_nothing_evaluated(tmp_path, monkeypatch, make_row, metadata, known):
    monkeypatch.chdir(tmp_path)
    assert facts(make_row(metadata=metadata)) == known
    assert not Path("evaluated").exists()


def test_metadata_that_nests_without_an_end_is_free_text():
    row = read(GOOD | {"metadata": "[" * 60_000})
    assert (row.domain, facts(row)) == ("", {})


def test_metadata_of_megabytes_is_left_out_and_says_so():
    short, long = (read(GOOD | {"metadata": "x" * size}) for size in (METADATA_LIMIT, METADATA_LIMIT + 1))
    assert short.metadata == "x" * METADATA_LIMIT
    assert facts(long) == {"characters_left_out": METADATA_LIMIT + 1}
    assert long.id != read(GOOD | {"metadata": "y" * (METADATA_LIMIT + 1)}).id  # the content still tells rows apart


def test_columns_that_are_not_needed_are_not_wanted():
    columns = set(s1k_11(1)) | set(featurized(1)) | set(s1k(1)) | {"text", "id"}
    assert {column for column in columns if not is_wanted(column)} == {
        "cot",
        "text",
        "gemini_length",
        "gemini_grade_reason",
        "deepseek_grade_reason",
    }


@pytest.mark.parametrize(
    ("data", "teacher", "grades"),
    [
        ({"deepseek_grade": "Yes", "gemini_grade": "No"}, "deepseek", {"teacher": True}),
        ({"deepseek_grade": "Yes", "gemini_grade": "No"}, "gemini", {"teacher": False}),
        ({"deepseek_grade": None}, "deepseek", {}),
        ({"isgeminicorrect": "Yes", "isqwen7bcorrect": "No"}, "", {"teacher": True, "solver1": False}),
        ({"isgeminicorrect": True, "isqwen32bcorrect": False}, "", {"teacher": True, "solver2": False}),
        ({"isgeminicorrect": True}, "deepseek", {}),  # another teacher's
        ({"grades": {"teacher": True, "solver1": None}}, "", {"teacher": True}),
        ({}, "", {}),
    ],
)
def test_grades(data, teacher, grades):
    assert read_grades(data, "pool:3", teacher) == grades


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"gemini_grade": "Maybe"}, 'pool:3: gemini_grade is \'Maybe\'; a grade is "Yes", "No", true, false or null'),
        ({"isqwen7bcorrect": 1}, "pool:3: isqwen7bcorrect is 1; a grade is"),
        ({"grades": {"teacher": "yes"}}, "pool:3: grades.teacher is 'yes'; a grade is"),
        ({"grades": [True]}, "pool:3: grades is a list; make it an object"),
    ],
)
def test_an_unknown_grade_is_an_error(data, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        read_grades(data, "pool:3", "gemini")


def without(data, *names):
    return {name: value for name, value in data.items() if name not in names}


@pytest.mark.parametrize(
    ("data", "teacher", "says"),
    [
        (without(GOOD, "attempt"), "", "no field 'attempt'; a row has the fields question, solution, thinking_traj"),
        (
            {"problem": "x", "answer": "y"},
            "",
            "no field 'question', 'solution', 'thinking_trajectories', 'attempt', 'c",
        ),
        (s1k_11(1), "", "has traces of 2 teachers; choose data.teacher=deepseek or data.teacher=gemini"),
        (s1k_11(1), "claude", "set data.teacher to one of deepseek, gemini, or nothing where rows have thinking_"),
        (
            s1k(1),
            "deepseek",
            "no field 'deepseek_thinking_trajectory', 'deepseek_attempt'; set data.teacher to nothing",
        ),
        (
            featurized(1),
            "",
            "no field 'thinking_trajectories', 'attempt'; these are grades without traces: give them as",
        ),
        (GOOD | {"question": 7}, "", "question is a number; make it a string or null"),
        (GOOD | {"cot_type": None}, "", "cot_type is null; make it a string"),
        (GOOD | {"metadata": {"domain": "11"}}, "", "metadata is an object"),
        (GOOD | {"metadata": None}, "", "metadata is null"),
        (GOOD | {"thinking_trajectories": "two"}, "", "thinking_trajectories is a string; make it a list"),
        (GOOD | {"thinking_trajectories": [["two"]]}, "", "thinking_trajectories holds a list"),
        (GOOD | {"id": 7}, "", "id is a number"),
        (GOOD | {"domain": 11}, "", "domain is a number"),
    ],
)
def test_a_row_in_no_schema_is_named_by_where_it_is(data, teacher, says):
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        read(data, teacher)
    assert str(error.value).startswith("pool:3: ") and "\n" not in str(error.value)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a benchmark, one question of which is in every published set."""
    import torch

    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    Path("evals").mkdir()
    Path("evals/small.yaml").write_text(
        "task: small\ndataset_path: json\ndataset_kwargs: {data_files: {test: benchmark.jsonl}}\ntest_split: test\n"
        "doc_to_text: question\ndoc_to_target: answer\nmetadata: {kind: exact}\n"
    )
    Path("benchmark.jsonl").write_text(json.dumps({"question": "what is 2 PLUS 2?", "answer": "4"}) + "\n")
    return tmp_path


def published(pool: Path, model: Path, **data: str) -> Config:
    return make_config(
        name="whole",
        curated="runs/whole/curate/s1k.jsonl",
        model={"base": str(model)},
        data={"pool": str(pool), "benchmarks": ["small"], **data},
        selection={"preset": "published"},
        sft={"epochs": 1, "batch_size": 3, "micro_batch_size": 3, "max_length": 400, "bf16": False},
    )


def test_a_published_set_is_compared_with_the_tasks_of_another_folder(place, tiny_qwen):
    Path("evals").rename("tasks")
    curate(published(make_set(place / "set", "s1K"), tiny_qwen, evals="tasks"))
    (overlap,) = Path("runs/whole/curate/contaminated.jsonl").read_text().splitlines()
    assert json.loads(overlap)["benchmark"] == "small"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_published_set_goes_through_curate_and_train(place, tiny_qwen, schema):
    teacher = "deepseek" if "1.1" in schema else ""
    config = published(make_set(place / "set", schema, files=2), tiny_qwen, teacher=teacher)
    curate(config)
    written = [json.loads(line) for line in Path(config.curated).read_text().splitlines()]
    assert [row["question"] for row in written] == [f"What is {i} plus {i}?" for i in range(ROWS)]
    assert all(row["length"] > 0 and row["thinking_trajectories"][0] and row["attempt"] for row in written)
    train(config)
    assert list(Path("runs/whole/train/checkpoint").glob("*.safetensors"))
    assert json.loads(Path("runs/whole/train/manifest.json").read_text())["facts"]["examples"] == ROWS


def test_a_published_set_is_audited_and_not_selected(place, tiny_qwen, capsys):
    rows = [s1k_11(i) for i in range(ROWS)]
    rows[3]["deepseek_attempt"] = None
    rows[5]["question"] = rows[4]["question"]
    config = published(write_parquet(place / "set.parquet", rows), tiny_qwen, teacher="deepseek")
    config.sft.max_length = 5
    curate(config)
    folder = Path("runs/whole/curate")
    assert {path.name for path in folder.iterdir()} == {
        "funnel.csv",
        "s1k.jsonl",
        "dropped.jsonl",
        "contaminated.jsonl",
        "manifest.json",
    }
    assert (folder / "funnel.csv").read_text().splitlines()[1:] == [
        "pool,6,0,",
        "quality,5,1,nothing to train on: no attempt",
        "decontamination,5,0,1 share words with small and stay",
    ]
    written = [json.loads(line) for line in (folder / "s1k.jsonl").read_text().splitlines()]
    assert [row["attempt"] for row in written] == [f"deepseek says {2 * i}" for i in (0, 1, 2, 4, 5)]
    assert [row["grades"]["teacher"] for row in written] == [False, True, False, False, True]
    (found,) = [json.loads(line) for line in (folder / "contaminated.jsonl").read_text().splitlines()]
    assert found["id"] == written[2]["id"] and found["benchmark"] == "small"
    facts = json.loads((folder / "manifest.json").read_text())["facts"]
    assert facts["contaminated"] == {"small": 1}
    assert (facts["rows"], facts["duplicates"], facts["domains"]) == (5, 1, 0)
    assert facts["teacher_right"] == {"pool": 2 / 6, "set": 2 / 5}
    shown = capsys.readouterr().out
    assert "teacher right: 33.3% of the pool, 40.0% of the set, as 6 rows say" in shown
    assert "5 traces are longer than sft.max_length=5, which train refuses: raise it" in shown


def test_another_teacher_makes_another_set(place, tiny_qwen, capsys):
    pool = make_set(place / "set", "s1K-1.1")
    curate(published(pool, tiny_qwen, teacher="deepseek"))
    curate(published(pool, tiny_qwen, teacher="gemini"))
    assert "done already" not in capsys.readouterr().out
    assert "gemini says" in Path("runs/whole/curate/s1k.jsonl").read_text()
    curate(published(pool, tiny_qwen, teacher="gemini"))
    assert "done already" in capsys.readouterr().out


def test_a_set_without_a_single_trace_is_refused(place, tiny_qwen):
    rows = [s1k(i) | {"thinking_trajectories": None} for i in range(3)]
    with pytest.raises(ValueError, match=r"data\.pool: none of the 3 rows of .* has a trace and an attempt"):
        curate(published(write_parquet(place / "set.parquet", rows), tiny_qwen))
    assert not Path("runs").exists()
