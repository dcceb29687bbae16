"""Table 3: the metrics of a row's own points, beside the paper's."""

from __future__ import annotations

import pytest

from s1repro.config import Config
from s1repro.evaluate.metrics import scaling
from s1repro.paper.measured import Measured
from s1repro.paper.methods import table3
from s1repro.report.published import published
from tests.paper.test_accuracies import cell, papers, why


def test_a_row_takes_its_budgets_alone(config: Config, measured: Measured) -> None:
    table = table3(config, measured)
    assert cell(table, "BF", "toy: points").value == 2
    assert cell(table, "BF", "toy: Control").value == 100.0
    assert cell(table, "BF", "toy: Performance").value == 40.0
    assert cell(table, "BF", "toy: Scaling").value == pytest.approx(scaling([14, 28], [20.0, 40.0]))
    assert cell(table, "RS", "toy: Scaling").text() == "-10.0"
    assert papers(table, "RS") == {"aime24: Control": "100", "aime24: Scaling": "-35", "aime24: Performance": "40.0"}


def test_a_single_point_has_no_slope(config: Config, measured: Measured) -> None:
    config.paper.table3[0].budgets = [16]
    table = table3(config, measured)
    assert why(table, "BF", "toy: Scaling") == "needs two points of different length"
    assert cell(table, "BF", "toy: Performance").value == 20.0


def test_all_rows_of_the_paper_s_table_3_have_three_numbers() -> None:
    rows = [row for row, _ in published("table3")]
    assert len(set(rows)) == 7 and all(rows.count(row) == 3 for row in rows)
