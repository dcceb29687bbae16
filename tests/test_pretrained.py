"""Which model it is, whether it can be served, and its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1repro.pretrained import context_length, load_tokenizer, model_mark, require_model


def test_a_mark_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"weights")
        (tmp_path / name / "config.json").write_text("{}")
    first = model_mark(str(tmp_path / "a"), "checkpoint")
    assert first == model_mark(str(tmp_path / "b"), "checkpoint")
    (tmp_path / "b" / "model.safetensors").write_bytes(b"weightZ")
    assert first != model_mark(str(tmp_path / "b"), "checkpoint")


def test_a_mark_sees_both_ends_of_the_weights(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    marks = set()
    for data in (b"a" + bytes(3 << 20), bytes(3 << 20) + b"a", bytes(3 << 20)):
        weights.write_bytes(data)
        marks.add(model_mark(str(tmp_path), "checkpoint"))
    assert len(marks) == 3


def test_a_mark_sees_a_64th_of_the_weights_wherever_it_is(tmp_path: Path) -> None:
    weights, size = tmp_path / "model.safetensors", 5 << 20
    marks, part = set(), size // 64
    for number, start in enumerate(range(0, size - part + 1, part // 2)):
        with open(weights, "wb") as file:
            file.truncate(size)
            file.seek(start)
            file.write(bytes([number + 1]) * part)
        marks.add(model_mark(str(tmp_path), "checkpoint"))
    assert len(marks) == 127


def test_a_hub_id_stands_for_itself_and_nothing_else_does(tmp_path: Path) -> None:
    assert model_mark("org/name", "model.base") == model_mark("org/name", "model.base")
    assert model_mark("org/name", "model.base") != model_mark("org/other", "model.base")
    with pytest.raises(ValueError, match=r"^checkpoint: no folder runs/no/such/checkpoint; make it first"):
        model_mark("runs/no/such/checkpoint", "checkpoint")
    with pytest.raises(ValueError, match=r"^model\.base: .* holds no \*\.safetensors weights"):
        model_mark(str(tmp_path), "model.base")


def test_a_commit_of_a_hub_s_model_is_another_model_and_a_folder_has_none(tiny_qwen: Path) -> None:
    marks = [model_mark("org/name", "model.base", revision) for revision in ("", "a" * 40, "b" * 40)]
    assert len(set(marks)) == 3 and marks[0] == model_mark("org/name", "model.base")
    assert model_mark(str(tiny_qwen), "checkpoint", "") == model_mark(str(tiny_qwen), "checkpoint")
    says = f"{tiny_qwen} is a folder, which has no revisions: leave {'a' * 40} out"
    with pytest.raises(ValueError, match=f"^model.base: {says}"):
        model_mark(str(tiny_qwen), "model.base", "a" * 40)
    with pytest.raises(ValueError, match=f"^{says}"):
        require_model(str(tiny_qwen), 64, revision="a" * 40)


def test_a_model_that_cannot_be_served_is_refused(tiny_qwen: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(ValueError, match=r"no config\.json"):
        require_model(str(bare), 64)
    (bare / "config.json").write_text((tiny_qwen / "config.json").read_text())
    with pytest.raises(ValueError, match="holds no weights"):
        require_model(str(bare), 64)
    with pytest.raises(ValueError, match="there is no model in"):
        require_model(str(tmp_path / "nowhere"), 64)
    with pytest.raises(ValueError, match=r"max_model_len is 513, but .* is made for 512 tokens") as error:
        require_model(str(tiny_qwen), 513)
    assert "\n" not in str(error.value)
    require_model(str(tiny_qwen), 512)


def test_a_context_is_known_unless_it_is_stretched(tiny_qwen: Path, tmp_path: Path) -> None:
    assert context_length(str(tiny_qwen)) == 512
    config = json.loads((tiny_qwen / "config.json").read_text())
    config["rope_scaling"] = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert context_length(str(tmp_path)) is None


def test_a_hub_model_that_cannot_be_had_is_one_line() -> None:
    with pytest.raises(ValueError, match="cannot load the model nobody/nothing") as error:
        require_model("nobody/nothing", 64)
    assert "\n" not in str(error.value)


def test_a_folder_without_a_tokenizer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^model\.base: cannot load a tokenizer from .*") as caught:
        load_tokenizer(str(tmp_path), "model.base", trust_remote_code=False)
    assert "\n" not in str(caught.value)


def test_a_generic_tokenizer_beside_a_qwen2_model_splits_as_it_was_made(tmp_path: Path) -> None:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config

    made = Tokenizer(models.WordLevel({"+8": 0, "+": 1, "8": 2, "?": 3}, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"\+\d"), "isolated")
    PreTrainedTokenizerFast(tokenizer_object=made, eos_token="?").save_pretrained(tmp_path)
    Qwen2Config().save_pretrained(tmp_path)
    assert load_tokenizer(str(tmp_path), "model.base", trust_remote_code=False)("+8").input_ids == [0]
