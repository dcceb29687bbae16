"""The funnel's account: what each step kept and dropped, and why.

Every filter returns a `Filtered`, the funnel takes it in and hands back what is left. Which rows are dropped is the
filters' business.

    funnel = Funnel(rows)
    left = funnel.take("quality", formatting(rows))
    funnel.csv()        # "step,kept,dropped,reason\npool,4,0,\nquality,3,1,holds an image\n"
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from s1repro.records import Row


@dataclass(frozen=True)
class Dropped:
    """A row that a filter took out, with the reason in words, which are counted, and what it was about this row."""

    row: Row
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Filtered:
    """What a filter made of its rows; the input's order is kept in both parts."""

    kept: list[Row]
    dropped: list[Dropped]


@dataclass(frozen=True)
class Step:
    """One line of `funnel.csv`: `kept` rows are left after `dropped` ones went for `reason`."""

    step: str
    kept: int
    dropped: int
    reason: str


class Funnel:
    """Counts rows from the pool to the set; `steps` and `dropped` grow with each `take`."""

    def __init__(self, pool: Sequence[Row]) -> None:
        self.steps = [Step("pool", len(pool), 0, "")]
        self.dropped: list[tuple[str, Dropped]] = []

    def take(self, step: str, filtered: Filtered) -> list[Row]:
        """Enter a filter's result, one sorted line a reason (one with 0 if nothing was dropped); give what it kept."""
        left = self.steps[-1].kept
        assert left == len(filtered.kept) + len(filtered.dropped), f"{step}: rows were lost or made up"
        for reason, count in sorted(Counter(drop.reason for drop in filtered.dropped).items()) or [("", 0)]:
            left -= count
            self.steps.append(Step(step, left, count, reason))
        self.dropped += [(step, drop) for drop in filtered.dropped]
        return filtered.kept

    def note(self, step: str, reason: str) -> None:
        """Enter what a step found without dropping anything."""
        self.steps.append(Step(step, self.steps[-1].kept, 0, reason))

    def csv(self) -> str:
        """The content of `funnel.csv`."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["step", "kept", "dropped", "reason"])
        writer.writerows([step.step, step.kept, step.dropped, step.reason] for step in self.steps)
        return text.getvalue()

    def table(self) -> str:
        """The same for the terminal, in columns."""
        width = max(len(step.step) for step in self.steps)
        lines = [f"{'step':{width}}  {'kept':>7}  {'dropped':>7}  reason"]
        lines += [f"{s.step:{width}}  {s.kept:7}  {s.dropped:7}  {s.reason}".rstrip() for s in self.steps]
        return "\n".join(lines)
