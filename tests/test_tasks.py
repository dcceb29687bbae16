from pathlib import Path

import pytest

from s1repro.tasks import data_files, read_task, task_file, task_files

EVALS = Path(__file__).resolve().parents[1] / "evals"


def test_settings_of_includes_count_until_the_task_says_otherwise(tmp_path):
    (tmp_path / "base.txt").write_text("test_split: train\nmetadata: {count: 3}\n")
    (tmp_path / "own.yaml").write_text("task: own\ninclude: base.txt\ntest_split: test\n")
    task = read_task(tmp_path / "own.yaml")
    assert (task["test_split"], task["metadata"]["count"]) == ("test", 3)


def test_functions_are_named_and_not_imported(tmp_path):
    (tmp_path / "own.yaml").write_text("task: own\ndoc_to_text: !function deep.tools.text\n")
    assert list(task_files(tmp_path / "own.yaml")) == [tmp_path / "own.yaml", tmp_path / "deep" / "tools.py"]


def test_only_files_of_this_machine_are_data_files():
    assert list(data_files(read_task(EVALS / "demo.yaml"))) == [Path("data/demo/benchmark.jsonl")]
    assert list(data_files(read_task(EVALS / "math500.yaml"))) == []


@pytest.mark.parametrize(
    ("text", "says"), [("[", "not YAML"), ("- a", "not an lm-eval task; write 'task: own' and its settings")]
)
def test_a_file_that_is_no_task_is_one_line(tmp_path, text, says):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(ValueError, match=says) as error:
        read_task(task_file("own", tmp_path))
    assert "\n" not in str(error.value)
