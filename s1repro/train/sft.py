"""Supervised fine-tuning with TRL: all weights, or LoRA merged into them (appendix D of the paper).

The paper's settings are `SftConfig`'s defaults: AdamW (0.9, 0.95), weight decay 1e-4, 5 % warm-up to 1e-5, then a
cosine to 0, bfloat16. Weights are held in float32 and saved in float32, so that what is measured is what was trained;
`bf16` is autocast. Works on a CPU, on one GPU, and under `accelerate launch`. Runs that are killed continue from their
newest whole trainer state, which is written ten times a training and read with `weights_only=True`. Packing,
quantised base weights, several nodes' storage, and adapters on weights that are spread over devices are not covered.

    fine_tune(config, examples, tokenizer, state=Path("state"), log=Path("log.jsonl"), out=Path("model"))
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import peft
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils.logging import disable_progress_bar
from trl import SFTConfig as TrlConfig
from trl import SFTTrainer

from s1repro.config import Config
from s1repro.reasons import first_line
from s1repro.settings.training import LoraConfig, SftConfig
from s1repro.tracking import settled, tracked
from s1repro.train.examples import Example
from s1repro.train.log import TrainingLog
from s1repro.train.loss import by_sequence, one_label_each
from s1repro.train.order import BatchOrder

SAVES = 10
"""Trainer states a training; a kill loses at most this part of the work."""


class _Trainer(SFTTrainer):  # type: ignore[misc]  # TRL is not typed
    """TRL's trainer with this project's batch order and, by choice, a loss by sequence."""

    order: BatchOrder
    by_sequence: bool

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> BatchOrder:
        return self.order

    def compute_loss(self, model: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        return super().compute_loss(by_sequence(model) if self.by_sequence else model, *args, **kwargs)

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        counted = one_label_each(batch_samples) if self.by_sequence else batch_samples
        return super()._get_num_items_in_batch(counted, device)

    def create_model_card(self, *_: object, **__: object) -> None:
        """None: states are read here alone, and for a card wandb is asked for the address of a run, offline too."""


def fine_tune(
    config: Config,
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    *,
    state: Path,
    log: Path,
    out: Path,
) -> None:
    """Train `config.model.base` on `examples` and write the whole model, with tokenizer, into the folder `out`.

    `state` holds trainer states; when it has a whole one, training continues there. `log` gets a line a step.
    Raises `ValueError` for a model that cannot be loaded and for batch sizes that do not divide.
    """
    # One for each file read or written; TrainingLog shows the training's.
    disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
    with tracked(config, "train", log.parent, settled(config), state) as dashboard:
        arguments = _arguments(config, state)
        arguments.report_to = ["wandb"] if dashboard.live else []  # into the run that is open
        trainer = _trainer(config, examples, tokenizer, arguments, log)
        trainer.train(resume_from_checkpoint=newest_state(state))
        _save(trainer, tokenizer, out)


def _trainer(
    config: Config,
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    arguments: TrlConfig,
    log: Path,
) -> _Trainer:
    trainer = _Trainer(
        model=_load(config),
        args=arguments,
        train_dataset=Dataset.from_dict(
            {
                "input_ids": [list(example.input_ids) for example in examples],
                "labels": [list(example.labels) for example in examples],
            }
        ),
        processing_class=tokenizer,
        peft_config=_adapter(config.sft) if isinstance(config.sft, LoraConfig) else None,
        callbacks=[TrainingLog(log)],
    )
    trainer.order = BatchOrder([len(e.input_ids) for e in examples], config.sft.batch_size, config.seed)
    trainer.by_sequence = config.sft.loss == "sequence"
    trainer.remove_callback(PrinterCallback)  # the log shows the same, readably
    return trainer


def newest_state(folder: Path) -> str | None:
    """The newest trainer state in `folder` that was written to its end, or None.

    The trainer writes `trainer_state.json` last; a state that a kill tore lacks it or holds half of it.
    """

    def step(path: Path) -> int:
        try:
            return int(json.loads((path / "trainer_state.json").read_text())["global_step"])
        except (OSError, ValueError, KeyError):
            return -1

    whole = [path for path in folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*") if step(path) >= 0]
    return str(max(whole, key=step)) if whole else None


def accumulation_steps(sft: SftConfig, devices: int) -> int:
    """Micro-batches a device goes through for one optimiser step. Raises `ValueError` when they do not divide."""
    steps, rest = divmod(sft.batch_size, sft.micro_batch_size * devices)
    if rest or steps == 0:
        raise ValueError(
            f"sft.batch_size {sft.batch_size} is no multiple of sft.micro_batch_size {sft.micro_batch_size} x "
            f"{devices} device(s); change one of them"
        )
    return steps


def _arguments(config: Config, state: Path) -> TrlConfig:
    """The paper's settings in TRL's names."""
    sft = config.sft
    on_gpu = torch.cuda.is_available()
    return TrlConfig(
        output_dir=str(state),
        num_train_epochs=sft.epochs,
        per_device_train_batch_size=sft.micro_batch_size,
        gradient_accumulation_steps=accumulation_steps(sft, int(os.environ.get("WORLD_SIZE", "1"))),
        learning_rate=sft.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=sft.warmup_ratio,  # below 1 it is a share of all steps
        optim="adamw_torch_fused",
        adam_beta1=sft.adam_beta1,
        adam_beta2=sft.adam_beta2,
        weight_decay=sft.weight_decay,
        max_grad_norm=sft.max_grad_norm,
        bf16=sft.bf16,
        gradient_checkpointing=sft.gradient_checkpointing,
        seed=config.seed,
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
        max_length=None,  # load_examples has refused what is too long
        dataset_kwargs={"skip_prepare_dataset": True},
        save_strategy="steps",
        save_steps=1 / SAVES,  # below 1 it is a share of all steps
        save_total_limit=1,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # a diverged training must not look healthy
        include_num_input_tokens_seen="non_padding",
        disable_tqdm=True,
        report_to=[],
    )


def _load(config: Config) -> PreTrainedModel:
    try:
        return cast(
            PreTrainedModel,
            AutoModelForCausalLM.from_pretrained(
                config.model.base,
                dtype=torch.float32,
                trust_remote_code=config.model.trust_remote_code,
                revision=config.model.revision or "main",
            ),
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"model.base: cannot load {config.model.base!r}: {first_line(error)}") from error


def _adapter(sft: LoraConfig) -> peft.LoraConfig:
    return peft.LoraConfig(
        r=sft.rank,
        lora_alpha=sft.alpha,
        lora_dropout=sft.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _save(trainer: SFTTrainer, tokenizer: PreTrainedTokenizerBase, out: Path) -> None:
    """A plain Hugging Face folder: adapters merged, so that any engine loads it, and no pickles."""
    model: Any = trainer.accelerator.unwrap_model(trainer.model)
    if isinstance(model, peft.PeftModel):
        merged: Any = model.merge_and_unload()
        if trainer.is_world_process_zero():
            merged.save_pretrained(str(out))
    else:
        trainer.save_model(str(out))  # gathers the weights where they are sharded
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(str(out))
        (out / "training_args.bin").unlink(missing_ok=True)
