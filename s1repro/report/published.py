"""The paper's own numbers, as it printed them: `data/paper.csv`, to stand beside ours.

A row of the file is a cell of the paper: table, row, column, its value (percent, points or counts, as printed), the
ends of its interval where there is one, and where it was read. Nothing that was measured here is in it.

    published("table3")["BF", "Scaling"].value      # 15.0
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "data" / "paper.csv"


@dataclass(frozen=True)
class Printed:
    """A cell of the paper. `value` is None where only an interval was printed; `low` and `high` where none was.

    `digits` are those behind the point.
    """

    value: float | None
    low: float | None
    high: float | None
    digits: int


@cache
def published(table: str) -> dict[tuple[str, str], Printed]:
    """The cells of a table, by row and column in the paper's order; none for one that is not in the file.

    Raises `ValueError` where the file is missing.
    """
    if not FILE.is_file():
        raise ValueError(f"{FILE}: no such file; it holds the paper's numbers and belongs to the project, restore it")
    with open(FILE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == table]
    return {(row["row"], row["column"]): _printed(row["value"], row["low"], row["high"]) for row in rows}


def _printed(*texts: str) -> Printed:
    value, low, high = (float(text) if text else None for text in texts)
    return Printed(value, low, high, digits=max(len(text.partition(".")[2]) for text in texts))
