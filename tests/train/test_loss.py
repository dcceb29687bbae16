"""The loss by token and by sequence against a computation by hand, and how much of the logits is ever held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from trl.trainer.utils import add_fused_lm_head

from s1repro.config import Config
from s1repro.settings.training import LoraConfig
from s1repro.train.examples import IGNORED, Example
from s1repro.train.sft import fine_tune

Prepare = Callable[..., Config]


def examples(lengths: list[int], vocabulary: int) -> list[Example]:
    """Random sequences whose first two tokens are the prompt."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for length in lengths:
        ids = tuple(torch.randint(vocabulary, (length,), generator=generator).tolist())
        made.append(Example(ids, (IGNORED, IGNORED, *ids[2:])))
    return made


def train(config: Config, rows: list[Example], folder: Path) -> dict[str, Any]:
    """The log's first line."""
    folder.mkdir()
    tokenizer = AutoTokenizer.from_pretrained(config.model.base)
    fine_tune(config, rows, tokenizer, state=folder / "state", log=folder / "log.jsonl", out=folder / "out")
    line: dict[str, Any] = json.loads((folder / "log.jsonl").read_text().splitlines()[0])
    return line


def by_hand(config: Config, rows: list[Example], loss: str) -> tuple[float, float]:
    """The loss of one step over `rows`, and its gradient's norm, from whole logits."""
    model = AutoModelForCausalLM.from_pretrained(config.model.base)
    sums, counts = [], []
    for row in rows:
        logits = model(torch.tensor([row.input_ids])).logits[0, :-1]
        labels = torch.tensor(row.labels[1:])
        sums.append(cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum"))
        counts.append(int((labels != IGNORED).sum()))
    means = [total / count for total, count in zip(sums, counts, strict=True)]
    value = sum(means) / len(means) if loss == "sequence" else sum(sums) / sum(counts)
    value.backward()
    norm = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    return value.item(), norm.item()


LENGTHS = [40, 5, 11, 23, 4, 9]


@pytest.mark.parametrize("micro", [1, 2, 6])
@pytest.mark.parametrize("loss", ["token", "sequence"])
def test_the_loss_and_its_gradient_are_those_by_hand(prepare: Prepare, tmp_path: Path, loss: str, micro: int) -> None:
    config = prepare(loss=loss, epochs=1.0, batch_size=6, micro_batch_size=micro)
    rows = examples(LENGTHS, 300)
    line = train(config, rows, tmp_path / "work")
    value, norm = by_hand(config, rows, loss)
    assert line["loss"] == pytest.approx(value, rel=1e-5)
    assert line["grad_norm"] == pytest.approx(norm, rel=1e-4)


def test_the_two_differ_with_the_lengths_and_agree_without(prepare: Prepare) -> None:
    config = prepare()
    ragged, even = examples(LENGTHS, 300), examples([12] * 4, 300)
    assert by_hand(config, ragged, "token")[1] != pytest.approx(by_hand(config, ragged, "sequence")[1], rel=1e-2)
    assert by_hand(config, even, "token") == pytest.approx(by_hand(config, even, "sequence"), rel=1e-5)


def test_sequences_of_one_length_train_the_same_by_either(prepare: Prepare, tmp_path: Path) -> None:
    rows = examples([12] * 8, 300)
    lines = []
    for loss in ("token", "sequence"):
        config = prepare(name=loss, loss=loss, epochs=1.0, batch_size=8, micro_batch_size=2)
        lines.append(train(config, rows, tmp_path / loss))
    assert lines[0] == pytest.approx(lines[1], rel=1e-5)


def test_a_last_short_step_averages_over_its_own_sequences(prepare: Prepare, tmp_path: Path) -> None:
    config = prepare(loss="sequence", epochs=1.0, batch_size=4, micro_batch_size=2, learning_rate=1e-30)
    rows = examples([9, 9, 9, 9, 30, 4], 300)
    train(config, rows, tmp_path / "work")
    lines = [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()]
    means = [by_hand(config, [row], "token")[0] for row in rows]
    assert 4 * lines[0]["loss"] + 2 * lines[1]["loss"] == pytest.approx(sum(means), rel=1e-5)


def test_lora_takes_the_loss_by_sequence(prepare: Prepare, tmp_path: Path) -> None:
    config = prepare(loss="sequence", epochs=1.0, batch_size=6, micro_batch_size=2, kind=LoraConfig)
    rows = examples(LENGTHS, 300)
    assert train(config, rows, tmp_path / "work")["loss"] == pytest.approx(
        by_hand(config, rows, "sequence")[0], rel=1e-5
    )


TWO_PROCESSES = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.train.test_loss import LENGTHS, examples
from s1repro.config import Config, ModelConfig, ReportConfig
from s1repro.settings.training import SftConfig
from s1repro.pretrained import load_tokenizer
from s1repro.train.sft import fine_tune
base = sys.argv[1]
model = ModelConfig(base=base, format="qwen-plain")
for loss in sys.argv[3:]:
    folder = Path(sys.argv[2]) / loss
    folder.mkdir(exist_ok=True)
    sft = SftConfig(epochs=1.0, batch_size=6, micro_batch_size=1, loss=loss, bf16=False, learning_rate=3e-3)
    config = Config(name="two", seed=3, model=model, sft=sft, report=ReportConfig(wandb=False))
    paths = {"state": folder / "state", "log": folder / "log.jsonl", "out": folder / "out"}
    fine_tune(config, examples(LENGTHS, 300), load_tokenizer(base, "base", False), **paths)
"""


def test_two_processes_have_the_loss_of_one(prepare: Prepare, tmp_path: Path) -> None:
    losses = ["token", "sequence"]
    config = prepare()
    script = tmp_path / "two.py"
    script.write_text(TWO_PROCESSES)
    launcher = [
        "-m",
        "torch.distributed.run",
        "--nproc-per-node=2",
        "--rdzv-backend=c10d",
        "--rdzv-endpoint=127.0.0.1:0",
    ]
    repo = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, *launcher, script, config.model.base, tmp_path, *losses],
        env={**os.environ, "PYTHONPATH": str(repo), "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for loss in losses:
        line = json.loads((tmp_path / loss / "log.jsonl").read_text().splitlines()[0])
        value, norm = by_hand(config, examples(LENGTHS, 300), loss)
        assert line["loss"] == pytest.approx(value, rel=1e-5)
        assert line["grad_norm"] == pytest.approx(norm, rel=1e-4)


class _Largest(TorchDispatchMode):
    """Elements of the largest tensor that any operation makes, backward included."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.untyped_storage().nbytes() // tensor.element_size())
        return result


def test_logits_of_a_whole_sequence_never_exist_and_the_loss_is_theirs() -> None:
    """What `train/loss.py` says of TRL's head: 65,536 words are projected in two pieces, so half the logits exist."""
    tokens, vocabulary = 512, 65_536
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        tie_word_embeddings=True,
    )
    losses, gradients, largest = [], [], []
    for fused in (False, True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = Qwen2ForCausalLM(config)
        ids = torch.randint(vocabulary, (1, tokens), generator=torch.Generator().manual_seed(0))
        if fused:
            add_fused_lm_head(model, outputs=("log_probs", "entropy", "is_top1"))
        with _Largest() as seen:
            loss = model(ids, labels=ids, **({"fused_lm_head": True} if fused else {})).loss
            loss.backward()
        losses.append(loss.item())
        gradients.append(model.get_input_embeddings().weight.grad)
        largest.append(seen.elements)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert torch.allclose(gradients[0], gradients[1], atol=1e-6)
    assert largest[0] >= tokens * vocabulary
    assert largest[1] <= tokens * vocabulary // 2
