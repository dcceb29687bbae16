import json
import re

import pytest

from s1repro.curate.pool import load_pool, with_features
from s1repro.curate.sources import find
from tests.curate.published_sets import ROWS, featurized, make_set, s1k, write_parquet

GOOD = {
    "question": "What is 2+2?",
    "solution": "4",
    "thinking_trajectories": ["two and two", "again"],
    "attempt": "Answer: 4",
    "cot_type": "math",
    "source_type": "demo",
    "metadata": "{}",
}


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def load(path, teacher=""):
    return load_pool(find(path), teacher)


def features(path):
    return find(path, "", "data.features", "data.features_revision")


def test_ids_come_from_the_content(tmp_path):
    other = GOOD | {"question": "What is 3+3?"}
    first = load(write(tmp_path / "a.jsonl", GOOD, other, GOOD))
    second = load(write(tmp_path / "b.jsonl", other, GOOD | {"domain": "11", "length": 9}))
    assert [row.id for row in second] == [first[1].id, first[0].id]
    assert first[2].id == f"{first[0].id}-2"


def test_parquet_and_jsonl_give_the_same_rows(tmp_path):
    parquet = load(make_set(tmp_path / "set", "s1K", files=2))
    jsonl = load(write(tmp_path / "pool.jsonl", *map(s1k, range(ROWS))))
    assert parquet == jsonl
    assert [row.line for row in parquet] == list(range(1, ROWS + 1))


def test_either_teachers_traces_come_with_their_grades(tmp_path):
    folder = make_set(tmp_path / "set", "s1K-1.1")
    deepseek, gemini = load(folder, "deepseek"), load(folder, "gemini")
    assert deepseek[2].trace == "deepseek thinks 4" and deepseek[2].attempt == "deepseek says 4"
    assert gemini[2].trace == "gemini thinks 4" and gemini[2].attempt == "gemini says 4"
    assert [row.grades for row in deepseek[:2]] == [{"teacher": False}, {"teacher": True}]
    assert [row.grades for row in gemini[:2]] == [{"teacher": True}, {"teacher": True}]
    assert not {row.id for row in deepseek} & {row.id for row in gemini}


def test_features_are_joined_by_question(tmp_path, capsys):
    traces = [s1k(i) for i in range(4)]
    known = [featurized(i) for i in (3, 2, 1)]
    known[0] |= {"isqwen7bcorrect": None, "isgeminicorrect": None}
    rows = load(write_parquet(tmp_path / "traces.parquet", traces))
    joined = with_features(rows, features(write_parquet(tmp_path / "known.parquet", known)))
    assert [row.domain for row in joined] == ["", "Number theory", "Number theory", "Number theory"]
    assert [row.grades for row in joined] == [
        {},
        {"teacher": True, "solver1": True, "solver2": True},
        {"teacher": False, "solver1": False, "solver2": True},
        {"solver2": False},
    ]
    assert [row.id for row in joined] == [row.id for row in rows]
    assert "3 of 4 questions found in" in capsys.readouterr().out


def test_a_rows_own_domain_and_grades_stay(tmp_path):
    rows = load(write(tmp_path / "pool.jsonl", s1k(1) | {"domain": "05", "grades": {"teacher": False}}))
    (row,) = with_features(rows, features(write_parquet(tmp_path / "known.parquet", [featurized(1)])))
    assert (row.domain, row.grades) == ("05", {"teacher": False, "solver1": True, "solver2": True})


def test_features_that_do_not_fit_are_refused(tmp_path):
    rows = load(write(tmp_path / "pool.jsonl", GOOD))
    with pytest.raises(ValueError, match=r"data\.features: .*known\.parquet knows none of the pool's 1 questions"):
        with_features(rows, features(write_parquet(tmp_path / "known.parquet", [featurized(1)])))
    with pytest.raises(ValueError, match=r"other\.jsonl:1: no question; features have one"):
        with_features(rows, features(write(tmp_path / "other.jsonl", {"domain": "11"})))
    with pytest.raises(ValueError, match=r"odd\.jsonl:1: domain is 11; make it a string"):
        with_features(rows, features(write(tmp_path / "odd.jsonl", {"question": "Why?", "domain": 11})))


def test_a_repeated_id_and_an_empty_pool(tmp_path):
    named = GOOD | {"id": "first"}
    with pytest.raises(ValueError, match=r"pool\.jsonl:3: id 'first' is taken by line 1; give each row its own id"):
        load(write(tmp_path / "pool.jsonl", named, "", named))
    with pytest.raises(ValueError, match=r"empty\.jsonl:1: no rows; a pool has rows with the fields question"):
        load(write(tmp_path / "empty.jsonl"))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "pool.jsonl:2: not JSON"),
        ("[]", "pool.jsonl:2: expected a JSON object"),
        (GOOD | {"question": 7}, "pool.jsonl:2: question is a number; make it a string or null"),
        (GOOD | {"question": "x \ud800"}, r"pool.jsonl:2: half of a surrogate pair, \ud800"),
        (GOOD | {"other": float("nan")}, "pool.jsonl:2: NaN is no number in JSON"),
        (json.dumps(GOOD)[:-1] + ', "attempt": "5"}', "pool.jsonl:2: the key 'attempt' stands twice in one object"),
        (json.dumps(GOOD)[:-1] + ', "deep": ' + "[" * 500 + "]" * 500 + "}", "pool.jsonl:2: more than 64 lists"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path, bad, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        load(write(tmp_path / "pool.jsonl", GOOD, bad))


def test_an_unknown_grade_in_a_parquet_file_is_named_by_its_row(tmp_path):
    rows = [featurized(i) | s1k(i) for i in range(3)]
    rows[2]["isgeminicorrect"] = "Maybe"
    with pytest.raises(ValueError, match=r"pool\.parquet, row 3: isgeminicorrect is 'Maybe'; a grade is"):
        load(write_parquet(tmp_path / "pool.parquet", rows))


def test_questions_for_a_teacher_need_no_trace(tmp_path):
    asked = {name: value for name, value in GOOD.items() if name not in ("thinking_trajectories", "attempt")}
    path = write(tmp_path / "pool.jsonl", asked, GOOD, GOOD | {"attempt": None})
    with pytest.raises(ValueError, match=r"pool\.jsonl:1: no field 'thinking_trajectories', .*teacher=openai asks"):
        load(path)
    rows = load_pool(find(path), asking=True)
    assert [(row.trace, row.attempt) for row in rows] == [
        ("", ""),
        ("two and two\nagain", "Answer: 4"),
        ("two and two\nagain", ""),
    ]
    assert rows[1].id == load(write(tmp_path / "own.jsonl", GOOD))[0].id != rows[0].id
    with pytest.raises(ValueError, match=r"pool\.jsonl:1: no field 'solution'"):
        load_pool(find(write(path, {"question": "Why?"})), asking=True)
