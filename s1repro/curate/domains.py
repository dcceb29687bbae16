"""Subject classes: the two-digit Mathematics Subject Classification (MSC 2020), which has science classes too.

The paper asks a language model for each question's class; here the pool's rows carry it. `data/msc.json` lists the
classes. Classifying unlabelled questions is not covered.

    classify(rows)[0].domain                        # "11"
    class_names()["11"]                             # "Number theory"
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from s1repro.records import Row

MSC = Path(__file__).resolve().parents[2] / "data" / "msc.json"
"""The classes: code to name."""
PUBLISHED_NAMES = {
    "$K$-theory": "19",
    "Special functions (33-XX deals with the properties of functions as functions)": "33",
    "Information and communication, circuits": "94",
}
"""Classes that the published pool calls by other names than MSC 2020; it has names only, no codes."""


@cache
def class_names() -> dict[str, str]:
    """The classes by their two-digit codes."""
    names: dict[str, str] = json.loads(MSC.read_text(encoding="utf-8"))
    return names


def msc_class(label: str) -> str | None:
    """The two-digit class of a label, None where there is none.

    A label is a class (`11`), a code below it (`11A05`, `11-XX`), a class with words behind it (`11 Number theory`) or
    a class's name, as in MSC 2020 or in the published pool, whatever its case.
    """
    label = label.strip()
    code = re.match(r"([0-9]{2})(?![0-9])", label)
    if code:
        return code[1] if code[1] in class_names() else None
    return _codes().get(label.lower())


@cache
def _codes() -> dict[str, str]:
    """The classes' codes by all their names, in lower case."""
    names = {name: code for code, name in class_names().items()} | PUBLISHED_NAMES
    return {name.lower(): code for name, code in names.items()}


def classify(rows: Sequence[Row]) -> list[Row]:
    """The rows with their two-digit classes as domains.

    Raises `ValueError` naming the first row without one, and how many there are.
    """
    classed = [replace(row, domain=found) for row in rows if (found := msc_class(row.domain))]
    if len(classed) < len(rows):
        row = next(row for row in rows if not msc_class(row.domain))
        label = repr(row.domain) if row.domain else "missing"
        raise ValueError(
            f"row {row.id} (line {row.line} of the pool): its domain is {label}; give a class of data/msc.json, such "
            f"as '11'. {len(rows) - len(classed):,} of {len(rows):,} rows have none; "
            f"selection=random, longest and full draw without"
        )
    return classed
