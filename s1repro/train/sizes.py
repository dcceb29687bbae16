"""A model's dimensions from its `config.json` alone, for `s1repro.train.memory`.

Parameters are counted on a network of shapes without numbers, so that ties, biases and what else an architecture has
are counted as they are. Covered are decoders of the Llama kind: attention and one gated MLP a layer (Llama, Qwen2,
Qwen3, Mistral and others). Mixtures of experts and models of another kind are not.

    describe(ModelConfig(base="data/demo/base", format="qwen")).parameters
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from s1repro.config import ModelConfig
from s1repro.reasons import first_line


@dataclass(frozen=True)
class Sizes:
    """A model's dimensions. `linear` counts the weights of its layers' matrices, `edges` their inputs plus outputs."""

    parameters: int
    linear: int
    edges: int
    layers: int
    hidden: int
    heads: int
    attention: int
    key_value: int
    intermediate: int
    vocabulary: int


def describe(model: ModelConfig) -> Sizes | None:
    """The dimensions of `model.base` from its `config.json`, or None for another kind of model than is covered.

    Raises `ValueError` where there is no such file or none of a model that is known.
    """
    try:
        settings = AutoConfig.from_pretrained(
            model.base, trust_remote_code=model.trust_remote_code, revision=model.revision or "main"
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"model.base: cannot read the config of {model.base!r}: {first_line(error)}") from error
    heads, gated = (getattr(settings, name, None) for name in ("num_attention_heads", "intermediate_size"))
    if not heads or not gated or any("expert" in name for name in settings.to_dict()):
        return None
    with torch.device("meta"):  # shapes without memory
        build: Any = AutoModelForCausalLM.from_config
        network = build(settings, trust_remote_code=model.trust_remote_code)
    head = network.get_output_embeddings()
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    width = getattr(settings, "head_dim", None) or settings.hidden_size // heads
    return Sizes(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        linear=sum(module.weight.numel() for module in linear),
        edges=sum(module.in_features + module.out_features for module in linear),
        layers=settings.num_hidden_layers,
        hidden=settings.hidden_size,
        heads=heads,
        attention=heads * width,
        key_value=(getattr(settings, "num_key_value_heads", None) or heads) * width,
        intermediate=gated,
        vocabulary=settings.vocab_size,
    )
