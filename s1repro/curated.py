"""The set that `curated` names, which `train` and `draft` read: the JSONL that `curate` writes, or one of its schema.

file_sha256(curated_set("runs/demo/curate/s1k.jsonl"))
"""

from __future__ import annotations

from pathlib import Path


def curated_set(place: str) -> Path:
    """The file. Raises `ValueError` where there is none, and for parquet, which `curate` reads."""
    path = Path(place)
    if not path.is_file():
        raise ValueError(f"{path}: no curated set; run the curate stage of this run first, or set curated=...")
    if path.suffix == ".parquet":
        raise ValueError(
            f"curated: {path} is a parquet file, and what is wanted is the JSONL that curate writes: give it to curate "
            "as data.pool, with selection=published to take it as it is"
        )
    return path
