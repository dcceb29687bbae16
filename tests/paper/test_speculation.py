"""Drafts and none, side by side: the same samples, and what each took."""

from __future__ import annotations

from pathlib import Path

from s1repro.config import Config
from s1repro.engines.acceptance import Acceptance
from s1repro.engines.base import Drafts
from s1repro.paper.measured import Measured
from s1repro.paper.speculation import speculation_table
from s1repro.telemetry import note
from tests.paper.conftest import Finish
from tests.paper.test_accuracies import cell, why

DRAFTS = Acceptance()
DRAFTS.add(8, Drafts(proposed=(2, 2), accepted=(1, 0)))


def test_what_is_the_same_is_counted_beside_the_times(config: Config, finish: Finish, tmp_path: Path) -> None:
    finish("toy", {(16, 0): 2, (64, 0): 7})
    finish("toy-ngram", {(16, 0): 2, (32, 0): 7})
    note(
        tmp_path / "runs/toy-ngram/evaluate",
        {"seconds": 4.0, "devices": 2, "sampled_tokens": 80, "drafts": DRAFTS.to_json()},
    )
    table = speculation_table(config, Measured.read(config, {}))
    assert table.rows == ["toy", "toy-ngram"]
    assert [cell(table, row, "the same").value for row in table.rows] == [20, 10]
    assert cell(table, "toy-ngram", "device s").value == 8 and cell(table, "toy-ngram", "accepted length").value == 1.5
    assert cell(table, "toy", "accuracy").value == 45.0
    assert why(table, "toy", "accepted length") == "no drafts" and "telemetry" in why(table, "toy", "sampling, s")


def test_a_plan_without_drafts_and_one_that_was_not_run_say_so(config: Config, measured: Measured) -> None:
    assert why(speculation_table(config, measured), "ngram", "samples") == "toy-ngram was not run yet"
    config.paper.speculative = []
    assert why(speculation_table(config, measured), "toy", "samples") == "paper.speculative names no run"
