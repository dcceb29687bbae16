"""GPQA's four choices in an order that is drawn once and for all for each question.

The order depends on the question's Record ID only, not on the order of the rows, a sample of them, or a global random
state, so that every run on every machine asks the same. The paper's code shuffles without a seed. No text is changed.

    process_docs: !function gpqa.process_docs       # adds choice1 to choice4, and answer, a letter
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from datasets import Dataset

SEED = 0
"""Another one gives another order."""

CHOICES = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
"""The published columns, the right answer first."""


def process_docs(dataset: Dataset) -> Dataset:
    """The rows with their choices in order, and the letter of the right one."""
    # Not kept in the cache: that would give the old order after a change in here.
    return dataset.map(shuffled, load_from_cache_file=False, keep_in_memory=True)


def shuffled(row: Mapping[str, str]) -> dict[str, str]:
    """`choice1` to `choice4` and `answer` of one row."""
    order = list(CHOICES)
    random.Random(f"{SEED}:{row['Record ID']}").shuffle(order)
    choices = {f"choice{number}": row[column] for number, column in enumerate(order, start=1)}
    return {**choices, "answer": "ABCD"[order.index(CHOICES[0])]}
