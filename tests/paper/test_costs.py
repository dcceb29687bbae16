"""FLOPs, device seconds, money and ends are those of the samples and the telemetry."""

from __future__ import annotations

import pytest

from s1repro.config import Config
from s1repro.flops import Dimensions, flops
from s1repro.paper.costs import compute_table, ends_table, runs_table, sample_flops
from s1repro.paper.measured import Measured
from tests.paper.conftest import MODEL
from tests.paper.test_accuracies import cell, why
from tests.toy import make_sample

DIMENSIONS = Dimensions(**MODEL)


def test_a_point_s_cost_is_its_tokens_at_the_run_s_rate(config: Config, measured: Measured) -> None:
    table, row = compute_table(config, measured), "toy: toy, force, 64, 1 Waits"
    tokens = 57 + 5  # sampled, and the answer
    assert cell(table, row, "sampled tokens").value == tokens
    assert cell(table, row, "device s").value == pytest.approx(tokens / 20)  # 400 tokens in 10 s on 2 devices
    assert cell(table, row, "USD a 1,000").value == pytest.approx(3.6 * 1000 * tokens / 20 / 3600)
    assert cell(table, row, "GFLOPs").value == pytest.approx(flops(DIMENSIONS, 5 + 58 + 5) / 1e9)
    assert why(table, "toy-rs: toy, rejection, 16, 0 Waits", "GFLOPs") == "the run's telemetry does not say"


def test_tries_that_were_not_kept_are_counted() -> None:
    one, two = make_sample(), make_sample(tries=3, discarded_tokens=40)
    assert sample_flops(DIMENSIONS, two) == sample_flops(DIMENSIONS, one) + 2 * flops(DIMENSIONS, 5 + 20)


def test_the_note_says_what_is_not_counted(config: Config, measured: Measured) -> None:
    note = compute_table(config, measured).note
    assert "what was drawn and not kept is counted, the reward model's work (best-of-n, rebase) is not" in note


def test_without_a_price_costs_say_so(config: Config, measured: Measured) -> None:
    config.paper.price = None
    assert why(runs_table(config, measured), "toy", "USD").startswith("no price: set paper.price")


def test_what_runs_took(config: Config, measured: Measured) -> None:
    table = runs_table(config, measured)
    assert cell(table, "toy", "device s").value == 20 and cell(table, "toy", "USD").value == pytest.approx(0.02)
    assert "toy-plain" not in table.rows and why(table, "toy-rs", "device s")


def test_ends_are_counted(measured: Measured) -> None:
    table, row = ends_table(measured), "toy: toy, force, 64, 1 Waits"
    assert [cell(table, row, column).value for column in ("samples", "natural", "budget", "Waits said")] == [
        10,
        10,
        0,
        10,
    ]
