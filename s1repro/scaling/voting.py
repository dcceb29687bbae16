"""Votes over sampled answers, and what votes and tries would score: majority@k and pass@k.

Pure functions over answers and grades; sampling is the methods' business. The paper compares sequential scaling with
majority votes over up to 64 samples (section 6.2). Votes are told apart by their spelling: `joined` gives equal
answers one spelling first, by the grader's equality (1/2 and 0.5). Ties go to the answer that came first, and "" (no
answer was found) wins only where there is nothing else.

    joined(["1/2", "7", "0.5"], same)                           # ["1/2", "7", "1/2"]
    majority(["7", "", "3", "3", "7"])                          # "7"
    weighted_majority(["7", "3", "3"], [0.9, 0.3, 0.4])         # "7"
    majority_at_k(["7", "3", "3"], [True, False, False], k=2)   # 2/3: in two of the three pairs "7" came first
    pass_at_k(n=3, correct=1, k=2)                              # 2/3
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


def joined(answers: Sequence[str], same: Callable[[str, str], bool]) -> list[str]:
    """The answers, each as the first one that is the same was spelt; "" (no answer was found) is the same as no other.

    Each spelling is compared with the ones before it until one is the same, so the work is at most quadratic in the
    number of different spellings.
    """
    spelt: dict[str, str] = {"": ""}
    for answer in answers:
        if answer not in spelt:
            firsts = [first for spelling, first in spelt.items() if first and spelling == first]
            spelt[answer] = next((first for first in firsts if same(first, answer)), answer)
    return [spelt[answer] for answer in answers]


def majority(answers: Sequence[str]) -> str:
    """The answer given most often. Raises `ValueError` without answers."""
    return weighted_majority(answers, [1.0] * len(answers))


def weighted_majority(answers: Sequence[str], weights: Sequence[float]) -> str:
    """The answer whose weights sum to most. Raises `ValueError` without answers or without a weight (>= 0) for each."""
    if not answers or len(answers) != len(weights):
        raise ValueError(f"a vote needs answers and a weight for each, not {len(answers)} and {len(weights)}")
    if not min(weights) >= 0:
        raise ValueError(f"a weight of {min(weights)}: give 0 or more")
    given: dict[str, list[float]] = {}
    for answer, weight in zip(answers, weights, strict=True):
        given.setdefault(answer, []).append(weight)
    found = [answer for answer in given if answer] or list(given)
    # fsum does not depend on the order, so a tie is a tie; `max` takes the first of equals.
    return max(found, key=lambda answer: math.fsum(given[answer]))


def majority_at_k(
    answers: Sequence[str], correct: Sequence[bool], k: int, *, seed: int = 0, draws: int = 4096
) -> float:
    """Expected accuracy of the majority vote over `k` of the n samples of one question, without replacement.

    The mean over all subsets of size k, each in the order of the samples, which is an unbiased estimate for k fresh
    samples. Exact where there are at most `draws` subsets; otherwise the mean over that many drawn with `seed`, off by
    at most 0.8 percentage points (one standard error) for a question, and unbiased as well. `correct[i]` says whether
    `answers[i]` is right. Raises `ValueError` unless 1 <= k <= n and there is a grade for each answer.
    """
    n = len(answers)
    if len(correct) != n or not 1 <= k <= n:
        raise ValueError(f"majority@{k} of {n} answers and {len(correct)} grades: give k from 1 to their number")
    if math.comb(n, k) <= draws:
        chosen = np.array(list(itertools.combinations(range(n), k)))
    else:
        order = np.random.default_rng(seed).random((draws, n)).argsort(axis=1)
        chosen = np.sort(order[:, :k], axis=1)
    return float(np.asarray(correct, dtype=np.float64)[_winners(answers, chosen)].mean())


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The chance that one of `k` samples is right, from n samples of which `correct` are: 1 - C(n-c, k) / C(n, k).

    Unbiased (Chen et al. 2021, arXiv 2107.03374); as a product, so no binomial overflows. Raises `ValueError` unless
    1 <= k <= n and 0 <= correct <= n.
    """
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {n} samples: give k from 1 to the number of samples")
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} right of {n} samples")
    if n - correct < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - correct + 1, n + 1))


def _winners(answers: Sequence[str], chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each row of sample indices the first one that gives the row's majority answer; `majority`, many at once."""
    names = list(dict.fromkeys(answers))
    codes = np.array([names.index(answer) for answer in answers])[chosen]
    same = codes[:, :, None] == codes[:, None, :]
    votes = same.sum(axis=2)
    if "" in names:
        votes[codes == names.index("")] = 0
    first = votes.argmax(axis=1)  # of equals, the first one
    return np.take_along_axis(chosen, first[:, None], axis=1)[:, 0]
