"""What a checkpoint was trained from stands with it: all but the seed as one mark, and the seed.

Two models that `train` made of the same base, set and settings with other seeds are two trainings of one recipe; their
weights tell them apart and say nothing of that. `evaluate` keeps it with the samples, so that `report.merge` can make
one curve of several trainings. Checkpoints from elsewhere have no such file, and are each a model of its own.

    write_training(Path("runs/demo/train/checkpoint"), Training(recipe=fingerprint(made_from), seed=0))
    read_training("runs/demo/train/checkpoint")     # Training(recipe="0123456789abcdef", seed=0)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from s1repro.artifacts import write_text
from s1repro.strict import parse

FILE = "training.json"


@dataclass(frozen=True)
class Training:
    """A model's making: `recipe` is the mark of base, format, set and settings."""

    recipe: str
    seed: int


def write_training(checkpoint: Path, training: Training) -> None:
    """Write it beside the weights."""
    write_text(checkpoint / FILE, json.dumps(asdict(training), indent=2) + "\n")


def read_training(checkpoint: str) -> Training | None:
    """How the model in a folder was made; None where the folder does not say, and for a hub id.

    Raises `ValueError` for a file that says something else.
    """
    path = Path(checkpoint) / FILE
    if not path.is_file():
        return None
    made = parse(path.read_bytes(), str(path), "delete it, or train again")
    if not isinstance(made, dict) or {name: type(value) for name, value in made.items()} != {
        "recipe": str,
        "seed": int,
    }:
        raise ValueError(f"{path}: does not say how this model was made; delete it, or train again")
    return Training(**made)
