"""What was drafted gets into tables.md, added up over the evaluation's runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from s1repro.artifacts import write_jsonl
from s1repro.engines.acceptance import Acceptance
from s1repro.engines.base import Drafts
from s1repro.report.drafts import Drafted, compared, digest, read_acceptance, section
from tests.toy import make_sample


def one(prompt_tokens: int, *accepted: int, every_step: bool = True) -> Acceptance:
    acceptance = Acceptance()
    acceptance.add(prompt_tokens, Drafts((3,) * len(accepted), accepted, every_step))
    return acceptance


def test_runs_of_an_evaluation_add_up(tmp_path: Path) -> None:
    lines = [{"drafts": one(9, 3, 1).to_json()}, {"samples": 4}, {"drafts": one(300, 2).to_json()}]
    write_jsonl(tmp_path / "telemetry.jsonl", lines)
    with open(tmp_path / "telemetry.jsonl", "a") as file:
        file.write('{"drafts": {"ste')  # a kill
    acceptance = read_acceptance(tmp_path)
    assert (acceptance.steps, acceptance.mean_length) == (3, 3.0)
    assert read_acceptance(tmp_path / "elsewhere").steps == 0


@pytest.mark.parametrize("drafts", [{}, 3, {"steps": 1, "proposed": 7, "accepted": [], "from": {}}])
def test_other_telemetry_is_named(tmp_path: Path, drafts: object) -> None:
    write_jsonl(tmp_path / "telemetry.jsonl", [{"samples": 1}, {"drafts": drafts}])
    with pytest.raises(ValueError, match=r"telemetry\.jsonl:2: not an evaluation's telemetry"):
        read_acceptance(tmp_path)


def told(acceptance: Acceptance, rate: float | None = None, model: str = "m") -> Drafted:
    return Drafted(acceptance, rate, {"model": model})


def test_the_tables_show_who_drafted() -> None:
    drafted = {
        "plain": told(Acceptance()),
        "mine": told(one(126, 3, 1, 0, 2), 80.0),
        "ngram": told(one(5, 3, every_step=False)),
    }
    text = section(drafted, {})
    assert text.startswith("\n## Speculative decoding\n\n")
    assert "| mine | 80.0 | 4 | 2.50 | 75, 50, 25 |" in text
    assert "| mine | 0 | 1 | 4.00 |" in text and "| mine | 128 | 3 | 2.00 |" in text
    assert "| ngram | - | 1 | 4.00 | 100, 100, 100 |" in text and "| ngram | 0 |" not in text
    assert "plain" not in text
    assert section({"plain": told(Acceptance())}, {}) == ""


def test_a_run_that_drafted_is_compared_with_those_of_the_same_identity() -> None:
    mine = [make_sample("q0", 8, 0), make_sample("q1", 8, 0), make_sample("q2", 8, 0)]
    runs = {"mine": mine, "plain": [mine[0], replace(mine[1], answer="another")], "other": mine}
    drafted = {
        "mine": told(one(9, 3), 150.0),
        "plain": told(Acceptance(), 100.0),
        "other": told(Acceptance(), 10.0, "another"),
    }
    (line,) = compared(drafted, runs)
    assert line == (
        "mine against plain, which drafted nothing: 4.00 tokens a step, 1.50 times its 100.0 tokens a second, "
        "1 of 2 samples the same."
    )
    assert line in section(drafted, runs)
    assert compared({**drafted, "plain": told(Acceptance())}, runs)[0].endswith("a step, 1 of 2 samples the same.")
    assert compared({"mine": drafted["mine"]}, runs) == []
    hot = {name: replace(one, identity={"method.temperature": 1.0}) for name, one in drafted.items()}
    assert [line.count("samples") for line in compared(hot, runs)] == [0, 0], "of one distribution, not the same"


def test_another_speed_is_another_report() -> None:
    drafted = {"mine": told(one(9, 3), 150.0)}
    assert digest(drafted) != digest({"mine": told(one(9, 3), 151.0)})
    assert digest({"plain": told(Acceptance(), 1.0)}) == digest({"plain": told(Acceptance(), 2.0)})
