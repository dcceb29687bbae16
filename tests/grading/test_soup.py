"""Whatever a model writes, grading it raises nothing and ends, in the main thread and in others."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from s1repro.grading import grade
from s1repro.grading.pool import PATIENCE, SECONDS
from tests.grading.soup import soup

REFERENCES = ("5", "x^2+1", "(1,2)", r"\frac{1}{2}", "even", r"\sum_{k=1}^n k", "A")


def slowest(texts: list[str]) -> float:
    """Grades each as every kind; the seconds of the slowest."""
    longest = 0.0
    for number, text in enumerate(texts):
        started = time.monotonic()
        reference = REFERENCES[number % len(REFERENCES)] if number % 3 else texts[number - 1]
        grade(text if number % 2 else f"Answer: {text}", reference, "math")
        grade(text, "A", "choice")
        grade(text, text, "exact")
        longest = max(longest, time.monotonic() - started)
    return longest


def check(count: int) -> None:
    texts = list(soup(seed=count, count=count))
    half = count // 2
    took = slowest(texts[:half])
    with ThreadPoolExecutor(4) as threads:
        others = list(threads.map(slowest, (texts[half + place :: 4] for place in range(4))))
    print(f"{count} strings: the slowest took {took:.1f} s in the main thread and {max(others):.1f} s in others")
    # A comparison may wait for a worker twice (both orders of a list), each as long as a busy machine may take.
    assert max(took, *others) < 2 * PATIENCE * SECONDS


def test_some_strings() -> None:
    check(1500)


@pytest.mark.slow
def test_a_hundred_thousand_strings() -> None:
    check(100_000)
