"""What a head takes of device and disk is told before it is spent."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest
from transformers import AutoConfig

from s1repro.device import Device
from s1repro.draft.room import GIB, at_most, require_memory, require_room
from s1repro.draft.rows import Row
from s1repro.draft.states import token_bytes

USAGE = namedtuple("USAGE", "free")
ROWS = [Row(f"q{place // 2} {place}", 1, (7,) * length) for place, length in enumerate((10, 20, 30, 40, 50, 60))]
"""Two of each of three questions: 30, 70 and 110 tokens."""


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> list[Path]:
    """That much is free on the disk; the folders that are asked for."""
    asked: list[Path] = []
    monkeypatch.setattr("s1repro.draft.room.disk_usage", lambda path: asked.append(path) or USAGE(size))
    return asked


@pytest.mark.parametrize(("on_gpu", "number"), [(False, 4), (True, 2)])
def test_a_token_of_a_model_is_four_vectors(monkeypatch: pytest.MonkeyPatch, on_gpu: bool, number: int) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: on_gpu)
    assert token_bytes(3584, [2, 14, 25]) == 4 * 3584 * number + 8


def test_the_upper_bound_is_told_for_a_folder_that_is_not_there_yet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = free(monkeypatch, 3 * GIB)
    line = at_most(2000, 1024, 1 << 20, tmp_path / "runs" / "x")
    assert line == (
        "draft: 2,000 rows of at most 1,024 tokens, their hidden states at most 2,000.0 GiB; "
        f"{tmp_path / 'runs' / 'x'} has 3.0 GiB free"
    )
    assert asked == [tmp_path]


def test_states_are_refused_where_the_disk_has_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free(monkeypatch, 210 * GIB)
    require_room(ROWS, range(6), GIB, tmp_path, questions=3)
    free(monkeypatch, 209 * GIB)
    with pytest.raises(ValueError) as refused:
        require_room(ROWS, range(6), GIB, tmp_path, questions=3)
    assert str(refused.value) == (
        f"draft: the hidden states of 6 rows take 210.0 GiB (1,073,741,824 bytes a token), and {tmp_path} has 209.0 "
        "GiB free; make room there, or set draft.questions=2, which keeps the rows that are in"
    )
    require_room(ROWS, [0, 1, 2, 3, 4], GIB, tmp_path, questions=3)  # the last one's are there
    free(monkeypatch, 29 * GIB)
    with pytest.raises(ValueError, match=r"29\.0 GiB free; make room there, which keeps the rows that are in$"):
        require_room(ROWS, range(6), GIB, tmp_path, questions=3)
    with pytest.raises(ValueError, match=r"; a lower draft\.draws asks for new ones$"):
        require_room(ROWS, range(6), GIB, tmp_path, questions=1)


def test_a_checkpoint_that_no_device_holds_is_refused(monkeypatch: pytest.MonkeyPatch, tiny_qwen: Path) -> None:
    from safetensors.torch import load_file

    settings = AutoConfig.from_pretrained(tiny_qwen)
    size = 4 * sum(tensor.numel() for tensor in load_file(tiny_qwen / "model.safetensors").values())
    monkeypatch.setattr("s1repro.draft.room.this_device", lambda: Device("cpu", size))
    require_memory(settings, trust_remote_code=False)
    monkeypatch.setattr("s1repro.draft.room.this_device", lambda: Device("cpu", size - 1))
    with pytest.raises(ValueError, match=r"the checkpoint's weights take 0\.0 GiB in float32 .* the machine has 0\.0"):
        require_memory(settings, trust_remote_code=False)
