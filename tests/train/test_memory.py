"""The estimate against what PyTorch really keeps, against real trainings, and what is said where it does not fit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, MixtralConfig, Qwen2Config

from s1repro.config import Config, ModelConfig
from s1repro.device import Device
from s1repro.settings.training import LoraConfig, SftConfig
from s1repro.train import memory, pipeline
from s1repro.train.memory import GIB, Batch, activation_bytes, estimate, foresee, micro_batches
from s1repro.train.sizes import describe

REPO = Path(__file__).resolve().parents[2]
Prepare = Callable[..., Config]

ODD: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 80,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 24,
}
"""Sizes that cannot be taken for one another."""
HALF: dict[str, Any] = {
    "vocab_size": 151_936,
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}
"""Qwen2.5-Coder-0.5B as its `config.json` has it."""


def only_config(folder: Path, settings: Any) -> ModelConfig:
    """A model that is nothing but its `config.json`."""
    settings.save_pretrained(folder)
    return ModelConfig(base=str(folder), format="qwen-plain")


def sft_of(lora: bool = False, **settings: Any) -> SftConfig:
    return LoraConfig(**settings) if lora else SftConfig(**settings)


def config_of(model: ModelConfig, **sft: Any) -> Config:
    return Config(name="m", model=model, sft=sft_of(**{"epochs": 1.0, **sft}))


def saved_bytes(model: Any, rows: int, length: int, padded: bool, autocast: AbstractContextManager[Any]) -> int:
    """Bytes of what autograd keeps for the backward pass of the layers, parameters apart."""
    parameters = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in parameters:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    mask = torch.ones(rows, length, dtype=torch.long)
    if padded:
        mask[-1, -length // 3 :] = 0
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), autocast:
        model(input_ids=torch.zeros(rows, length, dtype=torch.long), attention_mask=mask, use_cache=False)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("lora", [False, True])
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("kind", [LlamaConfig, Qwen2Config])
def test_activations_are_what_autograd_keeps(tmp_path: Path, kind: Any, bf16: bool, lora: bool, padded: bool) -> None:
    import peft

    sft = sft_of(lora, bf16=bf16, **({"rank": 8} if lora else {}))
    kept, estimates = [], []
    for layers in (1, 3):  # the difference is two layers, without embeddings and head
        settings = kind(**{**ODD, "num_hidden_layers": layers})
        sizes = describe(only_config(tmp_path / str(layers), settings))
        assert sizes is not None
        network: Any = AutoModelForCausalLM.from_config(settings).float().train()
        if lora:
            adapter = peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
            network = peft.get_peft_model(network, adapter)
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
        kept.append(saved_bytes(network, 2, 150, padded, autocast))
        estimates.append(activation_bytes(sizes, Batch(2, 150, padded), sft))
    assert estimates[1] - estimates[0] == pytest.approx(kept[1] - kept[0], rel=0.08 if lora else 0.01)


def test_an_adapter_has_the_numbers_that_peft_trains(tmp_path: Path) -> None:
    import peft

    config = config_of(only_config(tmp_path, Qwen2Config(**ODD)), lora=True, rank=8)
    sizes = describe(config.model)
    assert sizes is not None
    network = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tmp_path))
    tuned = peft.get_peft_model(network, peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    trained = sum(parameter.numel() for parameter in tuned.parameters() if parameter.requires_grad)
    need, _ = estimate(sizes, [10], config, "cpu")
    assert (need.gradients, need.optimiser) == (4 * trained, 8 * trained)
    assert need.weights == 4 * sum(parameter.numel() for parameter in tuned.parameters())


def test_micro_batches_are_the_ones_of_the_order() -> None:
    sft = SftConfig(epochs=2.0, batch_size=4, micro_batch_size=2)
    seen = list(micro_batches([7, 3, 9, 1, 5, 5], sft, seed=0))
    assert len(seen) == 6
    assert {batch.rows for batch in seen} == {2}
    assert max(batch.length for batch in seen) == 9
    assert list(micro_batches([4, 4, 4], sft, seed=0))[:2] == [Batch(2, 4, False), Batch(1, 4, False)]


def test_gradients_of_earlier_micro_batches_count(tmp_path: Path) -> None:
    model = only_config(tmp_path, Qwen2Config(**HALF))
    sizes = describe(model)
    assert sizes is not None
    one, _ = estimate(sizes, [512] * 16, config_of(model, batch_size=1), "cpu")
    more, _ = estimate(sizes, [512] * 16, config_of(model, batch_size=16), "cpu")
    assert more.peak - one.peak == min(one.gradients, one.loss) > 0


def refused(monkeypatch: pytest.MonkeyPatch, config: Config, gib: float) -> str:
    monkeypatch.setattr(memory, "this_device", lambda: Device("cpu", int(gib * GIB)))
    with pytest.raises(ValueError, match=r"^memory: ") as caught:
        foresee(config, [700] * 64)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_fit_is_told_with_what_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All weights of 0.5B parameters in micro-batches of 4, which a 24 GiB machine killed; no weights are there."""
    config = config_of(only_config(tmp_path, Qwen2Config(**HALF)), micro_batch_size=4)
    line = refused(monkeypatch, config, 16)
    assert re.match(
        r"memory: training needs about \d+\.\d GiB at the largest micro-batch \(4 x 700 tokens\), but the machine has "
        r"16\.0 GiB for it; this fits, with about 1[2-5]\.\d GiB: sft\.micro_batch_size=1$",
        line,
    )
    assert refused(monkeypatch, config, 12.5).endswith("sft.micro_batch_size=1 sft.gradient_checkpointing=true")
    assert refused(monkeypatch, config, 7).endswith("GiB: sft.micro_batch_size=1 sft=lora")
    nothing = refused(monkeypatch, config, 1)
    assert "even sft.micro_batch_size=1 sft.gradient_checkpointing=true sft=lora needs about" in nothing
    assert nothing.endswith("take a smaller model, shorter examples or a device with more memory")


def test_the_settings_that_it_names_do_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(only_config(tmp_path, Qwen2Config(**HALF)), micro_batch_size=4)
    for gib in (5.0, 6.0, 8.0, 12.5, 16.0):
        named = refused(monkeypatch, config, gib).split(": ")[-1]
        sft = config.sft
        for word in named.split():
            sft = {
                "sft.micro_batch_size=1": lambda sft: replace(sft, micro_batch_size=1),
                "sft.gradient_checkpointing=true": lambda sft: replace(sft, gradient_checkpointing=True),
                "sft=lora": lambda sft: LoraConfig(**vars(sft)),
            }[word](sft)
        foresee(replace(config, sft=sft), [700] * 64)


def test_what_fits_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "this_device", lambda: Device("cuda", 80 * GIB))
    foresee(config_of(only_config(tmp_path, Qwen2Config(**HALF))), [700, 300])
    assert re.fullmatch(
        r"memory: about \d+\.\d GiB at the largest micro-batch \(1 x 700 tokens\), and the GPU has 80\.0 GiB for it: "
        r"weights 2\.3, gradients 2\.3, optimiser 4\.7, activations \d\.\d, loss \d\.\d, process 0\.0\n",
        capsys.readouterr().out,
    )


@pytest.mark.parametrize("reason", ["experts", "FSDP", "DEEPSPEED"])
def test_what_is_not_covered_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    monkeypatch.setattr(memory, "this_device", lambda: Device("cpu", 1))
    if reason != "experts":
        monkeypatch.setenv(f"ACCELERATE_USE_{reason}", "true")
    foresee(config_of(only_config(tmp_path, (MixtralConfig if reason == "experts" else Qwen2Config)(**ODD))), [9])
    assert capsys.readouterr().out == "memory: no estimate for this kind of model or launch\n"


def test_the_stage_refuses_before_weights_are_loaded(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    config = prepare()
    monkeypatch.setattr(memory, "this_device", lambda: Device("cpu", 1000))
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, **__: pytest.fail("weights were loaded"))
    with pytest.raises(ValueError, match=r"^memory: training needs about 0\.9 GiB"):
        pipeline.run(config)
    assert not list(Path(config.runs, config.name, "train").glob("*"))


@pytest.mark.parametrize("by", ["FSDP", "DEEPSPEED"])
def test_an_adapter_that_would_not_be_merged_is_refused_before_weights_are_loaded(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    config = prepare(kind=LoraConfig)
    monkeypatch.setenv(f"ACCELERATE_USE_{by}", "true")
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, **__: pytest.fail("weights were loaded"))
    with pytest.raises(ValueError, match=r"^sft=lora: an adapter is not merged where FSDP or DeepSpeed .* sft=full$"):
        pipeline.run(config)
    assert not list(Path(config.runs, config.name, "train").glob("*"))


TRAINING = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from s1repro.config import Config, ModelConfig, ReportConfig
from s1repro.train.examples import Example
from s1repro.train.sft import fine_tune
from tests.train.test_memory import LENGTHS, SETTINGS, sft_of
from transformers import PreTrainedTokenizerFast
base, case, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
sft = sft_of(**SETTINGS[case])
config = Config(name="m", model=ModelConfig(base=base, format="qwen"), sft=sft, report=ReportConfig(wandb=False))
rows = [tuple(3 + (7 * i) % 250 for i in range(length)) for length in LENGTHS[case]]
examples = [Example(row, (-100, *row[1:])) for row in rows]
paths = {"state": folder / "state", "log": folder / "log.jsonl", "out": folder / "out"}
fine_tune(config, examples, PreTrainedTokenizerFast.from_pretrained(base), **paths)
print([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1])
"""
ONE: dict[str, Any] = {"epochs": 1.0, "batch_size": 1}
SETTINGS: dict[str, dict[str, Any]] = {
    "full": ONE,
    "lora": {**ONE, "lora": True},
    "checkpointing": {**ONE, "gradient_checkpointing": True},
    "accumulated": {**ONE, "batch_size": 4, "micro_batch_size": 2, "bf16": False},
}
LENGTHS = {"full": [512] * 2, "lora": [512] * 2, "checkpointing": [512] * 2, "accumulated": [400, 500] * 4}


def measured_and_estimated(base: Path, case: str, folder: Path) -> tuple[float, float]:
    """GiB at the peak of a training in a process of its own, and before it."""
    config = config_of(ModelConfig(base=str(base), format="qwen"), **SETTINGS[case])
    sizes = describe(config.model)
    assert sizes is not None
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, base, case, folder],
        cwd=REPO,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    measured = int(done.stdout.splitlines()[-1]) / (1 << 20)
    return measured, estimate(sizes, LENGTHS[case], config, "cpu")[0].peak / GIB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from Linux's /proc")
@pytest.mark.parametrize(
    "case", ["full", *(pytest.param(case, marks=pytest.mark.slow) for case in ("lora", "accumulated"))]
)
def test_a_small_training_peaks_where_it_was_foreseen(prepare: Prepare, tmp_path: Path, case: str) -> None:
    """A wide vocabulary and wide layers, so that the model's share is larger than that of Python's libraries."""
    from transformers import Qwen2ForCausalLM

    base = Path(prepare().model.base)
    wide = {"hidden_size": 512, "intermediate_size": 4096, "num_attention_heads": 8, "num_key_value_heads": 2}
    settings = Qwen2Config(**wide, vocab_size=32_768, num_hidden_layers=6, tie_word_embeddings=True)
    Qwen2ForCausalLM(settings).save_pretrained(base)
    measured, foreseen = measured_and_estimated(base, case, tmp_path / "work")
    assert measured > 1.5
    assert foreseen == pytest.approx(measured, rel=0.2)


WEIGHTS = os.environ.get("S1REPRO_WEIGHTS", "")


@pytest.mark.weights
@pytest.mark.skipif(not WEIGHTS, reason="$S1REPRO_WEIGHTS names no folder with real weights")
@pytest.mark.parametrize("case", ["full", "lora", "checkpointing"])
@pytest.mark.parametrize("model", ["smollm2", "qwen-0.5b"])
def test_real_models_peak_where_it_was_foreseen(tmp_path: Path, model: str, case: str) -> None:
    measured, foreseen = measured_and_estimated(Path(WEIGHTS) / model, case, tmp_path / "work")
    print(f"{model} {case}: measured {measured:.2f} GiB, estimated {foreseen:.2f} GiB")
    assert foreseen == pytest.approx(measured, rel=0.2)
