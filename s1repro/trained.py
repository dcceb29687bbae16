"""What `train` says of a checkpoint stands with it: the thinking format, and how it was made.

Measured in another format than it was trained in, a model loses much of what it learnt, and nothing says so: all runs,
and the curve is only lower. So `evaluate`, `serve` and `draft` refuse another one. Two models of the same base, set and
settings with other seeds are two trainings of one recipe; their weights tell them apart and say nothing of that. So the
recipe's mark and the seed are kept with the samples, and `report.merge` makes one curve of several trainings.
Checkpoints from elsewhere have neither file: they are taken at their user's word, each a model of its own.

    write_format(Path("runs/demo/train/checkpoint"), FORMATS["qwen"])
    require_format("runs/demo/train/checkpoint", FORMATS["llama"])      # ValueError: trained in qwen
    write_training(Path("runs/demo/train/checkpoint"), Training(recipe=fingerprint(made_from), seed=0))
    read_training("runs/demo/train/checkpoint")     # Training(recipe="0123456789abcdef", seed=0)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s1repro.artifacts import write_text
from s1repro.strict import parse

if TYPE_CHECKING:
    from s1repro.chat import ThinkingFormat

FORMAT = "thinking_format.json"
"""All pieces of the format, by the names of `ThinkingFormat`'s fields."""
TRAINING = "training.json"
"""A `Training`."""
REPAIR = "delete it, or train again"


@dataclass(frozen=True)
class Training:
    """A model's making: `recipe` is the mark of base, format, set and settings."""

    recipe: str
    seed: int


def write_format(checkpoint: Path, fmt: ThinkingFormat) -> None:
    """Write the format that a model was trained in beside its weights."""
    write_text(checkpoint / FORMAT, _text(fmt))


def require_format(checkpoint: str, fmt: ThinkingFormat, revision: str = "") -> None:
    """Raise `ValueError` where `checkpoint`, a folder or a hub id, says that it was trained in another format.

    One of the same name whose pieces differ is another one.
    """
    path = _format_file(checkpoint, revision)
    if path is None:
        return
    trained = parse(path.read_bytes(), str(path), REPAIR)
    if not isinstance(trained, dict) or "name" not in trained:
        raise ValueError(f"{path}: no thinking format; {REPAIR}")
    if trained == json.loads(_text(fmt)):
        return
    name = trained["name"]
    what = f"model.format={name}" if name != fmt.name else f"another version of {name}"
    raise ValueError(
        f"{checkpoint} was trained in {what}, and model.format is {fmt.name}: measure it in its own, or say "
        f"model.other_format=true"
    )


def write_training(checkpoint: Path, training: Training) -> None:
    """Write how a model was made beside its weights."""
    write_text(checkpoint / TRAINING, json.dumps(asdict(training), indent=2) + "\n")


def read_training(checkpoint: str) -> Training | None:
    """How the model in a folder was made; None where the folder does not say, and for a hub id.

    Raises `ValueError` for a file that says something else.
    """
    path = Path(checkpoint) / TRAINING
    if not path.is_file():
        return None
    made = parse(path.read_bytes(), str(path), REPAIR)
    if not isinstance(made, dict) or {name: type(value) for name, value in made.items()} != {
        "recipe": str,
        "seed": int,
    }:
        raise ValueError(f"{path}: does not say how this model was made; {REPAIR}")
    return Training(**made)


def _text(fmt: ThinkingFormat) -> str:
    return json.dumps(asdict(fmt), indent=2, ensure_ascii=False) + "\n"


def _format_file(checkpoint: str, revision: str) -> Path | None:
    """Where the format stands, in a folder or on the hub; None where there is none, or no hub answers."""
    if Path(checkpoint).is_dir():
        path = Path(checkpoint) / FORMAT
        return path if path.is_file() else None
    from transformers.utils.hub import cached_file

    found = cached_file(
        checkpoint,
        FORMAT,
        revision=revision or "main",
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return Path(found) if found else None
