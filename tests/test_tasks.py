import re
from pathlib import Path

import pytest
from lm_eval.config.task import TaskConfig

from s1repro.tasks import (
    HONOURED,
    LM_EVALS,
    REFUSED,
    Function,
    data_files,
    read_task,
    require_understood,
    task_file,
    task_files,
)

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


def test_each_setting_that_lm_eval_knows_is_honoured_accepted_or_refused():
    groups = [HONOURED, LM_EVALS, set(REFUSED)]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert set().union(*groups) - {"include"} == set(TaskConfig.__dataclass_fields__)
    for path in EVALS.glob("*.yaml"):
        require_understood(read_task(path), path)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"num_fewshot": 5},
            "num_fewshot is 5, which is not done here: a question is asked without examples; leave it",
        ),
        ({"num_fewshot": True}, "num_fewshot is True, which"),
        ({"repeats": 2}, "repeats is 2, which is not done here: method.samples takes several samples a question"),
        ({"gen_prefix": "So"}, "gen_prefix is 'So', which is not done here"),
        ({"use_prompt": "promptsource:x"}, "use_prompt is 'promptsource:x'"),
        ({"filter_list": [{"name": "strict"}]}, "filter_list is [{'name': 'strict'}], which is not done here"),
        ({"process_results": Function("own.grade")}, "process_results is 'own.grade', which is not done here"),
        ({"doc_to_image": "image"}, "doc_to_image is 'image'"),
        ({"doc_to_audio": "audio"}, "doc_to_audio is 'audio'"),
        ({"output_type": "multiple_choice"}, "output_type is 'multiple_choice'; answers are written, not ranked"),
        ({"generation_kwargs": {"temperature": 0.7}}, "generation_kwargs.temperature is 0.7, which is not done here"),
        ({"generation_kwargs": {"do_sample": True}}, "generation_kwargs.do_sample is True"),
        ({"descripton": "Solve."}, "descripton is no setting of a task; did you mean description?"),
        ({"metadata": {"kind": "math", "cuont": 3}}, "metadata.cuont has no meaning; did you mean metadata.count?"),
        ({"metadata": {"count": "30"}}, "metadata.count is '30'; write how many questions there are"),
        ({"metadata": {"count": True}}, "metadata.count is True; write how many"),
        ({"metadata": ["math"]}, "metadata is ['math']; give kind"),
        ({"zzz": 1}, "zzz is no setting of a task; leave it out"),
    ],
)
def test_what_would_be_dropped_is_refused(settings, says):
    with pytest.raises(ValueError, match=f"^own.yaml: {re.escape(says)}") as error:
        require_understood({"task": "own", **settings}, Path("own.yaml"))
    assert "\n" not in str(error.value)


def test_what_changes_nothing_is_accepted():
    harmless = {"num_fewshot": 0, "repeats": 1, "gen_prefix": "", "filter_list": None, "output_type": "generate_until"}
    harmless |= {"generation_kwargs": {"until": ["x"], "temperature": 0.0, "do_sample": False}, "unsafe_code": True}
    harmless |= {"fewshot_delimiter": "", "training_split": "train", "tag": ["mine"], "metric_list": []}
    harmless |= {"metadata": {"kind": "math", "count": 30, "version": 1.0, "author": "me"}}
    require_understood({"task": "own", **harmless}, Path("own.yaml"))
