"""The whole stage in miniature: a head for a tiny model, that a real engine drafts with."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import signal
from collections import namedtuple
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from s1repro.artifacts import Journal, write_jsonl
from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.draft.head import _Log, forget_torn
from s1repro.draft.pipeline import run as run_stage
from s1repro.draft.rows import Row
from s1repro.draft.states import head_layers, token_bytes, write_states
from s1repro.engines import Completion, Engine, Sampling, ScriptedEngine, Stop, load_engine
from s1repro.engines.base import EngineSettings
from s1repro.engines.speculation import Eagle3
from s1repro.engines.vllm import Vllm
from s1repro.scaling.forcing import Forcing
from s1repro.settings.drafting import DraftConfig
from s1repro.trained import write_format
from tests.toy import make_config

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.mark.parametrize(
    ("layers", "chosen"), [(28, [2, 14, 25]), (24, [2, 12, 21]), (6, [1, 3, 5]), (4, [1, 2, 3]), (3, [0, 1, 2])]
)
def test_a_head_reads_a_low_a_middle_and_a_high_layer(layers: int, chosen: list[int]) -> None:
    assert head_layers(layers) == chosen


def test_a_model_that_has_no_three_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="reads three layers, and the checkpoint has 2"):
        head_layers(2)


def test_states_are_what_goes_into_the_layers_and_the_final_norm(tiny_qwen: Path, tmp_path: Path) -> None:
    rows = [Row("a", 2, (5, 6, 7, 8)), Row("b", 1, (9, 10, 11))]
    write_states(str(tiny_qwen), rows, [0, 1], tmp_path)
    causal = AutoModelForCausalLM.from_pretrained(tiny_qwen, dtype=torch.float32)
    for place, row in enumerate(rows):
        file = load_file(tmp_path / f"hs_{place}.safetensors")
        with torch.no_grad():
            theirs = causal(torch.tensor([row.ids]), output_hidden_states=True)
            logits = causal.lm_head(causal.model.norm(file["hidden_states"][:, 2]))
        assert file["token_ids"].tolist() == list(row.ids)
        assert sum(tensor.nbytes for tensor in file.values()) == len(row.ids) * token_bytes(64, [0, 1])
        for layer in (0, 1):
            torch.testing.assert_close(file["hidden_states"][:, layer], theirs.hidden_states[layer][0])
        torch.testing.assert_close(logits, theirs.logits[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hs_0.safetensors", "hs_1.safetensors"]


@pytest.fixture
def four_layers(tiny_qwen: Path, tmp_path: Path) -> Path:
    """The tiny model with four layers: a head reads three."""
    folder = tmp_path / "four_layers"
    shape = AutoConfig.from_pretrained(tiny_qwen, num_hidden_layers=4, layer_types=["full_attention"] * 4)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(shape, dtype=torch.float32)
        torch.nn.init.normal_(model.lm_head.weight, std=0.3)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_qwen).save_pretrained(folder)
    return folder


@pytest.fixture
def config(four_layers: Path, tmp_path: Path) -> Config:
    curated = tmp_path / "s1k.jsonl"
    write_jsonl(curated, [{"id": f"q{i}", "question": f"What is {i} plus {i}?"} for i in range(10)])
    return make_config(
        runs=str(tmp_path / "runs"),
        curated=str(curated),
        checkpoint=str(four_layers),
        method=Forcing(budgets=[16], waits=[0, 1], max_answer_tokens=8),
        engine=Vllm(max_model_len=256, enforce_eager=True, gpu_memory_utilization=0.3),
        draft=DraftConfig(epochs=2, vocabulary=100),
    )


def test_rows_without_room_for_their_states_are_kept_and_serve_fewer_questions(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, engines, trained = Path(config.runs) / "toy" / "draft", list[ScriptedEngine](), list[int]()

    def load(settings: EngineSettings, model: str, trust_remote_code: bool, revision: str) -> Engine:
        engines.append(ScriptedEngine(AutoTokenizer.from_pretrained(model), lambda _: itertools.repeat(33), 256))
        return engines[-1]

    def train(config: Config, rows: Sequence[Row], layers: object, size: int, folder: Path, state: Path) -> None:
        trained.append(len(rows))
        (folder / "head").mkdir()
        (folder / "log.jsonl").write_text("")

    monkeypatch.setattr("s1repro.draft.pipeline._train", train)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("s1repro.draft.room.disk_usage", lambda _: usage(500_000))
    with pytest.raises(ValueError, match=r"the hidden states of 20 rows take .* or set draft\.questions=\d") as refused:
        run_stage(config, load)
    assert capsys.readouterr().out.startswith("draft: 20 rows of at most 256 tokens, their hidden states at most ")
    told = re.search(r"draft\.questions=(\d+)", str(refused.value))
    assert told is not None and not trained
    config.draft.questions, config.draft.epochs = int(told[1]), 3
    run_stage(config, load)
    assert trained == [2 * config.draft.questions] and len(engines) == 1, "no row is asked for again"
    assert {path.name for path in folder.iterdir()} == {"head", "log.jsonl", "manifest.json"}


def test_a_checkpoint_that_was_trained_in_another_format_is_asked_for_nothing(config: Config) -> None:
    """As it is not measured and not served; unless that is what is wanted."""

    class Started(Exception):
        pass

    def load(*_: object) -> Engine:
        raise Started

    write_format(Path(config.checkpoint), FORMATS["qwen3"])
    with pytest.raises(ValueError, match=r"was trained in model\.format=qwen3, and model\.format is qwen-plain"):
        run_stage(config, load)
    config.model.other_format = True
    with pytest.raises(Started):
        run_stage(config, load)


def test_what_a_kill_tore_is_forgotten(tmp_path: Path) -> None:
    epochs, log = tmp_path / "epochs", tmp_path / "log.jsonl"
    forget_torn(epochs, log)
    assert log.read_text() == ""
    for epoch in (0, 1, 2, 10):
        (epochs / str(epoch)).mkdir(parents=True)
        if epoch < 10:
            (epochs / str(epoch) / "training_state.json").write_text("{}")
    (epochs / "checkpoint_best").symlink_to("1")
    lines = [{"epoch": epoch, what: {}} for epoch in (0, 1) for what in ("train", "val")]
    write_jsonl(log, [{}, *lines, {"epoch": 2, "train": {}}, {"epoch": 10, "train": {}}])  # an older log's first line
    forget_torn(epochs, log)
    assert sorted(path.name for path in epochs.iterdir()) == ["0", "1", "checkpoint_best"]
    assert [json.loads(line) for line in log.read_text().splitlines()] == lines


def test_a_log_holds_steps_and_validations_and_not_the_settings_that_are_told_first(tmp_path: Path) -> None:
    step = {"epoch": 0, "global_step": 3, "train": {"loss": 0.5}}
    with Journal(tmp_path / "log.jsonl") as journal:
        for told in ({"lr": 1e-4, "epochs": 2}, step | {"seconds": 2.5}, "a line of text"):
            _Log(journal).emit(logging.makeLogRecord({"msg": told}))
    assert [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [step]


@pytest.mark.slow
def test_a_head_is_trained_and_drafts_without_changing_a_token(
    config: Config, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(config.runs) / "toy" / "draft"

    class Interrupted(_Log):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            if isinstance(record.msg, dict) and record.msg.get("epoch") == 1:
                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("s1repro.draft.head._Log", Interrupted)
        run_stage(config)
    assert not (folder / "head").exists() and not (folder / "manifest.json").exists()
    run_stage(config)
    assert json.loads((folder / "manifest.json").read_text())["facts"]["rows"] == 20
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "val" in line] == [0, 1]
    steps = [line["global_step"] for line in lines if "train" in line]
    assert len(steps) > 2 and steps == list(range(len(steps))), "the steps of the torn epoch stand there once"
    assert not list(folder.glob("state-*"))
    head = folder / "head"
    assert {"config.json", "model.safetensors"} == {path.name for path in head.iterdir()}
    made = json.loads((head / "config.json").read_text())
    assert made["transformer_layer_config"]["layer_types"] == ["full_attention"]
    assert (made["fc_norm"], made["norm_output"]) == (True, True)
    assert made["draft_vocab_size"] == 100

    def said(settings: Vllm) -> Completion:
        engine = load_engine(settings, config.checkpoint)
        completion = run(engine.complete([5, 6, 7], max_tokens=60, stop=Stop(), sampling=Sampling()))
        run(engine.close())
        assert isinstance(completion, Completion)
        return completion

    assert isinstance(config.engine, Vllm)
    drafted, plain = said(replace(config.engine, speculative=Eagle3(model=str(head)))), said(config.engine)
    assert drafted.token_ids == plain.token_ids
    assert len(drafted.drafts.accepted) > 0 and not plain.drafts.accepted
