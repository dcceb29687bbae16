"""Points as they arrive: a point of the curve is there when the last of its samples is in.

Samples that were in before count, so that a resumed evaluation shows the whole curve. Grading and writing samples down
are not covered.

    arrivals = Arrivals(run="demo", tasks=tasks, samples=samples, tell=dashboard.point)
    arrivals.add(sample)        # tells the point that this one completes
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from s1repro.evaluate.points import to_points
from s1repro.evaluate.vouched import PointKey, point_key
from s1repro.records import Point, Sample, SampleKey


class Arrivals:
    """Counts what each point of `tasks` still lacks; `tell` gets each point once, when it lacks nothing."""

    def __init__(
        self, run: str, tasks: Iterable[SampleKey], samples: Mapping[SampleKey, Sample], tell: Callable[[Point], None]
    ) -> None:
        self._run, self._tell = run, tell
        self._in: dict[PointKey, list[Sample]] = defaultdict(list)
        self._missing: dict[PointKey, int] = defaultdict(int)
        asked = set(tasks)
        for key in asked:
            self._missing[point_key(key)] += 1
        for key in sorted(asked & samples.keys()):
            self.add(samples[key])

    def add(self, sample: Sample) -> None:
        """One sample more."""
        key = point_key(sample.key)
        self._in[key].append(sample)
        self._missing[key] -= 1
        if self._missing[key] == 0:
            for point in to_points(self._in.pop(key), self._run):  # none where no try fitted a question
                self._tell(point)
