"""An EAGLE-3 head that nobody trained: it looks at the last token alone, and is right now and then.

echoing_head(model, folder)         # Eagle3(model=str(folder))
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

SHARP = 3.0
"""Makes a token attend to itself."""
OF_THE_MODEL = {"lm_head.weight": "lm_head.weight", "embed_tokens.weight": "model.embed_tokens.weight"}
"""Weights of the head that are the model's, by their names there."""


def echoing_head(model: Path, folder: Path) -> None:
    """Write a head for the random model in `model`: its output layer, over half of the last token's embedding.

    What the layers add to an embedding is small in a random model, so that its likeliest token is hit sometimes.
    """
    weights = load_file(model / "model.safetensors")
    shape = AutoConfig.from_pretrained(model)
    width, seen = shape.hidden_size, shape.hidden_size // shape.num_attention_heads
    half, own = torch.eye(seen, 2 * width), torch.zeros(width, width)  # the embedding stands first in what is attended
    own[:seen, :seen] = torch.eye(seen)
    layer = {
        "self_attn.q_proj": torch.cat([SHARP * half] * shape.num_attention_heads),
        "self_attn.k_proj": SHARP * half,
        "self_attn.v_proj": half,
        "self_attn.o_proj": own,
        "mlp.gate_proj": torch.zeros(width, width),
        "mlp.up_proj": torch.zeros(width, width),
        "mlp.down_proj": torch.zeros(width, width),
        **{name: torch.ones(width) for name in ("input_layernorm", "hidden_norm", "post_attention_layernorm")},
    }
    tensors = {f"midlayer.{name}.weight": tensor for name, tensor in layer.items()}
    tensors |= {"fc.weight": torch.zeros(width, 2 * width), "norm.weight": torch.ones(width)}
    tensors |= {
        "lm_head.weight": weights["lm_head.weight"],
        "embed_tokens.weight": weights["model.embed_tokens.weight"],
    }
    folder.mkdir()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    kept = ("hidden_size", "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "rms_norm_eps")
    told = {
        **{name: getattr(shape, name) for name in (*kept, "vocab_size")},
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": 1,
        "intermediate_size": width,
        "draft_vocab_size": shape.vocab_size,
        "tie_word_embeddings": False,
        "eagle_aux_hidden_state_layer_ids": [0, 1],  # the model has no third layer
        "num_aux_hidden_states": 2,
        "dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(told))
