"""The hidden states that an EAGLE-3 head reads and what it is to say: the checkpoint run over its own rows.

A row's file holds `hidden_states` `(tokens, layers + 1, width)` and `token_ids` `(tokens,)`: what goes into each of the
chosen layers, and last what goes into the final norm, which Hugging Face does not hand out. Rows go one by one, without
padding. Only decoders of the Llama kind (`model.layers`, `model.norm`) are covered.

    layers = head_layers(28)            # [2, 14, 25]
    write_states("runs/demo/train/checkpoint", rows, layers, Path("hidden_states"))
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from s1repro.draft.rows import Row
from s1repro.engines.generation import load_model
from s1repro.pretrained import require_model
from s1repro.progress import Progress


def head_layers(layers: int) -> list[int]:
    """Layers whose inputs the head reads: one low, one in the middle, one high.

    Those that speculators and vLLM choose (the third, the middle, the third from the end), where they are three. Raises
    `ValueError` for a model with fewer.
    """
    if layers < 3:
        raise ValueError(
            f"a head that drafts reads three layers, and the checkpoint has {layers}; use engine/speculative=ngram"
        )
    usual = sorted({2, layers // 2, layers - 3})
    if len(usual) == 3 and usual[0] >= 1:
        return usual
    return sorted({max(1, layers // 4), layers // 2, layers - 1}) if layers > 3 else [0, 1, 2]


def precision() -> str:
    """What states are computed and kept in: a GPU's training reads bfloat16 anyway, a CPU's float32."""
    return "bfloat16" if torch.cuda.is_available() else "float32"


def token_bytes(width: int, layers: Sequence[int]) -> int:
    """What the states of a token take on the disk, for a model of that width; its id included."""
    number: torch.dtype = getattr(torch, precision())
    return (len(layers) + 1) * width * number.itemsize + torch.int64.itemsize


def missing_states(rows: Sequence[Row], folder: Path) -> list[int]:
    """The places of the rows that have no file yet."""
    return [place for place in range(len(rows)) if not _path(folder, place).is_file()]


def write_states(
    model: str,
    rows: Sequence[Row],
    layers: Sequence[int],
    folder: Path,
    trust_remote_code: bool = False,
    revision: str = "",
) -> None:
    """A file in `folder` for each row that has none yet, `hs_<place in rows>.safetensors`."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = missing_states(rows, folder)
    if not missing:
        return
    longest = max(len(row.ids) for row in rows)
    hf_config = require_model(model, longest, trust_remote_code, revision)
    causal = load_model(model, precision(), hf_config, trust_remote_code, revision)
    names: list[int | str] = [*layers, "norm"]
    progress = Progress(total=len(missing), label="draft: hidden states")
    with torch.no_grad(), _heard(causal, layers) as heard:
        for place in missing:
            ids = torch.tensor([rows[place].ids], device=causal.device)
            heard.clear()
            causal.model(ids)
            states = torch.stack([heard[name][0] for name in names], dim=1)
            part = folder / ".part"
            save_file({"hidden_states": states.cpu().contiguous(), "token_ids": ids[0].cpu()}, part)
            os.replace(part, _path(folder, place))
            progress.step(tokens=ids.shape[1])
    progress.close()


@contextmanager
def _heard(causal: Any, layers: Sequence[int]) -> Iterator[dict[int | str, torch.Tensor]]:
    """What went into each of the layers and the final norm, filled by each forward pass."""
    heard: dict[int | str, torch.Tensor] = {}

    def listen(name: int | str) -> Any:
        def hook(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            heard[name] = args[0] if args else kwargs["hidden_states"]

        return hook

    decoder = causal.model
    modules: dict[int | str, torch.nn.Module] = {layer: decoder.layers[layer] for layer in layers}
    modules["norm"] = decoder.norm
    hooks = [module.register_forward_pre_hook(listen(name), with_kwargs=True) for name, module in modules.items()]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _path(folder: Path, place: int) -> Path:
    return folder / f"hs_{place}.safetensors"
