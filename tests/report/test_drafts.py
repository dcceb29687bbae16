"""What was drafted gets into tables.md, added up over the evaluation's runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.artifacts import write_jsonl
from s1repro.engines.acceptance import Acceptance
from s1repro.engines.base import Drafts
from s1repro.report.drafts import read_acceptance, section


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


def test_the_tables_show_who_drafted() -> None:
    acceptances = {"plain": Acceptance(), "mine": one(126, 3, 1, 0, 2), "ngram": one(5, 3, every_step=False)}
    text = section(acceptances)
    assert text.startswith("\n## Speculative decoding\n\n")
    assert "| mine | 4 | 2.50 | 75, 50, 25 |" in text
    assert "| mine | 0 | 1 | 4.00 |" in text and "| mine | 128 | 3 | 2.00 |" in text
    assert "| ngram | 1 | 4.00 | 100, 100, 100 |" in text and "| ngram | 0 |" not in text
    assert "plain" not in text
    assert section({"plain": Acceptance()}) == ""
