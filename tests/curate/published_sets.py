"""Small sets in every published schema, as parquet files with the published columns and types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow.parquet import write_table

Columns = dict[str, Any]
ROWS = 6
TYPES = {"thinking_trajectories": pyarrow.list_(pyarrow.string()), "cot": pyarrow.null()}
TYPES |= {name: pyarrow.bool_() for name in ("isqwen7bcorrect", "isqwen32bcorrect")} | {
    "gemini_length": pyarrow.int64()
}


def question(i: int) -> Columns:
    """What all schemas share; metadata is written with repr."""
    return {
        "solution": f"Twice {i}.\n\\boxed{{{2 * i}}}",
        "question": f"What is {i} plus {i}?",
        "cot_type": "math",
        "source_type": "qfq/openaimath/Algebra",
        "metadata": str({"subject": "Algebra", "level": 5, "unit": None, "note": "it's {x}"}),
        "cot": None,
    }


def s1k(i: int) -> Columns:
    return question(i) | {"thinking_trajectories": [f"{i} and {i} is {2 * i}."], "attempt": f"It is \\boxed{{{2 * i}}}"}


def s1k_tokenized(i: int) -> Columns:
    return s1k(i) | {"text": "<|im_start|>user never read"}


def s1k_11(i: int) -> Columns:
    columns = question(i)
    for teacher in ("gemini", "deepseek"):
        columns |= {
            f"{teacher}_thinking_trajectory": f"{teacher} thinks {2 * i}",
            f"{teacher}_attempt": f"{teacher} says {2 * i}",
            f"{teacher}_grade": "Yes" if i % 2 or teacher == "gemini" else "No",
            f"{teacher}_grade_reason": "It is.\nYes",
        }
    return columns


def s1k_11_tokenized(i: int) -> Columns:
    return s1k_11(i) | {"text": "<|im_start|>user never read"}


def ablation(i: int) -> Columns:
    return s1k(i) | {"source_type": "qq8933/AIME_1983_2024"}


def featurized(i: int) -> Columns:
    """qfq/train_featurized: no traces; the solvers' grades are booleans here, the teacher's "Yes" and "No"."""
    return question(i) | {
        "domain": "Number theory",
        "isqwen7bcorrect": i == 1,
        "isqwen32bcorrect": i in (1, 2),
        "isgeminicorrect": ["No", "Yes"][i % 2],
        "gemini_length": 7,
    }


def featurized_with_traces(i: int) -> Columns:
    return featurized(i) | s1k(i)


SCHEMAS: dict[str, Callable[[int], Columns]] = {
    "s1K": s1k,
    "s1K_tokenized": s1k_tokenized,
    "s1K-1.1": s1k_11,
    "s1K-1.1_tokenized": s1k_11_tokenized,
    "data_ablation_full59K": ablation,
    "train_featurized": featurized_with_traces,
}
"""Rows by the name of the set that they are like. The last one is the features beside their traces."""


def write_parquet(path: Path, rows: list[Columns]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    types = [(name, TYPES.get(name, pyarrow.string())) for name in rows[0]]
    write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(types)), path)
    return path


def make_set(folder: Path, schema: str, files: int = 1) -> Path:
    """The folder with `ROWS` rows, laid out as on the hub."""
    rows = [SCHEMAS[schema](i) for i in range(ROWS)]
    for part in range(files):
        name = f"train-{part:05}-of-{files:05}.parquet"
        write_parquet(folder / "data" / name, rows[part * ROWS // files : (part + 1) * ROWS // files])
    return folder
