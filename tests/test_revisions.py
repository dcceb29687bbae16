"""A hub's model at a commit: tokenizer, configuration and weights are of that commit, in every engine and stage.

The hub stands in on this machine, with a model in miniature at two commits. Its client reads its address once, so each
test asks in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.commands import IN_TURN
from tests.hub import Repo, serving
from tests.test_bad_input import ROW
from tests.toy import write_benchmark

REPO = Path(__file__).resolve().parent.parent
OLD, NEW, NONE = "0a1b2c3d" * 5, "1a1b2c3d" * 5, "2a1b2c3d" * 5

SAID = """
import asyncio, json, sys
from s1repro.engines import ENGINES, Sampling, Stop, load_engine
from s1repro.pretrained import context_length, load_tokenizer

async def said(engine):
    done = await engine.complete([5, 6, 7], max_tokens=8, stop=Stop(), sampling=Sampling())
    await engine.close()
    return done.token_ids

for place in sys.argv[3:]:
    model, _, commit = place.partition("@")
    try:
        settings = ENGINES[sys.argv[1]](max_model_len=64, **json.loads(sys.argv[2]))
        ids = asyncio.run(said(load_engine(settings, model, revision=commit)))
        size = len(load_tokenizer(model, "model", False, commit))
        print("told", json.dumps([context_length(model, revision=commit), size, ids]))
    except ValueError as error:
        print("told", json.dumps(str(error)))
"""
SMALL = {"vllm": {"enforce_eager": True, "gpu_memory_utilization": 0.3}}


@dataclass(frozen=True)
class Hub:
    """`me/model` has `old` at the commit OLD and `new` at NEW, which is `main`."""

    endpoint: str
    folder: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A Python process that knows no other hub."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        hub = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(self.folder / "home"), "PYTHONPATH": str(REPO)}
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**clean, **hub, **environment},
            capture_output=True,
            text=True,
            timeout=600,
        )

    def told(self, engine: str, *places: str, **environment: str) -> list[Any]:
        """Context, tokens and greedy ids of each place (`me/model@commit`, or a folder); or the error."""
        done = self.run("-c", SAID, engine, json.dumps(SMALL.get(engine, {})), *places, **environment)
        assert done.returncode == 0, done.stderr
        lines = [line.removeprefix("told ") for line in done.stdout.splitlines() if line.startswith("told ")]
        return [json.loads(line) for line in lines]


@pytest.fixture
def hub(tiny_qwen: Path, tmp_path: Path) -> Iterator[Hub]:
    from safetensors.torch import load_file, save_file

    for name in ("old", "new"):
        shutil.copytree(tiny_qwen, tmp_path / name)
    weights = load_file(tmp_path / "new" / "model.safetensors")
    weights["lm_head.weight"] = weights["lm_head.weight"].flip(0)
    save_file(weights, tmp_path / "new" / "model.safetensors", metadata={"format": "pt"})
    config, tokens = (json.loads((tmp_path / "new" / name).read_text()) for name in ("config.json", "tokenizer.json"))
    config["max_position_embeddings"] = 256
    last = tokens["added_tokens"][-1]
    tokens["added_tokens"].append({**last, "id": last["id"] + 1, "content": "<new>"})
    (tmp_path / "new" / "config.json").write_text(json.dumps(config))
    (tmp_path / "new" / "tokenizer.json").write_text(json.dumps(tokens))
    with serving({"me/model": Repo(tmp_path / "new", NEW, older={OLD: tmp_path / "old"})}) as endpoint:
        yield Hub(endpoint, tmp_path)


def test_a_commit_is_that_commit_s_tokenizer_configuration_and_weights(hub: Hub) -> None:
    places = ["old", "new", f"me/model@{OLD}", "me/model", f"me/model@{NEW}", f"me/model@{NONE}"]
    old, new, *pinned, none = hub.told("transformers", *places)
    assert (old[0], new[0], new[1] - old[1]) == (512, 256, 1) and old[2] != new[2]
    assert pinned == [old, new, new]
    assert none.startswith("cannot load the model me/model: ") and NONE in none and "\n" not in none
    assert hub.told("transformers", f"me/model@{OLD}", HF_HUB_OFFLINE="1") == [old]


@pytest.mark.slow
def test_so_it_is_in_vllm(hub: Hub) -> None:
    old, new = hub.told("transformers", "old", "new")
    assert old[2] != new[2]
    assert hub.told("vllm", f"me/model@{OLD}", "me/model") == [old, new]


@pytest.mark.slow
def test_stages_take_the_commit_and_say_it(hub: Hub) -> None:
    from safetensors.torch import load_file

    (hub.folder / "set.jsonl").write_text("".join(json.dumps({**ROW, "id": f"r{i}"}) + "\n" for i in range(2)))
    write_benchmark(hub.folder, [{"id": "q0", "question": "What is 1 plus 1?", "answer": "2"}])
    known = "recipe=demo name=toy report.wandb=false model.base=me/model curated=set.jsonl data.benchmarks=[toy]"
    known += f" model.revision={OLD} engine=transformers engine.max_model_len=128 method.budgets=[8] method.waits=[0]"
    known += " method.max_answer_tokens=8 sft.epochs=1 sft.batch_size=2 sft.micro_batch_size=2 sft.learning_rate=0"
    train, measure = f"train {known}", f"evaluate {known} checkpoint=me/model checkpoint_revision="
    done = hub.run("-c", IN_TURN, train, f"{measure}{OLD}", f"{measure}{OLD}")
    assert done.returncode == 0, done.stderr
    run = hub.folder / "runs" / "toy"
    assert json.loads((run / "train" / "manifest.json").read_text())["facts"]["revision"] == OLD
    kept, old = (load_file(path / "model.safetensors") for path in (run / "train" / "checkpoint", hub.folder / "old"))
    assert all((kept[name] == old[name]).all() for name in ("lm_head.weight", "model.norm.weight"))
    assert json.loads((run / "evaluate" / "journal_config.json").read_text())["checkpoint_revision"] == OLD
    assert done.stdout.count("evaluate: done already") == 1
    for other in (f"{measure}{NEW}", f"evaluate {known.replace('revision=' + OLD, 'revision=')} checkpoint=me/model"):
        refused = hub.run("-c", IN_TURN, other)
        assert refused.returncode == 2 and "samples made with another " in refused.stderr, refused.stderr
        assert "checkpoint_revision" in refused.stderr
