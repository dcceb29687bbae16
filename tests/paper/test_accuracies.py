"""Tables 1, 2 and 4 hold what the samples say, beside what the paper printed."""

from __future__ import annotations

import pytest

from s1repro.config import Config
from s1repro.evaluate.metrics import paired_difference, wilson
from s1repro.paper.accuracies import table1, table2, table4
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Number, Table


def cell(table: Table, row: str, column: str) -> Number:
    """Our number in a cell."""
    (entry,) = [entry for entry in table.entries if (entry.row, entry.column) == (row, column)]
    assert isinstance(entry.ours, Number), entry
    return entry.ours


def why(table: Table, row: str, column: str) -> str:
    (entry,) = [entry for entry in table.entries if (entry.row, entry.column) == (row, column)]
    assert isinstance(entry.ours, Missing), entry
    return entry.ours.reason


def papers(table: Table, row: str) -> dict[str, str]:
    return {entry.column: entry.paper.text() for entry in table.entries if entry.row == row and entry.paper}


def test_table_1_is_at_the_row_s_waits_beside_the_paper_s_three_benchmarks(config: Config, measured: Measured) -> None:
    table = table1(config, measured)
    expected = wilson(8, 10)
    found = cell(table, "s1-32B", "toy")
    assert (found.value, found.low, found.high) == (80.0, 100 * expected.low, 100 * expected.high)
    assert cell(table, "s1-32B", "toy: thinking tokens").value == 57 + 1
    assert papers(table, "s1-32B") == {"aime24": "56.7", "math500": "93.0", "gpqa_diamond": "59.6"}


def test_an_empty_cell_has_its_reason(config: Config, measured: Measured) -> None:
    table = table1(config, measured)
    assert why(table, "QwQ-32B-Preview", "toy") == "trained elsewhere"
    assert why(table, "Qwen2.5-32B-Instruct", "toy") == "evaluate: no such checkpoint"
    assert papers(table, "QwQ-32B-Preview")["aime24"] == "50.0"


def test_table_2_pairs_the_mean_over_seeds_with_the_last_row(config: Config, measured: Measured) -> None:
    table = table2(config, measured)
    scores, own = [1.0] * 3 + [0.5] * 2 + [0.0] * 5, [1.0] * 7 + [0.0] * 3
    expected = paired_difference(scores, own, seed=0)
    found = cell(table, "1K-random", "toy - s1K")
    assert found.value == pytest.approx(-30.0)
    assert (found.low, found.high) == (pytest.approx(100 * expected.low), pytest.approx(100 * expected.high))
    assert cell(table, "1K-random", "toy").value == pytest.approx(40.0)
    assert [cell(table, "1K-random", f"toy: seed {seed}").value for seed in (1, 2)] == [30.0, 50.0]
    assert papers(table, "1K-random")["aime24 - s1K"] == "(-26.7 to -3.3)"
    assert cell(table, "s1K", "training: examples").value == 40 and cell(table, "s1K", "training: steps").value == 5


def test_table_4_compares_with_its_first_row_and_names_a_point_that_is_not_there(
    config: Config, measured: Measured
) -> None:
    table = table4(config, measured)
    assert cell(table, "no extrapolation", "toy").value == 70.0
    reason = "toy has no point with 2 Waits at its largest budget, 64"
    assert why(table, "2x Wait", "toy") == why(table, "2x Wait", "toy - no extrapolation") == reason
    assert papers(table, "2x Wait") == {"aime24": "53.3", "math500": "93.0", "gpqa_diamond": "59.6"}
