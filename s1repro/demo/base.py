"""Makes the demo's base model from scratch: a small Qwen2 (or Llama) that has read about the world's problems.

It reads plain documents (`s1repro.demo.documents`), never a chat or a thinking format: what to think about, and that
thinking may be long, is left to fine-tuning. The loss is taken on what is told about a problem, not on the problem,
which is random. It reads look-ups alone at first, then documents of all kinds about problems that grow. Matrices are
trained with Muon, the rest with AdamW. Seeded, on a CPU. The weights ship in `data/demo/base/` as bfloat16, with a
manifest of how they were made.

    python -m s1repro.demo.base                                        # data/demo/base
    python -m s1repro.demo.base --architecture llama --folder runs/llama-base
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from s1repro.demo.documents import draw_document
from s1repro.demo.packing import IGNORED, Batch, batches
from s1repro.demo.tokens import Architecture, make_tokenizer
from s1repro.demo.training import Pace, descend, keep

SEED = 2501
STEPS = 1500
LOOK_UP_STEPS = 200
"""Steps in which the model reads look-ups alone."""
LIMITS = (6, 12, 12, 12, 12, 12)
"""Steps of the longest problem, in equal parts of the training; look-ups alone are as long as any."""
MATRIX_RATE, OTHER_RATE = 0.02, 3e-3
"""Peak learning rates of Muon and of AdamW."""
WARMUP, COOLDOWN = 50, 0.4
"""Steps of warm-up, and the last share of training over which the rates fall to 0."""
SHAPE: dict[str, Any] = {
    "vocab_size": 704,  # more than the tokenizer has, padded as in the real models
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0},
    "tie_word_embeddings": True,
}


def make_model(architecture: Architecture, seed: int) -> PreTrainedModel:
    """The untrained model: a real Qwen2 or Llama, in small."""
    torch.manual_seed(seed)
    if architecture == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**SHAPE))  # type: ignore[no-untyped-call]
    return LlamaForCausalLM(LlamaConfig(**SHAPE))  # type: ignore[no-untyped-call]


def train(model: PreTrainedModel, stream: Iterable[Batch], steps: int) -> list[float]:
    """Train on `steps` batches; returns the loss of each."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    batches = ((_loss(model, batch), batch.ids.numel()) for batch in stream)
    return descend(model, batches, optimizers, Pace(steps, WARMUP, COOLDOWN))


def _loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.base_model(
            input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False
        ).last_hidden_state
        learnt = batch.labels[:, 1:] != IGNORED
        logits = model.lm_head(hidden[:, :-1][learnt])
    return cross_entropy(logits.float(), batch.labels[:, 1:][learnt])


def make_base(folder: Path, architecture: Architecture, steps: int, seed: int) -> None:
    """Train the base model and write it, its tokenizer and its manifest into `folder`."""
    started = time.monotonic()
    rng = random.Random(seed)
    documents = (draw_document(rng, LIMITS[-1]) for _ in range(5000))
    tokenizer = make_tokenizer((d.given + d.told for d in documents), architecture)
    model = make_model(architecture, seed)
    stream = batches(tokenizer, rng, steps, LOOK_UP_STEPS, LIMITS)
    losses = train(model, stream, steps)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    facts = {
        "made_by": f"python -m s1repro.demo.base --architecture {architecture} --steps {steps} --seed {seed}",
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    keep(folder, model.bfloat16(), tokenizer, losses, facts)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("data/demo/base"))
    parser.add_argument("--architecture", choices=("qwen2", "llama"), default="qwen2")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    make_base(given.folder, given.architecture, given.steps, given.seed)


if __name__ == "__main__":
    main()
