"""Will it fit? What a head's training takes of device and disk, told before hours are spent on it.

Hidden states are the most of it: four vectors of the model's width a token, which for a million tokens of a model 3,584
wide are 57 GB in float32 and half of it in bfloat16. How many tokens there are is known once the rows are in; before,
there is an upper bound alone, by which nothing is refused. Of the device's memory the checkpoint's weights are counted,
not what a pass over a row or the training of the head needs, and of the disk not the head's epochs.

    require_memory(hf_config, trust_remote_code=False)
    print(at_most(rows=2000, longest=32768, each=token_bytes(3584, [2, 14, 25]), folder=folder))
    require_room(rows, missing_states(rows, states), each, folder, questions=1000)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForCausalLM

from s1repro.device import this_device
from s1repro.draft.rows import Row
from s1repro.draft.states import precision

if TYPE_CHECKING:
    from transformers import PretrainedConfig

GIB = 1 << 30


def require_memory(hf_config: PretrainedConfig, trust_remote_code: bool) -> None:
    """Raise `ValueError` where the checkpoint's weights alone are more than the device has free."""
    build: Any = AutoModelForCausalLM.from_config
    with torch.device("meta"):  # shapes without memory
        network = build(hf_config, trust_remote_code=trust_remote_code)
    need = sum(parameter.numel() for parameter in network.parameters()) * getattr(torch, precision()).itemsize
    device = this_device()
    if need > device.free:
        raise ValueError(
            f"draft: the checkpoint's weights take {_gib(need)} GiB in {precision()} for its hidden states, and the "
            f"{'GPU' if device.kind == 'cuda' else 'machine'} has {_gib(device.free)} GiB for them; take one with more "
            "memory, or draft without a head: engine/speculative=ngram"
        )


def at_most(rows: int, longest: int, each: int, folder: Path) -> str:
    """A line: what the states of `rows` take where all are as long as can be, at `each` bytes a token."""
    return (
        f"draft: {rows:,} rows of at most {longest:,} tokens, their hidden states at most "
        f"{_gib(rows * longest * each)} GiB; {folder} has {_gib(_free(folder))} GiB free"
    )


def require_room(rows: Sequence[Row], missing: Sequence[int], each: int, folder: Path, questions: int) -> None:
    """Raise `ValueError` where `folder`'s disk has no room for the states of the rows at the places `missing`.

    `rows` are those of that many `questions`, as many of each.
    """
    need, free = each * sum(len(rows[place].ids) for place in missing), _free(folder)
    if need <= free:
        return
    fitting = bisect_right(list(accumulate(each * len(row.ids) for row in rows)), free) * questions // len(rows)
    fewer = f", or set draft.questions={fitting}" if fitting else ""
    draws = "; a lower draft.draws asks for new ones" if len(rows) > 2 * questions else ""
    raise ValueError(
        f"draft: the hidden states of {len(missing):,} rows take {_gib(need)} GiB ({each:,} bytes a token), and "
        f"{folder} has {_gib(free)} GiB free; make room there{fewer}, which keeps the rows that are in{draws}"
    )


def _free(folder: Path) -> int:
    """Bytes that are free where `folder` is, or will be made."""
    return disk_usage(next(path for path in (folder, *folder.absolute().parents) if path.exists())).free


def _gib(size: int) -> str:
    return f"{size / GIB:,.1f}"
