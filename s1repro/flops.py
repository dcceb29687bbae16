"""How much a model computes to write an answer, and the dimensions that it takes to say so.

A token that goes through the model costs 2 operations for each weight of its matrices, and 4 for each layer, width of
the attention and token that it looks at (queries times keys, then weights times values):

    FLOPs = 2 N T + 4 L A (1 + 2 + ... + T)

with N the weights of the layers and of the output matrix, T the tokens of prompt, thinking and answer, L the layers, A
heads times head size. Norms, softmax and the input's look-up are left out. It is what one sample costs alone: what
samples share through a prefix cache is counted for each. Covered are decoders of the Llama kind, not mixtures of
experts.

    flops(dimensions(AutoConfig.from_pretrained(model)), tokens=512)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PretrainedConfig


@dataclass(frozen=True)
class Dimensions:
    """What the count needs of a model: N, L and A of the formula."""

    weights: int
    layers: int
    attention: int


def dimensions(config: PretrainedConfig) -> Dimensions | None:
    """A model's dimensions by its configuration, or None for another kind of model than is covered."""
    heads, gated = (getattr(config, name, None) for name in ("num_attention_heads", "intermediate_size"))
    if not heads or not gated or any("expert" in name for name in config.to_dict()):
        return None
    hidden, layers = config.hidden_size, config.num_hidden_layers
    width = getattr(config, "head_dim", None) or hidden // heads
    attention, key_value = heads * width, (getattr(config, "num_key_value_heads", None) or heads) * width
    layer = hidden * (2 * attention + 2 * key_value + 3 * gated)
    return Dimensions(layers * layer + hidden * config.vocab_size, layers, attention)


def flops(model: Dimensions, tokens: float) -> float:
    """Operations of one pass over `tokens` tokens, prompt included. Raises `ValueError` below 0."""
    if tokens < 0:
        raise ValueError(f"{tokens} tokens: give 0 or more")
    return 2 * model.weights * tokens + 4 * model.layers * model.attention * tokens * (tokens + 1) / 2
