"""Dimensions are read from `config.json`, and are those of the model that it describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, GPT2Config, MixtralConfig, Qwen2Config

from s1repro.config import ModelConfig
from s1repro.train.sizes import describe
from tests.train.test_memory import ODD, only_config


@pytest.mark.parametrize("tied", [False, True])
def test_sizes_are_those_of_the_model(tmp_path: Path, tied: bool) -> None:
    settings = Qwen2Config(**{**ODD, "tie_word_embeddings": tied})
    sizes = describe(only_config(tmp_path, settings))
    assert sizes is not None
    network = AutoModelForCausalLM.from_config(settings)
    assert sizes.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert sizes.linear == 3 * (80 * (96 + 48 + 48) + 96 * 80 + 3 * 80 * 200)
    assert (sizes.attention, sizes.key_value, sizes.heads) == (96, 48, 4)


def test_a_broken_config_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"^model\.base: cannot read the config of .*") as caught:
        describe(ModelConfig(base=str(tmp_path), format="qwen"))
    assert "\n" not in str(caught.value)


def test_an_error_that_says_nothing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", fail)
    with pytest.raises(ValueError, match=r"^model\.base: cannot read the config of 'mine': OSError$"):
        describe(ModelConfig(base="mine", format="qwen"))


@pytest.mark.parametrize("settings", [MixtralConfig(**ODD), GPT2Config(n_layer=1, n_embd=32, n_head=2)])
def test_other_kinds_of_models_have_none(tmp_path: Path, settings: MixtralConfig | GPT2Config) -> None:
    assert describe(only_config(tmp_path, settings)) is None
