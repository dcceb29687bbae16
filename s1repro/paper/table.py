"""What a table is: cells by row and column, ours beside the paper's, and a reason in each cell that stays empty.

Table("table1", "Table 1", "Accuracy in percent.", [Entry("s1-32B", "aime24", Number(53.3), Number(56.7))])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1repro.evaluate.metrics import Interval
from s1repro.paper.measured import Missing
from s1repro.report.published import published


@dataclass(frozen=True)
class Number:
    """A value with its 95 % interval, where there is one, and how it is written: digits, and a sign for differences."""

    value: float | None
    low: float | None = None
    high: float | None = None
    digits: int = 1
    signed: bool = False

    def text(self) -> str:
        """As people read it: `76.0 (70.3 to 80.9)`."""
        value = "" if self.value is None else self._written(self.value)
        if self.low is None or self.high is None:
            return value
        return f"{value} ({self._written(self.low)} to {self._written(self.high)})".strip()

    def _written(self, value: float) -> str:
        return f"{value:{'+' if self.signed else ''},.{self.digits}f}"


@dataclass(frozen=True)
class Entry:
    """A cell: ours (None: the column is not ours to fill) and the paper's (None: the paper has none)."""

    row: str
    column: str
    ours: Number | Missing | None
    paper: Number | None = None


@dataclass(frozen=True)
class Table:
    """A table of the paper, or one that it lacks. Rows and columns stand in the order of the entries."""

    name: str
    title: str
    note: str
    entries: Sequence[Entry]

    @property
    def rows(self) -> list[str]:
        """The names of the rows."""
        return list(dict.fromkeys(entry.row for entry in self.entries))

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(dict.fromkeys(entry.column for entry in self.entries))


def percent(interval: Interval, signed: bool = False) -> Number:
    """A fraction or a difference of fractions, in percent."""
    return Number(100 * interval.value, 100 * interval.low, 100 * interval.high, signed=signed)


def printed(table: str, row: str, column: str) -> Number | None:
    """The paper's cell, written with the digits that it has."""
    cell = published(table).get((row, column))
    if cell is None:
        return None
    return Number(cell.value, cell.low, cell.high, cell.digits, signed=" - " in column)


def beside(table: str, row: str, ours: Mapping[str, Number | Missing], columns: Sequence[str]) -> list[Entry]:
    """The entries of a row: ours by column, beside the paper's."""
    return [Entry(row, column, ours.get(column), printed(table, row, column)) for column in columns]
