"""The thinking format stands with the checkpoint: `train` writes it beside the weights, `evaluate` reads it.

Measured in another format than it was trained in, a model loses much of what it learnt, and nothing says so: all runs,
and the curve is only lower. Checkpoints from elsewhere have no such file, and are taken at their user's word.

    write_format(Path("runs/demo/train/checkpoint"), FORMATS["qwen"])
    require_format("runs/demo/train/checkpoint", FORMATS["llama"])      # ValueError: trained in qwen
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1repro.artifacts import write_text

if TYPE_CHECKING:
    from s1repro.chat import ThinkingFormat

FILE = "thinking_format.json"
"""All pieces of the format, by the names of `ThinkingFormat`'s fields."""


def write_format(checkpoint: Path, fmt: ThinkingFormat) -> None:
    """Write the format that a model was trained in beside its weights."""
    write_text(checkpoint / FILE, _text(fmt))


def require_format(checkpoint: str, fmt: ThinkingFormat) -> None:
    """Raise `ValueError` where `checkpoint`, a folder or a hub id, says that it was trained in another format.

    One of the same name whose pieces differ is another one.
    """
    path = _find(checkpoint)
    if path is None:
        return
    try:
        trained: Any = json.loads(path.read_text(encoding="utf-8"))
        name = trained["name"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path}: no thinking format; delete it, or train again") from None
    if trained == json.loads(_text(fmt)):
        return
    what = f"model.format={name}" if name != fmt.name else f"another version of {name}"
    raise ValueError(
        f"{checkpoint} was trained in {what}, and model.format is {fmt.name}: measure it in its own, or say "
        f"model.other_format=true"
    )


def _text(fmt: ThinkingFormat) -> str:
    return json.dumps(asdict(fmt), indent=2, ensure_ascii=False) + "\n"


def _find(checkpoint: str) -> Path | None:
    """The file, in a folder or on the hub; None where there is none, or no hub answers."""
    if Path(checkpoint).is_dir():
        path = Path(checkpoint) / FILE
        return path if path.is_file() else None
    from transformers.utils.hub import cached_file

    found = cached_file(
        checkpoint,
        FILE,
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return Path(found) if found else None
