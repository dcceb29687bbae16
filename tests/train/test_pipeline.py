"""The stage: done once, resumed after a kill with the same result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from s1repro.artifacts import read_jsonl
from s1repro.config import Config
from s1repro.settings.training import LoraConfig
from s1repro.train.log import TrainingLog
from s1repro.train.pipeline import run
from s1repro.trained import FORMAT, read_training
from tests.processes import wait_for
from tests.wandb_log import read_all

Prepare = Callable[..., Config]

STAGE = """
import sys
import torch
import s1repro.config
from s1repro.engines.speculation import Speculation
from s1repro.engines.vllm import Vllm
from s1repro.scaling.forcing import Forcing
from s1repro.train.pipeline import run
torch.set_num_threads(1)
run(eval(sys.argv[1], {**vars(s1repro.config), "Vllm": Vllm, "Speculation": Speculation, "Forcing": Forcing}))
"""


def start(config: Config, **environment: str) -> subprocess.Popen[str]:
    """The stage in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", STAGE, repr(config)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def folder(config: Config) -> Path:
    return Path(config.runs) / config.name / "train"


def interrupt(config: Config, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage, interrupted when it has logged that step, before the step's state is written."""

    class Interrupted(TrainingLog):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            super().on_log(args, state, control, logs, **kwargs)
            if state.global_step == at:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("s1repro.train.sft.TrainingLog", Interrupted)
        run(config)


def test_stage_writes_checkpoint_and_is_done_once(prepare: Prepare, capsys: pytest.CaptureFixture[str]) -> None:
    config = prepare()
    run(config)
    manifest = json.loads((folder(config) / "manifest.json").read_text())
    assert manifest["facts"]["steps"] == 10
    assert {"checkpoint/model.safetensors", "checkpoint/tokenizer.json", "log.jsonl"} <= manifest["files"].keys()
    assert {path.name for path in folder(config).iterdir()} == {
        "checkpoint",
        "log.jsonl",
        "manifest.json",
        "telemetry.jsonl",
    }
    assert json.loads((folder(config) / "checkpoint" / FORMAT).read_text())["name"] == config.model.format
    made = read_training(str(folder(config) / "checkpoint"))
    assert made is not None and made.seed == config.seed
    AutoTokenizer.from_pretrained(folder(config) / "checkpoint")
    before = (folder(config) / "checkpoint" / "model.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    run(config)
    assert capsys.readouterr().out == f"train: done already, {folder(config)}\n"
    assert (folder(config) / "checkpoint" / "model.safetensors").stat().st_mtime_ns == before


def test_other_settings_train_again(prepare: Prepare) -> None:
    config = prepare(epochs=1.0)
    run(config)
    weights = (folder(config) / "checkpoint" / "model.safetensors").read_bytes()
    config.sft.learning_rate *= 2
    run(config)
    assert (folder(config) / "checkpoint" / "model.safetensors").read_bytes() != weights
    log = (folder(config) / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2, 3, 4, 5]


def test_same_seed_same_weights(prepare: Prepare) -> None:
    first, second = prepare(name="a", epochs=1.0), prepare(name="b", epochs=1.0)
    run(first)
    run(second)
    files = [folder(config) / "checkpoint" / "model.safetensors" for config in (first, second)]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("kills", "sft"),
    [
        pytest.param([9], {}, id="full"),
        pytest.param([9, 24], {"kind": LoraConfig, "dropout": 0.2}, id="lora with dropout", marks=pytest.mark.slow),
    ],
)
def test_killed_and_resumed_equals_undisturbed(
    prepare: Prepare, kills: list[int], sft: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    quiet, killed = prepare(name="quiet", epochs=6.0, **sft), prepare(name="killed", epochs=6.0, **sft)
    run(quiet)
    # 30 steps with a state every 3: the kills fall into the second and the fifth epoch.
    for step in kills:
        process = start(killed)
        wait_for(lambda step=step: list(folder(killed).glob(f"state-*/checkpoint-{step}/*")), process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert not (folder(killed) / "manifest.json").exists()
        assert not (folder(killed) / "checkpoint").exists()
    capsys.readouterr()
    run(killed)
    assert "from step" in "".join(capsys.readouterr()), "the last start must continue, not begin again"
    assert (folder(killed) / "log.jsonl").read_bytes() == (folder(quiet) / "log.jsonl").read_bytes()
    states = [
        AutoModelForCausalLM.from_pretrained(folder(config) / "checkpoint").state_dict() for config in (quiet, killed)
    ]
    assert all(torch.allclose(states[0][name], states[1][name], atol=1e-6) for name in states[0])


@pytest.mark.parametrize("sft", [{}, {"kind": LoraConfig}], ids=["full", "lora"])
def test_it_goes_on_in_smaller_micro_batches_and_with_checkpointing(
    prepare: Prepare, sft: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after running out of memory, in the middle of an epoch: steps, losses and weights are the undisturbed ones."""
    import torch

    quiet, other = prepare(name="quiet", **sft), prepare(name="other", **sft)
    run(quiet)
    interrupt(other, 8, monkeypatch)
    other.sft.micro_batch_size, other.sft.gradient_checkpointing = 1, True
    capsys.readouterr()
    run(other)
    assert "from step 7" in "".join(capsys.readouterr())
    logs = [[line for _, line in read_jsonl(folder(config) / "log.jsonl")] for config in (quiet, other)]
    for name in ("step", "tokens", "learning_rate"):
        assert [line[name] for line in logs[0]] == [line[name] for line in logs[1]]
    assert [line["loss"] for line in logs[0]] == pytest.approx([line["loss"] for line in logs[1]], abs=1e-3)
    checkpoints = [folder(config) / "checkpoint" for config in (quiet, other)]
    states = [AutoModelForCausalLM.from_pretrained(checkpoint).state_dict() for checkpoint in checkpoints]
    assert all(torch.allclose(states[0][name], states[1][name], atol=1e-4) for name in states[0])
    assert read_training(str(checkpoints[0])) == read_training(str(checkpoints[1])), "seeds of the two merge"


def test_other_settings_tried_in_between_leave_no_lines_in_the_log(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own state is gone on from, and the log is that of its own steps."""
    quiet, tried = prepare(name="quiet"), prepare(name="tried")
    run(quiet)
    interrupt(tried, 8, monkeypatch)
    tried.sft.learning_rate *= 2
    interrupt(tried, 2, monkeypatch)
    tried.sft.learning_rate /= 2
    run(tried)
    assert (folder(tried) / "log.jsonl").read_bytes() == (folder(quiet) / "log.jsonl").read_bytes()
    manifests = [json.loads((folder(config) / "manifest.json").read_text()) for config in (quiet, tried)]
    assert manifests[0]["facts"] == manifests[1]["facts"]


def test_wandb_stays_offline_in_one_run_and_is_asked_for_no_address(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    config = prepare(epochs=1.0)
    config.report.wandb = True
    monkeypatch.setenv("HOME", config.runs)  # no login of the user's
    interrupt(config, 4, monkeypatch)
    run(config)
    first, second = read_all(folder(config))
    assert first.id == second.id and (first.exit_code, second.exit_code) == (1, 0)
    steps = [[step["train/global_step"] for step in run.history if "train/loss" in step] for run in (first, second)]
    assert steps[0][0] == 1 and steps[0][-1] in (3, 4) and steps[1] == [4, 5]
    assert "URL" not in capsys.readouterr().err


def test_without_a_curated_set_the_line_says_what_to_do(prepare: Prepare) -> None:
    config = prepare()
    (Path(config.runs) / config.name / "curate" / "s1k.jsonl").unlink()
    with pytest.raises(ValueError, match=r"s1k\.jsonl: no curated set; run the curate stage"):
        run(config)


def test_a_format_that_does_not_fit_the_tokenizer_is_refused_before_training(prepare: Prepare) -> None:
    config = prepare()
    config.model.format = "llama"
    with pytest.raises(ValueError, match=r"model\.format"):
        run(config)
    assert not folder(config).exists()
