"""Each method's metrics stand beside the paper's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s1repro.records import Point
from s1repro.report.methods import HEAD, method_rows
from s1repro.report.published import published
from s1repro.scaling.methods import METHODS

TCC_TOKENS = (7939, 7158, 8263, 7108, 7500)
TCC_ACCURACY = (26.7, 30.0, 33.3, 33.3, 40.0)
TCC_BUDGETS = (1024, 2048, 4096, 8192, 16384)


def point(budget: int, tokens: float, percent: float, method: str = "tcc", run: str = "mine") -> Point:
    return Point("aime24", method, budget, 0, 30, percent / 100, 0.0, 1.0, tokens, tokens, 0.0, 9.0, run)


TCC = [point(*figures) for figures in zip(TCC_BUDGETS, TCC_TOKENS, TCC_ACCURACY, strict=True)]


def test_the_paper_s_own_figures_give_the_paper_s_table() -> None:
    (row,) = method_rows(TCC)
    cells = dict(zip(HEAD[:8], row[:8], strict=True))
    assert row[8:] == ("40 %", "-24", "40.0")
    assert cells["Control"] == "40 %"
    assert float(cells["Scaling (log2)"]) == pytest.approx(-24, abs=1)
    assert cells["Performance"] == "40.0"


def test_methods_and_runs_have_rows_of_their_own() -> None:
    other = [replace(p, run="other") for p in TCC]
    forced = [
        point(budget, budget, percent, "tcc+bf") for budget, percent in zip(TCC_BUDGETS, TCC_ACCURACY, strict=True)
    ]
    rows = method_rows([*TCC, *forced, *other])
    assert [row[:4] for row in rows] == [
        ("mine", "aime24", "tcc", "5"),
        ("mine", "aime24", "tcc+bf", "5"),
        ("other", "aime24", "tcc", "5"),
    ]
    assert [row[4] for row in rows] == ["40 %", "100 %", "40 %"]


def test_a_method_that_the_paper_does_not_have_and_a_single_point_show_dashes() -> None:
    ((*_, points, kept, log2, linear, best, paper, _, _),) = method_rows([point(64, 50, 10.0, "rebase")])
    assert (points, kept, log2, linear, best, paper) == ("1", "100 %", "-", "-", "10.0", "-")


def test_all_seven_rows_of_table_3_are_there() -> None:
    named = [method.table3 for method in METHODS.values() if method.table3]
    assert named == list(dict.fromkeys(row for row, _ in published("table3")))
