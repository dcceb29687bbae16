"""A checkpoint says in which thinking format it was trained; what says nothing is taken at the user's word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.chat import FORMATS
from s1repro.tuned import FILE, require_format, write_format


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
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match=rf"{FILE}: no thinking format"):
        require_format(str(tmp_path), FORMATS["qwen"])


def test_all_pieces_are_written(tmp_path: Path) -> None:
    write_format(tmp_path, FORMATS["deepseek-r1"])
    assert json.loads((tmp_path / FILE).read_text())["before_question"] == "<｜begin▁of▁sentence｜><｜User｜>"
