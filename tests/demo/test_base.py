import json
import math
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors import safe_open

from s1repro.artifacts import file_sha256
from s1repro.demo import base, packing
from s1repro.demo.packing import IGNORED, batches
from s1repro.demo.worlds import FAMILIES
from s1repro.pretrained import load_tokenizer

SHIPPED = Path(__file__).parents[2] / "data" / "demo" / "base"
ARCHITECTURES = ["qwen2", "llama"]


@pytest.fixture
def tiny(tiny_shape, monkeypatch):
    """A model and batches small enough for a test."""
    monkeypatch.setattr(base, "WARMUP", 3)
    monkeypatch.setattr(packing, "WINDOWS", 2)


def tensors(folder):
    """(shape, type) of every tensor in the weights' file."""
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return {name: (file.get_slice(name).get_shape(), file.get_slice(name).get_dtype()) for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_lowers_the_loss(tiny, demo_tokenizers, architecture):
    model = base.make_model(architecture, seed=0)
    losses = base.train(model, batches(demo_tokenizers[architecture], Random(0), 25, 0, (3,)), 25)
    assert len(losses) == 25
    assert losses[0] == pytest.approx(math.log(base.SHAPE["vocab_size"]), abs=0.3)  # it knows nothing yet
    assert sum(losses[-5:]) / 5 < losses[0] - 1


def test_the_loss_is_that_of_the_whole_model_on_the_told_tokens(tiny, demo_tokenizer):
    batch = next(batches(demo_tokenizer, Random(1), 1, 0, (3,)))
    model = base.make_model("qwen2", seed=0).eval()
    with torch.no_grad():
        logits = model(input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask).logits
        expected = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), batch.labels[:, 1:].flatten(), ignore_index=IGNORED
        )
        assert float(base._loss(model, batch)) == pytest.approx(float(expected), rel=1e-2)  # bfloat16 inside


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_command_writes_weights_tokenizer_and_manifest(tiny, monkeypatch, tmp_path, capsys, architecture):
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    command = ["base", "--folder", str(tmp_path), "--architecture", architecture, "--steps", "3", "--seed", "5"]
    monkeypatch.setattr(sys, "argv", command)
    base.main()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    found = tensors(tmp_path)
    assert {kind for _, kind in found.values()} == {"BF16"}
    assert "lm_head.weight" not in found  # tied
    assert manifest["parameters"] == sum(math.prod(shape) for shape, _ in found.values())
    assert manifest["weights_sha256"] == file_sha256(tmp_path / "model.safetensors")
    assert manifest["made_by"] == f"python -m s1repro.demo.base --architecture {architecture} --steps 3 --seed 5"
    assert json.loads(capsys.readouterr().out) == manifest
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tmp_path), PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert model.config.model_type == architecture
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id == 0
    assert len(tokenizer) <= model.config.vocab_size


def test_models_are_seeded_and_start_alike(tiny):
    first, again, other = (base.make_model("llama", seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_longest_problems_are_read_from_the_first_look_ups_to_the_end():
    assert max(base.LIMITS) == base.LIMITS[-1] == max(family.max_steps for family in FAMILIES)
    assert list(base.LIMITS) == sorted(base.LIMITS)
    assert 0 < base.LOOK_UP_STEPS < base.STEPS / len(base.LIMITS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_real_shape_has_a_few_million_parameters(architecture):
    assert 2e6 < base.make_model(architecture, seed=0).num_parameters() < 8e6


def test_the_shipped_model_is_a_small_qwen2():
    config = json.loads((SHIPPED / "config.json").read_text())
    parameters = sum(math.prod(shape) for shape, _ in tensors(SHIPPED).values())
    assert config["model_type"] == "qwen2"
    assert config["architectures"] == ["Qwen2ForCausalLM"]
    assert 2e6 < parameters < 8e6
    assert {kind for _, kind in tensors(SHIPPED).values()} == {"BF16"}
    assert {name: config[name] for name in base.SHAPE} == base.SHAPE


def test_the_shipped_files_are_small_and_as_the_manifest_says():
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 12e6
    assert manifest["weights_sha256"] == file_sha256(SHIPPED / "model.safetensors")
    assert manifest["parameters"] == sum(math.prod(shape) for shape, _ in tensors(SHIPPED).values())
    assert manifest["loss_of_the_last_50_steps"] < 1


def test_the_shipped_tokenizer_reads_the_pool_as_the_code_would(demo_world, demo_tokenizer):
    shipped = load_tokenizer(str(SHIPPED), "model.base", trust_remote_code=False)
    assert len(shipped) <= base.SHAPE["vocab_size"]
    assert shipped.all_special_ids == demo_tokenizer.all_special_ids
    for word in ("user", "assistant", "system", "think", "answer", "Wait", "Final", " Answer", " Think", " check"):
        assert len(shipped(word, add_special_tokens=False)["input_ids"]) == 1, word
    for row in demo_world[0][:300]:
        assert shipped.decode(shipped(row["question"])["input_ids"]) == row["question"]
