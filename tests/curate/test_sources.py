import gzip
import json

import pyarrow.parquet
import pytest

from s1repro.curate.sources import BATCH, find, read, source_mark
from tests.curate.published_sets import ROWS, make_set, s1k, write_parquet

ROW = {"question": "What is 2+2?", "other": 1}


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def all_of(place, wanted=lambda column: True):
    return list(read(find(place), wanted))


def test_jsonl_is_read_line_by_line_with_all_fields(tmp_path):
    pool = write(tmp_path / "pool.jsonl", ROW, "", ROW)
    assert [(found.where, found.line, found.data) for found in all_of(pool)] == [
        (f"{pool}:1", 1, ROW),
        (f"{pool}:3", 3, ROW),
    ]


def test_gz_and_plain_read_alike(tmp_path):
    plain = write(tmp_path / "pool.jsonl", ROW)
    packed = tmp_path / "pool.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [found.data for found in all_of(packed)] == [ROW]


def test_parquet_is_read_by_column(tmp_path, capsys):
    file = write_parquet(tmp_path / "pool.parquet", [s1k(i) for i in range(BATCH + 2)])
    found = all_of(file, lambda column: column in ("question", "thinking_trajectories", "nowhere"))
    assert [set(row.data) for row in found] == [{"question", "thinking_trajectories"}] * (BATCH + 2)
    assert found[-1].data["question"] == s1k(BATCH + 1)["question"]
    assert (found[-1].where, found[-1].line) == (f"{file}, row {BATCH + 2}", BATCH + 2)
    assert f"rows of {file}: {BATCH + 2}/{BATCH + 2}" in capsys.readouterr().err


def test_a_folder_is_read_in_order_and_of_splits_the_training_one(tmp_path):
    folder = make_set(tmp_path / "set", "s1K", files=3)
    write_parquet(folder / "data" / "test-00000-of-00001.parquet", [s1k(99)])
    write_parquet(folder / ".cache" / "train.parquet", [s1k(98)])
    found = all_of(folder)
    assert [row.data["question"] for row in found] == [s1k(i)["question"] for i in range(ROWS)]
    assert found[-1].where == f"{folder}/data/train-00002-of-00003.parquet, row 2"
    assert found[-1].line == ROWS


def test_files_without_a_split_are_all_read(tmp_path):
    for name in "ab":
        write_parquet(tmp_path / "set" / f"{name}.parquet", [s1k(1)])
    assert len(all_of(tmp_path / "set")) == 2


def test_a_mark_changes_with_the_content_and_a_commit_is_one(tmp_path):
    folder = make_set(tmp_path / "set", "s1K", files=2)
    before = source_mark(find(folder))
    assert source_mark(find(folder)) == before
    write_parquet(folder / "data" / "train-00001-of-00002.parquet", [s1k(1)])
    assert source_mark(find(folder)) != before
    one, other = ("0" * 40, "1" * 40)  # not looked up: nothing is fetched before a stage knows that it must run
    assert source_mark(find("nobody/nothing", one)) == source_mark(find("nobody/nothing", one))
    assert source_mark(find("nobody/nothing", one)) != source_mark(find("nobody/nothing", other))


@pytest.mark.parametrize("place", ["gone.jsonl", "gone/pool.jsonl.gz", "some/gone.parquet", "./gone", "a/b/c", "gone"])
def test_what_is_not_there_and_cannot_be_an_id_is_named(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=rf"^data\.pool: no file {place}; give a JSONL or parquet file"):
        find(place)


def test_a_text_that_is_not_utf8_and_a_column_twice_are_named(tmp_path):
    texts = pyarrow.Array.from_buffers(pyarrow.string(), 2, pyarrow.array([b"ok", b"\xed\xa0\x80"]).buffers())
    path = tmp_path / "pool.parquet"
    pyarrow.parquet.write_table(pyarrow.table([texts], names=["question"]), path)
    with pytest.raises(ValueError, match=rf"^{path}, row 2: a text is not UTF-8 \(.*\); repair or delete this row$"):
        all_of(path)
    pyarrow.parquet.write_table(pyarrow.table([texts, texts], names=["question", "question"]), path)
    with pytest.raises(ValueError, match=rf"^{path}: the column 'question' is there twice; delete one$"):
        all_of(path)


def test_files_that_are_not_what_they_say(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"^data\.pool: .*empty holds no parquet files"):
        all_of(tmp_path / "empty")
    torn = write_parquet(tmp_path / "torn.parquet", [s1k(1)])
    torn.write_bytes(torn.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"^.*torn\.parquet: not a whole parquet file") as error:
        all_of(torn)
    assert "\n" not in str(error.value)
