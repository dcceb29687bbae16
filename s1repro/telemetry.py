"""What a stage took: `telemetry.jsonl` in its folder, a line for each time it worked; everything that may differ.

Times are nowhere else, so that equal runs give equal files. A killed process leaves no line, and its time is lost.

    note(folder, {"seconds": 41.2, "devices": 1, "sampled_tokens": 88_000})
    took(folder).device_seconds
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1repro.artifacts import Journal, read_journal
from s1repro.flops import Dimensions

FILE = "telemetry.jsonl"


@dataclass(frozen=True)
class Took:
    """All lines of a stage together. `seconds` and `device_seconds` are without starting the engine.

    `model` are the dimensions of what ran, None where nobody noted them.
    """

    seconds: float = 0.0
    device_seconds: float = 0.0
    start_seconds: float = 0.0
    sampled_tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    device: str = ""
    model: Dimensions | None = None

    @property
    def rate(self) -> float | None:
        """Sampled tokens a device second; None where nothing was sampled or timed."""
        return self.sampled_tokens / self.device_seconds if self.sampled_tokens and self.device_seconds else None


def note(folder: Path, facts: Mapping[str, Any]) -> None:
    """Append a line to the folder's telemetry, with what the machine computes on."""
    with Journal(folder / FILE) as log:
        log.append({**facts, "device": device()})


def device() -> str:
    """The GPU's name as the driver has it, else that this is a CPU and of how many cores."""
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in path.read_text().splitlines():
            if line.startswith("Model:"):
                return line.removeprefix("Model:").strip()
    return f"CPU, {os.cpu_count()} cores"


def took(folder: Path) -> Took | None:
    """What the stage in `folder` took in all; None without telemetry.

    Half a last line, which a kill leaves, is passed over. Raises `ValueError`, with file and line, for another
    broken line.
    """
    if not (folder / FILE).is_file():
        return None
    lines = [line for _, _, line in read_journal(folder / FILE)]
    models = [line["model"] for line in lines if isinstance(line.get("model"), dict)]
    return Took(
        seconds=sum(line.get("seconds", 0.0) for line in lines),
        device_seconds=sum(line.get("seconds", 0.0) * line.get("devices", 1) for line in lines),
        start_seconds=sum(line.get("start_seconds", 0.0) for line in lines),
        sampled_tokens=sum(line.get("sampled_tokens", 0) for line in lines),
        prompt_tokens=sum(line.get("prompt_tokens", 0) for line in lines),
        cached_tokens=sum(line.get("cached_tokens", 0) for line in lines),
        device=next((line["device"] for line in reversed(lines) if line.get("device")), ""),
        model=Dimensions(**models[-1]) if models else None,
    )
