"""A vote meets the best sequential point of no more FLOPs, question by question."""

from __future__ import annotations

from s1repro.config import Config
from s1repro.evaluate.metrics import paired_difference
from s1repro.paper.measured import Measured
from s1repro.paper.parallel import efforts, parallel_table
from tests.paper.test_accuracies import cell, why


def test_each_number_of_votes_is_an_effort(config: Config, measured: Measured) -> None:
    found = list(efforts(config, measured, "votes"))
    assert [effort.k for effort in found] == [1, 2, 4]
    assert [effort.thinking for effort in found] == [14, 28, 56]
    first, last = found[0].flops, found[2].flops
    assert first is not None and last == 4 * first
    assert [effort.k for effort in efforts(config, measured, "own")] == [1] * 4


def test_the_opponent_takes_no_more(config: Config, measured: Measured) -> None:
    table = parallel_table(config, measured)
    one, four = ("votes: toy, force, 16, k = 1", "votes: toy, force, 16, k = 4")
    budgets = [cell(table, f"toy-{row}", "its budget").value for row in (one, four)]
    assert budgets == [16, 64]
    for row in (one, four):
        assert (cell(table, f"toy-{row}", "its GFLOPs").value or 0) <= (cell(table, f"toy-{row}", "GFLOPs").value or 0)
    expected = paired_difference([1.0] * 8 + [0.0] * 2, [1.0] * 5 + [0.0] * 5, seed=0)
    found = cell(table, f"toy-{four}", "sequential - parallel")
    assert cell(table, f"toy-{four}", "its Waits").value == 1
    assert (found.value, found.low, found.high) == (
        100 * expected.value,
        100 * expected.low,
        100 * expected.high,
    )
    assert why(table, "rebase", "accuracy") == "no reward model"
    assert "what a reward model computes is not counted, which favours a search by one" in table.note
