"""What a stage took adds up over its lines; a broken line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.flops import Dimensions
from s1repro.telemetry import FILE, Took, device, note, took


def test_lines_add_up(tmp_path: Path) -> None:
    assert took(tmp_path) is None
    note(tmp_path, {"seconds": 2.0, "sampled_tokens": 10})
    model = {"weights": 5, "layers": 1, "attention": 4}
    note(tmp_path, {"seconds": 3.0, "devices": 4, "start_seconds": 1.5, "sampled_tokens": 60, "model": model})
    found = took(tmp_path)
    assert found is not None
    assert (found.seconds, found.device_seconds, found.start_seconds) == (5.0, 14.0, 1.5)
    assert found.rate == 5.0 and found.model == Dimensions(5, 1, 4) and found.device == device() != ""


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"seconds": 1}\n{"sec')
    assert took(tmp_path) == Took(seconds=1, device_seconds=1), "half a last line is what a kill leaves"
    (tmp_path / FILE).write_text('{"seconds": 1}\n{"sec\n')
    with pytest.raises(ValueError, match=r"telemetry\.jsonl:2: not JSON"):
        took(tmp_path)
    (tmp_path / FILE).write_text("[1]\n")
    with pytest.raises(ValueError, match=r"telemetry\.jsonl:1: expected a JSON object, found list"):
        took(tmp_path)
