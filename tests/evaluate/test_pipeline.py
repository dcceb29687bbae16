"""The stage: resumed after kills with the same bytes, accumulating, refusing what does not belong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.engines import ScriptedEngine
from s1repro.evaluate import pipeline
from s1repro.evaluate.pipeline import run
from s1repro.evaluate.points import to_points
from s1repro.records import Transcript
from s1repro.trained import write_format
from tests.processes import wait_for, whole_lines
from tests.wandb_log import read_back

Load = Any  # a function with `started`; see conftest
FOLDER = Path("runs/toy/evaluate")
SAMPLES = FOLDER / "samples.jsonl"


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLES.read_text().splitlines()]


def requests(load: Load) -> int:
    return sum(len(engine.requests) for engine in load.started)


def test_stage_reads_the_benchmark_and_is_done_once(
    config: Config, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config, load)
    samples = lines()
    assert len(samples) == 40
    assert {(s["budget"], s["waits"]) for s in samples} == {(4, 0), (16, 0), (64, 0), (64, 1), (64, 2)}
    assert samples == sorted(samples, key=lambda s: (s["budget"], s["waits"], s["question"], s["sample"]))
    assert not {"seconds", "time", "cached_tokens"} & samples[0].keys()
    (telemetry,) = map(json.loads, (FOLDER / "telemetry.jsonl").read_text().splitlines())
    assert telemetry["samples"] == 40 and telemetry["seconds"] > 0
    capsys.readouterr()
    before = SAMPLES.read_bytes()
    run(config, load)
    assert capsys.readouterr().out == f"evaluate: done already, {FOLDER}\n"
    assert len(load.started) == 1 and SAMPLES.read_bytes() == before


def test_a_sample_of_a_benchmark_is_named_in_every_result_and_the_whole_is_another(config: Config, load: Load) -> None:
    task = Path("evals/toy.yaml")
    task.write_text(task.read_text().replace("kind: exact", "kind: exact, count: 8"))
    config.data.limit, config.method.waits = 3, [0]
    run(config, load)
    assert {sample["benchmark"] for sample in lines()} == {"toy[3]"}
    assert sorted({sample["question"] for sample in lines()}) == ["q0", "q2", "q5"]
    assert {point[0] for point in json.loads((FOLDER / "manifest.json").read_text())["facts"]["points"]} == {"toy[3]"}
    config.data.limit = 8
    run(config, load)
    assert len(load.started) == 2, "the whole set is not done with a sample of it"
    whole = [sample for sample in lines() if sample["benchmark"] == "toy"]
    assert len(whole) == 24 and len(lines()) == 24 + 9


def test_tasks_of_another_folder_are_measured_on(config: Config, load: Load) -> None:
    Path("evals").rename("tasks")
    with pytest.raises(ValueError, match=r"^data\.evals: no folder evals; "):
        run(config, load)
    config.data.evals = "tasks"
    run(config, load)
    assert len(lines()) == 40


def test_a_file_s_questions_under_the_benchmark_s_name_are_others(config: Config, load: Load) -> None:
    run(config, load)
    rows = Path("toy.jsonl").read_text().splitlines()
    Path("own.jsonl").write_text("\n".join(reversed(rows)) + "\n")
    config.data.files = {"toy": "own.jsonl"}
    with pytest.raises(ValueError, match="samples made with another toy; choose another name"):
        run(config, load)
    config.name = "own"
    run(config, load)
    assert len(Path("runs/own/evaluate/samples.jsonl").read_text().splitlines()) == 40


@pytest.fixture
def quick(config: Config, questions: Any, monkeypatch: pytest.MonkeyPatch) -> Config:
    """`config` without lm-eval, whose import takes seconds."""
    monkeypatch.setattr(pipeline, "load_benchmark", lambda name: questions)
    return config


def test_budgets_accumulate_to_the_same_bytes_as_at_once(quick: Config, load: Load) -> None:
    quick.method.waits = [0]
    run(quick, load)
    at_once, cost = SAMPLES.read_bytes(), requests(load)
    quick.name = "bits"
    for budgets in ([16], [64], [4], [16]):
        quick.method.budgets = budgets
        run(quick, load)
    bits = Path("runs/bits/evaluate")
    assert (bits / "samples.jsonl").read_bytes() == at_once
    # Traces are grown anew for each of three runs, and past its end each has an answer of its own; none is repeated.
    assert cost < requests(load) <= 2 * cost + 2 * 2 * 8
    manifest = json.loads((bits / "manifest.json").read_text())
    assert manifest["facts"]["points"] == [["toy", "force", budget, 0, 1] for budget in (4, 16, 64)]


def test_more_samples_add_to_those_that_are_there(quick: Config, load: Load) -> None:
    quick.method.temperature = 1.0
    quick.method.samples = 2
    run(quick, load)
    run_of_two = set(SAMPLES.read_text().splitlines())
    quick.method.samples = 3
    run(quick, load)
    assert run_of_two < set(SAMPLES.read_text().splitlines())
    assert len(lines()) == 3 * 40


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: setattr(c.method, "max_answer_tokens", 21), "method.max_answer_tokens, engine.max_model_len"),
        (lambda c: setattr(c.method, "wait_strings", ["Hmm"]), "method.wait_strings"),
        (lambda c: setattr(c.engine, "dtype", "bfloat16"), "engine.dtype"),
        (lambda c: setattr(c.engine, "max_model_len", 1024), "engine.max_model_len"),
        (lambda c: setattr(c, "seed", 1), "seed"),
        (lambda c: (Path(c.checkpoint) / "model.safetensors").write_bytes(b"trained on"), "model"),
    ],
)
def test_samples_of_other_settings_never_mix(
    quick: Config, load: Load, change: Callable[[Config], object], what: str
) -> None:
    quick.method.budgets, quick.method.waits, quick.method.max_answer_tokens = [4], [0], None
    run(quick, load)
    before = SAMPLES.read_bytes()
    change(quick)
    with pytest.raises(ValueError, match=rf"holds samples made with another {what}; choose another name="):
        run(quick, load)
    assert SAMPLES.read_bytes() == before and len(load.started) == 1


def test_the_model_s_length_is_no_other_setting_where_all_samples_end_before_it(quick: Config, load: Load) -> None:
    run(quick, load)
    assert "engine.max_model_len" not in json.loads((FOLDER / "journal_config.json").read_text())
    quick.engine.max_model_len = 1024
    run(quick, load)
    assert len(load.started) == 1, "done already"


def test_samples_drawn_among_fewer_tokens_never_mix_with_those_of_all(quick: Config, load: Load) -> None:
    quick.method.budgets, quick.method.waits, quick.method.temperature, quick.method.top_p = [4], [0], 1.0, 0.9
    run(quick, load)
    quick.method.top_p = 1.0  # which the identity does not name
    (FOLDER / "manifest.json").unlink()  # as in an evaluation that was interrupted
    with pytest.raises(ValueError, match=r"holds samples made with another method\.top_p; choose another name="):
        run(quick, load)
    assert len(load.started) == 1 and len(lines()) == 8


def test_nothing_starts_when_it_cannot_fit_and_a_correction_is_taken(quick: Config, load: Load) -> None:
    quick.method.max_answer_tokens, quick.method.answer_reserve = None, 500
    with pytest.raises(ValueError, match=r"toy, question q0: .*max_model_len 512"):
        run(quick, load)
    assert not load.started
    quick.method.max_answer_tokens, quick.method.answer_reserve = 20, 100
    run(quick, load)
    assert len(lines()) == 40


def test_a_model_trained_in_another_format_is_refused_unless_told_so(quick: Config, load: Load) -> None:
    write_format(Path(quick.checkpoint), FORMATS["llama"])
    with pytest.raises(ValueError, match=r"was trained in model\.format=llama, and model\.format is"):
        run(quick, load)
    assert not load.started and not SAMPLES.exists()
    quick.model.other_format = True
    run(quick, load)
    assert lines()


def test_an_error_in_the_middle_keeps_what_is_finished(quick: Config, load: Load) -> None:
    def breaking(*args: Any) -> ScriptedEngine:
        engine: ScriptedEngine = load(*args)
        complete = engine.complete

        async def until_30(*args: Any, **kwargs: Any) -> Any:
            if len(engine.requests) >= 45:
                raise ValueError("the engine died")
            return await complete(*args, **kwargs)

        engine.complete = until_30  # type: ignore[method-assign]
        return engine

    with pytest.raises(ValueError, match="the engine died"):
        run(quick, breaking)
    kept = set(SAMPLES.read_text().splitlines())
    assert 0 < len(kept) < 40
    assert not (FOLDER / "manifest.json").exists()
    run(quick, load)
    assert kept < set(SAMPLES.read_text().splitlines()) and len(lines()) == 40


def test_interrupted_and_killed_it_gives_the_same_bytes(
    quick: Config, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.method.samples = 3
    run(quick, load)
    undisturbed = SAMPLES.read_bytes()
    quick.name = "killed"
    folder, samples = Path("runs/killed/evaluate"), Path("runs/killed/evaluate/samples.jsonl")
    draw = random.Random()
    kept: set[str] = set()
    for end in (signal.SIGINT, signal.SIGKILL):
        process = start(quick)
        # Each end waits for the journal to grow, then a random moment more.
        enough = len(kept) + 2
        wait_for(lambda n=enough: whole_lines(samples) > n, process)
        time.sleep(draw.random() * 0.1)
        process.send_signal(end)
        output, _ = process.communicate(timeout=300)
        whole = samples.read_text().splitlines(keepends=True)
        now = {line for line in whole if line.endswith("\n")}
        assert kept < now, "finished samples stay, and more came"
        assert len(whole) < 120, "nothing was left to interrupt"
        if end == signal.SIGINT:
            assert process.returncode != 0 and "KeyboardInterrupt" in output
            assert len(now) == len(whole), "who is interrupted ends its line"
            assert json.loads((folder / "telemetry.jsonl").read_text())["samples"] == len(now)
        kept = now
        assert not (folder / "manifest.json").exists()
    capsys.readouterr()
    run(quick, load)
    assert f"evaluate: {len(kept)} samples are in already, {120 - len(kept)} to go" in capsys.readouterr().out
    assert samples.read_bytes() == undisturbed
    last = json.loads((folder / "telemetry.jsonl").read_text().splitlines()[-1])
    assert last["samples"] == 120 - len(kept), "no finished sample is repeated"


def start(config: Config) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    return subprocess.Popen(
        [sys.executable, str(here / "kill_me.py"), repr(config), str(here / "conftest.py")],
        env={**os.environ, "PYTHONPATH": str(here.parent.parent), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_dashboard_has_every_point_and_a_resumed_evaluation_shows_them_all(
    config: Config, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_MODE", "offline")
    config.method.budgets, config.method.waits = [16], [0]
    run(config, load)
    config.report.wandb, config.method.budgets, config.method.waits = True, [4, 16, 64], [0, 1, 2]
    run(config, load)
    shown = read_back(FOLDER)
    assert (shown.group, shown.job_type) == ("toy", "evaluate")
    points = [*shown.points("curve/toy/force"), *shown.points("curve/toy/force-waits")]
    expected = to_points([Transcript.from_json(line) for line in lines()], "toy")
    assert sorted((p["budget"], p["waits"], p["accuracy"], p["ci_low"], p["ci_high"], p["n"]) for p in points) == [
        (p.budget, p.waits, pytest.approx(p.accuracy), pytest.approx(p.ci_low), pytest.approx(p.ci_high), p.n)
        for p in expected
    ]
    assert points[0]["budget"] == 16, "what was in comes first"
    assert len(shown.table("samples")["data"]) == 40
