"""The shipped benchmarks: the paper's prompts from rows as published, and the real files where they are at hand."""

import os
from pathlib import Path

import pytest
from datasets import Dataset

from s1repro.benchmarks import Benchmark, bare_questions, load_benchmark
from s1repro.records import Question
from s1repro.tasks import read_task

EVALS = Path(__file__).resolve().parents[2] / "evals"
TASKS = sorted(path.stem for path in EVALS.glob("*.yaml"))
PUBLISHED = {
    "aime24": {"id": 60, "problem": "  Find $m+n$.\n", "answer": "025", "url": "u"},
    "aime25": {"id": "0", "question": "Find {{x}}.", "answer": "70"},
    "math500": {
        "problem": "[asy] What is $x$?",
        "solution": "long",
        "answer": "[1,2]",
        "subject": "Algebra",
        "level": 2,
        "unique_id": "test/algebra/1.json",
    },
    "gsm8k": {"question": "How many?", "answer": "She makes 9 * 2 = $<<9*2=18>>18.\n#### 1,018"},
    "gpqa_diamond": {
        "Question": "How many apples? \n",
        "Correct Answer": "four ",
        "Incorrect Answer 1": "one",
        "Incorrect Answer 2": "two",
        "Incorrect Answer 3": "three",
        "Record ID": "rec0",
        "Subdomain": "Fruit",
        "Explanation": "Made up.",
    },
}
ASKED = {
    "aime24": Question("60", "  Find $m+n$.\n", "025", "math", ""),
    "aime25": Question("0", "Find {{x}}.", "70", "math", ""),
    "math500": Question("test/algebra/1.json", "[asy] What is $x$?", "[1,2]", "math", "Algebra"),
    "gsm8k": Question("gsm8k-0", "How many?", "1018", "math", ""),
    "gpqa_diamond": Question(
        "rec0", "How many apples? \n\n\nA) one\nB) three\nC) two\nD) four ", "D", "choice", "Fruit"
    ),
}
COUNTS = {
    "aime24": 30,
    "aime25": 30,
    "demo": 250,
    "demo-1000": 1000,
    "gpqa_diamond": 198,
    "gsm8k": 1319,
    "math500": 500,
}


def test_counts_revisions_and_kinds_are_declared():
    assert {name: read_task(EVALS / f"{name}.yaml")["metadata"]["count"] for name in TASKS} == COUNTS
    for name in TASKS:
        task = read_task(EVALS / f"{name}.yaml")
        assert name.startswith("demo") or task["dataset_kwargs"]["revision"]
        assert task["metric_list"][0]["kind"] == task["metadata"]["kind"]


def other_id(name, number):
    """The column that names a question, with the value of the row `number`; the first keeps its own."""
    column = {"aime24": "id", "aime25": "id", "math500": "unique_id", "gpqa_diamond": "Record ID"}.get(name)
    if column is None or number == 0:
        return {}
    return {column: 1000 + number if name == "aime24" else f"other{number}"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_row_is_asked_as_in_the_paper(name, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [PUBLISHED[name] | other_id(name, number) for number in range(COUNTS[name])]
    Dataset.from_list(rows).to_parquet(tmp_path / "rows.parquet")
    benchmark = Benchmark(name, str(tmp_path / "rows.parquet"), folder=str(EVALS))
    assert load_benchmark(benchmark)[0] == ASKED[name]
    assert bare_questions(benchmark)[0] == PUBLISHED[name].get("Question", ASKED[name].text)


REAL = os.environ.get("S1REPRO_REAL_DATA")
FILES = {"aime24": "aime24.jsonl", "aime25": "aime25.jsonl", "gsm8k": "gsm8k_test.jsonl", "math500": "math500.jsonl"}


@pytest.mark.skipif(not REAL, reason="needs the published questions as JSONL in $S1REPRO_REAL_DATA")
@pytest.mark.parametrize("name", FILES)
def test_the_real_file_has_the_right_count(name, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    questions = load_benchmark(Benchmark(name, f"{REAL}/{FILES[name]}", folder=str(EVALS)))
    assert len(questions) == COUNTS[name]
    assert all(question.text and question.reference for question in questions)
