"""What a checkpoint says of its training is held to, one from elsewhere says nothing, and a damaged file is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.chat import FORMATS
from s1repro.trained import FORMAT, Training, read_training, require_format, write_format, write_training


def test_only_the_format_of_the_training_is_taken(tmp_path: Path) -> None:
    require_format(str(tmp_path), FORMATS["llama"])  # a base model says nothing
    write_format(tmp_path, FORMATS["qwen"])
    require_format(str(tmp_path), FORMATS["qwen"])
    with pytest.raises(ValueError, match=r"trained in model\.format=qwen, and model\.format is llama: .*other_format"):
        require_format(str(tmp_path), FORMATS["llama"])


def test_another_version_of_the_same_name_is_another_format(tmp_path: Path) -> None:
    write_format(tmp_path, replace(FORMATS["qwen"], trace_end=""))
    with pytest.raises(ValueError, match="trained in another version of qwen"):
        require_format(str(tmp_path), FORMATS["qwen"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name"'])
def test_a_damaged_file_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FORMAT).write_text(text)
    with pytest.raises(ValueError, match=rf"{FORMAT}: .*delete it, or train again"):
        require_format(str(tmp_path), FORMATS["qwen"])


def test_all_pieces_are_written(tmp_path: Path) -> None:
    write_format(tmp_path, FORMATS["deepseek-r1"])
    assert json.loads((tmp_path / FORMAT).read_text())["before_question"] == "<｜begin▁of▁sentence｜><｜User｜>"


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write_training(tmp_path, Training("0123456789abcdef", 3))
    assert read_training(str(tmp_path)) == Training("0123456789abcdef", 3)


def test_a_model_from_elsewhere_does_not_say(tmp_path: Path) -> None:
    assert read_training(str(tmp_path)) is None and read_training("simplescaling/s1-32B") is None


@pytest.mark.parametrize("text", ["[]", '{"recipe": "a"}', '{"recipe": "a", "seed": true}', '{"recipe": "a", "see'])
def test_what_is_no_training_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(ValueError, match=r"training\.json: .*delete it, or train again"):
        read_training(str(tmp_path))
