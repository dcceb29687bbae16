"""The formula, by hand and by the demo's own weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoConfig, Qwen2Config

from s1repro.flops import Dimensions, dimensions, flops

REPO = Path(__file__).resolve().parent.parent


def test_a_pass_is_counted_as_the_docstring_says() -> None:
    model = Dimensions(weights=100, layers=2, attention=8)
    assert flops(model, 3) == 2 * 100 * 3 + 4 * 2 * 8 * (1 + 2 + 3)
    assert flops(model, 0) == 0
    with pytest.raises(ValueError, match="-1 tokens: give 0 or more"):
        flops(model, -1)


def test_the_demo_s_weights_are_those_of_its_file() -> None:
    found = dimensions(AutoConfig.from_pretrained(REPO / "data" / "demo" / "base"))
    assert found is not None and (found.layers, found.attention) == (4, 256)
    stored = (REPO / "data" / "demo" / "base" / "model.safetensors").stat().st_size / 2  # bfloat16, tied
    assert found.weights == pytest.approx(stored, rel=0.01)


def test_grouped_keys_count_once_and_experts_are_not_covered() -> None:
    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 3, "vocab_size": 10}
    found = dimensions(Qwen2Config(**sizes, num_attention_heads=4, num_key_value_heads=2))
    assert found == Dimensions(3 * 8 * (2 * 8 + 2 * 4 + 3 * 16) + 8 * 10, 3, 8)
    assert dimensions(Qwen2Config(**sizes, num_attention_heads=4, num_experts=8)) is None
