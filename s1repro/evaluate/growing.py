"""The curve while it grows, for a terminal: each point with what is in of it, its accuracy so far and the interval.

Early on these are of the questions that were quickest to answer, which may be the easier ones: only a finished point is
a result. In a bar of 0 to 100 %, `-` is the interval and `o` the share of right answers. How far the whole is and how
long it takes is `s1repro.progress`' business.

    curve = GrowingCurve(tasks, samples)
    curve.add(sample)
    curve.lines()       # ["  demo, force, 64 tokens            180/250   31.1 % (24.8 to 38.2)  ......--o--......"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from s1repro.evaluate.metrics import Interval, wilson
from s1repro.evaluate.vouched import PointKey, point_key
from s1repro.records import Sample, SampleKey

CELLS = 25
"""A bar's characters, each of 4 %."""


@dataclass
class _Growing:
    """A point: how many samples it will have, and what is in."""

    total: int = 0
    done: int = 0
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each question its right answers and all of them; without those for which no try fitted."""
    right: float = 0.0
    """The sum of the questions' shares."""


class GrowingCurve:
    """All points of `tasks`, those of `samples` that are in before among them."""

    def __init__(self, tasks: Iterable[SampleKey], samples: Mapping[SampleKey, Sample]) -> None:
        self._points: dict[PointKey, _Growing] = {}
        asked = set(tasks)
        for key in asked:
            self._points.setdefault(point_key(key), _Growing()).total += 1
        for key in asked & samples.keys():
            self.add(samples[key])

    def add(self, sample: Sample) -> None:
        """One sample more, of a point that was asked for."""
        point = self._points[point_key(sample.key)]
        point.done += 1
        if sample.finish == "rejected":
            return
        right, taken = point.marks.get(sample.key.question, (0, 0))
        point.right -= right / taken if taken else 0.0
        right, taken = right + sample.correct, taken + 1
        point.marks[sample.key.question] = right, taken
        point.right += right / taken

    def lines(self) -> list[str]:
        """A line for each point, in the order of benchmark, method, budget and Waits."""
        rows = [(_name(key), f"{point.done:,}/{point.total:,}", point) for key, point in sorted(self._points.items())]
        names = max((len(name) for name, _, _ in rows), default=0)
        counts = max((len(count) for _, count, _ in rows), default=0)
        return [f"  {name:<{names}}  {count:>{counts}}  {_so_far(point)}".rstrip() for name, count, point in rows]


def _name(key: PointKey) -> str:
    benchmark, method, budget, waits = key
    forced = f", {waits} Wait{'s' if waits > 1 else ''}" if waits else ""
    return f"{benchmark}, {method}, {budget:,} tokens{forced}"


def _so_far(point: _Growing) -> str:
    asked = len(point.marks)
    if not asked:
        return ""
    share = wilson(min(max(point.right, 0.0), asked), asked)  # sums of shares may leave the range by a rounding
    told = f"({100 * share.low:.1f} to {100 * share.high:.1f})"
    return f"{100 * share.value:5.1f} % {told:<15}  {_bar(share)}"


def _bar(share: Interval) -> str:
    low, at, high = (min(int(CELLS * value), CELLS - 1) for value in (share.low, share.value, share.high))
    return "".join("o" if cell == at else "-" if low <= cell <= high else "." for cell in range(CELLS))
