"""Real trainings with TRL on tiny random models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.settings.training import LoraConfig, SftConfig
from s1repro.train.examples import IGNORED, Example, load_examples
from s1repro.train.sft import _arguments, accumulation_steps, fine_tune, newest_state

Prepare = Callable[..., Config]


def train(config: Config, folder: Path) -> tuple[list[dict[str, Any]], list[Example]]:
    tokenizer = AutoTokenizer.from_pretrained(config.model.base)
    curated = Path(config.runs) / config.name / "curate" / "s1k.jsonl"
    examples = load_examples(curated, FORMATS[config.model.format].bind(tokenizer), 512)
    folder.mkdir(exist_ok=True)
    log = folder / "log.jsonl"
    fine_tune(config, examples, tokenizer, state=folder / "state", log=log, out=folder / "out")
    return [json.loads(line) for line in log.read_text().splitlines()], examples


def weights(folder: Path | str) -> dict[str, Any]:
    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


@pytest.mark.parametrize("format_name", ["qwen-plain", "llama"])
def test_loss_falls_and_the_checkpoint_loads(prepare: Prepare, tmp_path: Path, format_name: str) -> None:
    config = prepare(format_name, epochs=4.0)
    log, examples = train(config, tmp_path / "work")
    assert [line["step"] for line in log] == list(range(1, 21))  # 18 examples, 4 a batch: 5 steps an epoch
    assert log[-1]["loss"] < log[0]["loss"] - 0.5
    assert log[-1]["tokens"] == 4 * sum(len(example.input_ids) for example in examples)
    import torch

    base, tuned = weights(config.model.base), weights(tmp_path / "work" / "out")
    assert base.keys() == tuned.keys()
    assert not all(torch.equal(base[name], tuned[name]) for name in base)
    assert not list((tmp_path / "work" / "out").glob("*.bin")), "a checkpoint holds no pickles"


def test_the_first_loss_is_that_of_the_labels_alone(prepare: Prepare, tmp_path: Path) -> None:
    """One batch of everything: TRL's loss must be the mean over thinking and answer tokens, and over nothing else."""
    import torch

    config = prepare(epochs=1.0, batch_size=18, micro_batch_size=6)
    log, examples = train(config, tmp_path / "work")
    model = AutoModelForCausalLM.from_pretrained(config.model.base).eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for example in examples:
            logits = model(torch.tensor([example.input_ids])).logits[0, :-1]
            labels = torch.tensor(example.labels[1:])
            total += torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum").item()
            count += int((labels != IGNORED).sum())
    assert len(log) == 1
    assert log[0]["loss"] == pytest.approx(total / count, rel=1e-4)


def test_micro_batches_change_nothing_but_the_time(prepare: Prepare, tmp_path: Path) -> None:
    import torch

    runs = []
    for micro in (1, 4):
        config = prepare(name=f"micro{micro}", micro_batch_size=micro)
        train(config, tmp_path / f"work{micro}")
        runs.append(weights(tmp_path / f"work{micro}" / "out"))
    assert all(torch.allclose(runs[0][name], runs[1][name], atol=1e-4) for name in runs[0])


def test_lora_is_merged_and_differs_from_the_base(prepare: Prepare, tmp_path: Path) -> None:
    import torch

    config = prepare(kind=LoraConfig, rank=4, learning_rate=1e-2)
    log, _ = train(config, tmp_path / "work")
    out = tmp_path / "work" / "out"
    assert not list(out.glob("adapter*"))
    base, merged = weights(config.model.base), weights(out)
    assert base.keys() == merged.keys()
    changed = {name for name in base if not torch.equal(base[name], merged[name])}
    assert changed == {name for name in base if "proj.weight" in name}, "the adapter is on the linear layers"
    assert log[-1]["loss"] < log[0]["loss"]


def test_bfloat16_and_gradient_checkpointing_train(prepare: Prepare, tmp_path: Path) -> None:
    import torch

    config = prepare(bf16=True, gradient_checkpointing=True)
    log, _ = train(config, tmp_path / "work")
    assert log[-1]["loss"] < log[0]["loss"]
    assert all(tensor.dtype == torch.float32 for tensor in weights(tmp_path / "work" / "out").values())


def test_the_papers_settings_reach_the_trainer(prepare: Prepare, tmp_path: Path) -> None:
    config = prepare()
    config.sft = SftConfig()
    arguments = _arguments(config, tmp_path)
    assert (arguments.adam_beta1, arguments.adam_beta2, arguments.weight_decay) == (0.9, 0.95, 1e-4)
    assert (arguments.learning_rate, arguments.num_train_epochs) == (1e-5, 5.0)
    assert arguments.gradient_accumulation_steps == 16
    assert arguments.get_warmup_steps(315) == 16
    assert arguments.lr_scheduler_type == "cosine"
    assert arguments.max_length is None, "sequences are never cut"


def test_batch_sizes_that_do_not_divide_are_refused() -> None:
    assert accumulation_steps(SftConfig(batch_size=16, micro_batch_size=2), devices=4) == 2
    with pytest.raises(ValueError, match=r"sft.batch_size 16 is no multiple of sft.micro_batch_size 3 x 1"):
        accumulation_steps(SftConfig(batch_size=16, micro_batch_size=3), devices=1)
    with pytest.raises(ValueError, match="x 8 device"):
        accumulation_steps(SftConfig(batch_size=4, micro_batch_size=1), devices=8)


def test_a_torn_trainer_state_is_passed_over(tmp_path: Path) -> None:
    assert newest_state(tmp_path) is None
    for step, text in ((9, '{"global_step": 9}'), (10, '{"global_step": 10}'), (20, '{"global_'), (30, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if text is not None:
            (folder / "trainer_state.json").write_text(text)
    assert newest_state(tmp_path) == str(tmp_path / "checkpoint-10")


def test_a_missing_base_model_is_one_line(prepare: Prepare, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    config = prepare()
    config.model.base = str(Path(config.runs) / "nowhere")
    with pytest.raises(ValueError, match=r"^model\.base: cannot load .*nowhere") as caught:
        fine_tune(
            config,
            [Example((1, 2), (IGNORED, 2))],
            qwen_tokenizer,
            state=Path(config.runs) / "s",
            log=Path(config.runs) / "l",
            out=Path(config.runs) / "o",
        )
    assert "\n" not in str(caught.value)
