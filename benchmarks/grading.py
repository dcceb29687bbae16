"""How fast answers are graded: python -m benchmarks.grading [answers]

Numbers, fractions, expressions, lists, intervals, units and words, re-spelt by the rules of the tests and half of them
wrong, so that hardly any answer comes twice; every hundredth needs math-verify, one in ten thousand would never end.
Graded in two threads, which share the interpreter as `evaluate`'s do. Needs no model.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from s1repro.grading import grade
from tests.grading.respelling import respelt

ANSWERS = 100_000
_HUNDREDTH = r"\boxed{\sum_{k=1}^{%d} k}"
_ENDLESS = r"\boxed{\sum_{k=1}^{3} 9^{9^{9^{9}}}}"


def answers(count: int) -> Iterator[tuple[str, str]]:
    """Responses and references."""
    for number, case in enumerate(respelt(seed=4, count=count)):
        if number % 10_000 == 5_000:
            yield _ENDLESS, "5"
        elif number % 100 == 50:
            yield _HUNDREDTH % number, str(number * (number + 1) // 2)
        else:
            yield case.response, case.reference


def main() -> None:
    """Print the seconds and the answers a second."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
    asked = list(answers(count))
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        right = sum(threads.map(lambda each: grade(each[0], each[1], "math").correct, asked))
    seconds = time.perf_counter() - started
    rate = f"{count / seconds:,.0f} a second"
    print(f"{count:,} answers in {seconds:.1f} s, {rate}, {os.cpu_count()} cores; {right:,} right")


if __name__ == "__main__":
    main()
