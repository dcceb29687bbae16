"""The loop and the folder that the base and the reward model share, on a model of two numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from s1repro.artifacts import file_sha256
from s1repro.demo.training import RECENT, Pace, descend, keep


class Numbers(torch.nn.Module):
    """A "model" of two numbers; what it writes as its weights is no more than a mark."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Parameter(torch.tensor(4.0))
        self.second = torch.nn.Parameter(torch.tensor(-4.0))

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"weights")


class Words:
    """A "tokenizer" that writes a mark."""

    def save_pretrained(self, folder: Path) -> None:
        (folder / "tokenizer.json").write_text("{}")


def test_rates_warm_up_stay_and_fall_to_nothing() -> None:
    rates = [Pace(1000, warmup=50, cooldown=0.4).rate(step) for step in range(1001)]
    assert rates[0] == pytest.approx(1 / 50)
    assert set(rates[50:600]) == {1.0}
    assert rates[800] == pytest.approx(0.5)
    assert rates[1000] == 0
    assert rates[600:] == sorted(rates[600:], reverse=True)


def test_every_optimizer_steps_at_its_own_rate_and_forgets_the_last_gradient(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Numbers().eval()
    optimizers = [torch.optim.SGD([model.first], lr=0.5), torch.optim.SGD([model.second], lr=0.25)]

    def batches() -> Iterator[tuple[torch.Tensor, int]]:
        for _ in range(4):
            assert model.training
            yield (model.first - model.second) / 2, 7  # the gradients are 0.5 and -0.5, whose norm is below 1

    losses = descend(model, batches(), optimizers, Pace(4, warmup=1, cooldown=0.5))  # type: ignore[arg-type]
    # At rates 1, 1, 1 and 0.5 the first falls by 0.25 a step, the second rises by half of that.
    assert losses == pytest.approx([4 - 0.375 / 2 * step for step in range(4)])
    assert model.first.item() == pytest.approx(4 - 0.25 * 3.5)
    assert model.second.item() == pytest.approx(-4 + 0.125 * 3.5)
    assert "steps: 4/4" in capsys.readouterr().err


def test_a_steep_gradient_is_clipped() -> None:
    model = Numbers()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    descend(model, ((300 * model.first, 1) for _ in range(1)), [optimizer], Pace(1, 1, 1.0))  # type: ignore[arg-type]
    assert model.first.item() == pytest.approx(3.0, abs=1e-3)


def test_the_folder_tells_how_its_weights_came_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, model, words = tmp_path / "made", Numbers(), Words()
    facts: dict[str, Any] = {"made_by": "hand", "minutes": 0.1}
    keep(folder, model, words, [100.0, *[2.0] * RECENT], facts)  # type: ignore[arg-type]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == {
        "made_by": "hand",
        "minutes": 0.1,
        "parameters": 2,
        "loss_of_the_last_50_steps": 2.0,
        "torch": torch.__version__,
        "weights_sha256": file_sha256(folder / "model.safetensors"),
    }
    assert (folder / "tokenizer.json").exists()
    assert json.loads(capsys.readouterr().out) == manifest
