"""What fails is told and does not stop the rest; times are kept; an interruption ends all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from s1repro.paper.driver import run_steps, seconds_left
from s1repro.paper.plan import Step
from tests.processes import ends, wait_for

SAYS = {
    "good": "print('fine')",
    "bad": "import sys; print('error: no such file, make it', file=sys.stderr); sys.exit(2)",
    "crash": "print('about to'); raise RuntimeError('boom')",
    "gone": "import os; os.kill(os.getpid(), 9)",
    "stop": "import sys; sys.exit(130)",
    "done": "print('evaluate: done already, runs/e')",
}

KILLED = """
import sys
from pathlib import Path
from s1repro.paper.driver import run_steps
from s1repro.paper.plan import Step
stage = f"import os, time; open({sys.argv[1]!r}, 'w').write(str(os.getpid())); time.sleep(60)"
run_steps([Step("a", "train", ())], Path(sys.argv[2]), lambda step: [sys.executable, "-c", stage])
"""


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
    said = capsys.readouterr().out
    assert "[5/5] evaluate d\n  fine\n" in said and "left" not in said, "a time from nothing but failures"


def test_an_interruption_ends_all(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_steps([Step("a", "train", ("stop",)), Step("b", "train", ("good",))], tmp_path, command)
    assert len((tmp_path / "steps.jsonl").read_text().splitlines()) == 1


def test_what_took_how_long_tells_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"run": "a", "stage": "train", "seconds": 60.0, "code": 0, "done_before": False},
        {"run": "b", "stage": "train", "seconds": 90.0, "code": 2, "done_before": False},
        {"run": "a", "stage": "evaluate", "seconds": 20.0, "code": 0, "done_before": False},
        {"run": "a", "stage": "train", "seconds": 1.0, "code": 0, "done_before": True},
    ]
    left = [Step("a", "evaluate", ()), Step("b", "train", ()), Step("b", "evaluate", ()), Step("c", "curate", ())]
    assert seconds_left(left, lines) == 60 + 20 + 40
    assert seconds_left(left, lines[1:2]) is None
    (tmp_path / "steps.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_steps([Step("e", "evaluate", ("done",)), Step("f", "train", ("good",))], tmp_path, command)
    assert "[1/2] evaluate e, about 1:20 left" in capsys.readouterr().out
    assert json.loads((tmp_path / "steps.jsonl").read_text().splitlines()[4])["done_before"]


def test_no_stage_outlives_a_driver_that_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(told), str(tmp_path)]) as driver:
        wait_for(lambda: told.is_file() and told.read_text(), driver)
        driver.kill()
    assert ends(int(told.read_text())), "the stage goes on"
