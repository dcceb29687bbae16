"""The paper's numbers are read as printed, and a project without them says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.report import published as module
from s1repro.report.published import published


def test_a_cell_has_its_value_its_interval_and_its_digits() -> None:
    cell, interval = published("table3")["BF", "aime24: Performance"], published("table2")["1K-random", "aime24 - s1K"]
    assert (cell.value, cell.digits) == (56.7, 1)
    assert (interval.value, interval.low, interval.high) == (None, -26.7, -3.3)
    assert published("table9") == {}


def test_without_the_file_one_line_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE", tmp_path / "paper.csv")
    published.cache_clear()
    with pytest.raises(ValueError, match=r"paper\.csv: no such file; it holds the paper's numbers"):
        published("table1")
    published.cache_clear()
