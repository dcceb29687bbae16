"""What fails is told and does not stop the rest; times are kept; an interruption ends all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from s1repro.paper.driver import run_steps
from s1repro.paper.plan import Step

SAYS = {
    "good": "print('fine')",
    "bad": "import sys; print('error: no such file, make it', file=sys.stderr); sys.exit(2)",
    "crash": "print('about to'); raise RuntimeError('boom')",
    "gone": "import os; os.kill(os.getpid(), 9)",
    "stop": "import sys; sys.exit(130)",
}


def command(step: Step) -> list[str]:
    return [sys.executable, "-c", SAYS[step.overrides[0]]]


def test_a_failure_is_told_by_its_own_line_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = [
        Step("a", "curate", ("bad",)),
        Step("a", "train", ("good",)),
        Step("b", "train", ("crash",)),
        Step("c", "train", ("gone",)),
        Step("d", "evaluate", ("good",)),
    ]
    failed = run_steps(planned, tmp_path, command)
    assert failed == {
        "a": "curate: no such file, make it",
        "b": "train: exit code 1, RuntimeError: boom",
        "c": "train: killed by signal 9",
    }
    lines = [json.loads(line) for line in (tmp_path / "steps.jsonl").read_text().splitlines()]
    assert [(line["run"], line["stage"], line["code"]) for line in lines] == [
        ("a", "curate", 2),
        ("b", "train", 1),
        ("c", "train", -9),
        ("d", "evaluate", 0),
    ]
    assert all(line["seconds"] >= 0 for line in lines)
    assert "[5/5] evaluate d\n  fine\n" in capsys.readouterr().out


def test_an_interruption_ends_all(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_steps([Step("a", "train", ("stop",)), Step("b", "train", ("good",))], tmp_path, command)
    assert len((tmp_path / "steps.jsonl").read_text().splitlines()) == 1
