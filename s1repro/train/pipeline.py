"""The stage `train`: the curated set becomes a model.

Reads `curated` (`runs/<name>/curate/s1k.jsonl`) and `model.base`; writes `runs/<name>/train/`: `checkpoint/`, a Hugging
Face folder that any engine loads and that never exists half, `log.jsonl`, and `manifest.json` last. Killed at any
moment and started again it continues; it starts afresh when model, settings, seed or set have changed, but not for the
two settings that change its time and memory alone: `sft.micro_batch_size` and `sft.gradient_checkpointing`.

    run(config)     # or: python -m s1repro.train recipe=demo
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from s1repro.artifacts import file_sha256, fingerprint, finish, is_done, read_jsonl, stage_folder
from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.control import Control
from s1repro.curated import curated_set
from s1repro.pretrained import context_length, load_tokenizer, model_mark
from s1repro.telemetry import note
from s1repro.trained import Training, write_format, write_training


def run(config: Config) -> None:
    """Train, or say that it is done. Raises `ValueError` where the set or the model is missing or unfit."""
    folder = stage_folder(config.runs, config.name, "train")
    curated = curated_set(config.curated)
    recipe = {
        "base": model_mark(config.model.base, "model.base", config.model.revision),
        "format": asdict(FORMATS[config.model.format]),
        # These two change no batch and no gradient: a training that ran out of memory goes on with others (tested).
        "sft": replace(config.sft, micro_batch_size=1, gradient_checkpointing=False),
        "set": file_sha256(curated),
    }
    mark = fingerprint({**recipe, "seed": config.seed})
    if is_done(folder, mark):
        print(f"train: done already, {folder}")
        return
    _train(config, curated, folder, mark, Training(fingerprint(recipe), config.seed))


def _train(config: Config, curated: Path, folder: Path, mark: str, training: Training) -> None:
    # Heavy imports come after the check above: a finished stage answers at once.
    from s1repro.train.examples import load_examples

    model = config.model
    tokenizer = load_tokenizer(model.base, "model.base", model.trust_remote_code, model.revision)
    fmt = FORMATS[model.format].bind(tokenizer)
    control = cast(Control, config.sft.control)  # one of CONTROLS, as `check` has made sure
    context = context_length(model.base, model.trust_remote_code, model.revision)
    examples = load_examples(curated, fmt, config.sft.max_length, control, context=context)
    from s1repro.train.memory import foresee, sharded

    if config.sft.adapter_rank and sharded():
        raise ValueError(
            "sft=lora: an adapter is not merged where FSDP or DeepSpeed spread the weights; launch without them, or "
            "take sft=full"
        )
    foresee(config, [len(example.input_ids) for example in examples])
    from s1repro.train.sft import fine_tune  # slowest of all: a mistake in model or set is told before

    state = folder / f"state-{mark}"  # named by the inputs: no training resumes another one's state
    part, log = folder / "checkpoint.part", folder / "log.jsonl"
    shutil.rmtree(part, ignore_errors=True)
    started = time.monotonic()
    fine_tune(config, examples, tokenizer, state=state, log=log, out=part)
    if os.environ.get("RANK", "0") != "0":
        return  # under accelerate launch the first process finishes for all
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    note(folder, {"seconds": round(time.monotonic() - started, 3), "devices": devices})
    write_format(part, fmt.text)
    write_training(part, training)
    _replace(part, folder / "checkpoint")
    lines = [line for _, line in read_jsonl(log)]
    facts = {"examples": len(examples), "steps": len(lines), "tokens": lines[-1]["tokens"]}
    facts |= {"base": model.base, "revision": model.revision} if model.revision else {}
    finish(folder, mark, ["checkpoint", "log.jsonl"], facts)
    for old in folder.glob("state-*"):
        shutil.rmtree(old)
    first, last = lines[0]["loss"], lines[-1]["loss"]
    print(f"train: {len(examples)} examples, {len(lines)} steps, loss {first:.3f} to {last:.3f}, {folder}")


def _replace(new: Path, target: Path) -> None:
    """Rename the folder `new` to `target`; a folder of that name goes away whole, before."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
