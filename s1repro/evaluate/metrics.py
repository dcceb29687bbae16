"""The paper's metrics of test-time scaling (section 3.2) and the intervals around an accuracy.

A *run* is a model at one budget: it has a mean number of thinking tokens and an accuracy. Control asks whether the
runs keep to their budgets, Scaling how much more thinking helps, Performance how good the best run is. Accuracies may
be fractions or percent; what comes out has the unit that went in. Majority votes are not covered. What a benchmark is
too small to tell is `resolution` and `least_difference`.

    control([7939, 7158, 8263, 7108, 7500], 0, [1024, 2048, 4096, 8192, 16384])        # 0.4
    scaling([7939, 7158, 8263, 7108, 7500], [26.7, 30.0, 33.3, 33.3, 40.0])            # -23.4 points per doubling
    least_difference(30)                                                               # 4 / 30: 13.3 points on AIME24
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

NORMAL_95 = 1.959963984540054
"""The two-sided 95 % quantile of the normal distribution."""


def control(mean_tokens: Sequence[float], lower: float | Sequence[float], upper: float | Sequence[float]) -> float:
    """Share of the runs, 0 to 1, whose mean thinking tokens lie within their bounds, ends included.

    `lower` and `upper` are one bound for all runs or one each. Section 3.2, equation 1. Raises `ValueError` without
    runs or where the lengths differ.
    """
    if not mean_tokens:
        raise ValueError("control needs at least one run")
    lowers, uppers = (_each(bound, len(mean_tokens)) for bound in (lower, upper))
    inside = [low <= mean <= up for mean, low, up in zip(mean_tokens, lowers, uppers, strict=True)]
    return sum(inside) / len(inside)


def scaling(mean_tokens: Sequence[float], accuracy: Sequence[float], axis: Literal["log2", "linear"] = "log2") -> float:
    """Mean slope over all pairs of runs, the shorter one first.

    With `axis="log2"` in accuracy per doubling of the thinking tokens, which is what the paper's Table 3 prints; with
    `axis="linear"`, as the text's equation 2 reads, in accuracy per thousand tokens. Runs of equal length make no
    pair. Raises `ValueError` when no pair is left, where the lengths differ, and on `log2` for a run of 0 tokens.
    """
    if len(mean_tokens) != len(accuracy):
        raise ValueError(f"{len(mean_tokens)} mean token counts, but {len(accuracy)} accuracies")
    if axis == "log2" and min(mean_tokens, default=1) <= 0:
        raise ValueError("a run without thinking tokens has no place on a log2 axis; use axis='linear'")
    position = [math.log2(tokens) if axis == "log2" else tokens / 1000 for tokens in mean_tokens]
    runs = sorted(zip(position, accuracy, strict=True))
    slopes = [
        (late[1] - early[1]) / (late[0] - early[0])
        for i, early in enumerate(runs)
        for late in runs[i + 1 :]
        if late[0] > early[0]
    ]
    if not slopes:
        raise ValueError("scaling needs two runs of different length")
    return sum(slopes) / len(slopes)


def performance(accuracy: Sequence[float]) -> float:
    """The best run's accuracy. Section 3.2, equation 3. Raises `ValueError` without runs."""
    if not accuracy:
        raise ValueError("performance needs at least one run")
    return max(accuracy)


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: float, n: int) -> Interval:
    """A fraction, 0 to 1, with its 95 % Wilson score interval.

    With several samples a question, pass the sum of the questions' means and the number of *questions*: samples of one
    question are not independent, and counting each would make the interval too narrow. Raises `ValueError` for n < 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no fraction")
    fraction, z2 = successes / n, NORMAL_95**2
    centre = (fraction + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * math.sqrt(fraction * (1 - fraction) / n + z2 / (4 * n * n))
    # At 0 and at 1 the exact end is the fraction itself; rounding must not move it past.
    return Interval(fraction, max(0.0, min(fraction, centre - half)), min(1.0, max(fraction, centre + half)))


def paired_difference(a: Sequence[float], b: Sequence[float], seed: int, resamples: int = 10_000) -> Interval:
    """Mean of `a - b` over the same questions, with the 95 % interval of a paired bootstrap (the paper's Table 2).

    `a[i]` and `b[i]` are the scores of question i. Questions are drawn with replacement, `resamples` times. Raises
    `ValueError` without questions or where the lengths differ.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired difference needs the same questions on both sides, not {len(a)} and {len(b)}")
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    generator = np.random.default_rng(seed)
    # Chunks of resamples keep the table of drawn indices small, whatever the benchmark's size.
    chunks = [min(1000, resamples - start) for start in range(0, resamples, 1000)]
    means = np.concatenate(
        [difference[generator.integers(len(a), size=(chunk, len(a)))].mean(axis=1) for chunk in chunks]
    )
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(difference.mean()), float(low), float(high))


def resolution(a: Sequence[float], b: Sequence[float]) -> float:
    """The least mean difference whose paired 95 % interval leaves zero out, where scores differ as much as these do.

    `a[i]` and `b[i]` are the scores of question i. A mean v over n questions with mean square s has the standard error
    sqrt((s - v^2) / n); v is told from zero above z of those, so from v = z sqrt(s / (n + z^2)) on. With one answer a
    question it is never below `least_difference`, which that rule passes where few answers differ. 0 where no score
    differs. Raises `ValueError` as `paired_difference` does.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired difference needs the same questions on both sides, not {len(a)} and {len(b)}")
    square = math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)
    least = least_difference(len(a)) if square and {*a, *b} <= {0.0, 1.0} else 0.0
    return max(least, NORMAL_95 * math.sqrt(square / (len(a) + NORMAL_95**2)))


def least_difference(questions: int) -> float:
    """The least share of `questions`, right or wrong, whose change a paired 95 % interval can tell from zero at best.

    At best: all that change do so in the same way, m of n. The bootstrap's low end is above zero where fewer than
    2.5 % of its resamples hold none of them: (1 - m/n)^n < 0.025. Raises `ValueError` below 1 question.
    """
    if questions < 1:
        raise ValueError(f"{questions} questions: give 1 or more")
    changed = next(m for m in range(1, questions + 1) if (1 - m / questions) ** questions < 0.025)
    return changed / questions


def _each(bound: float | Sequence[float], runs: int) -> list[float]:
    """One bound for each run."""
    bounds = [float(bound)] * runs if isinstance(bound, int | float) else [float(b) for b in bound]
    if len(bounds) != runs:
        raise ValueError(f"{len(bounds)} bounds for {runs} runs")
    return bounds
