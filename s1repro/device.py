"""How much memory the device that a model is run on has left for this process.

On a GPU what its driver reports as free; on a CPU what the machine has available, or its container (cgroup, version 1
and 2, at any level above), shared out among the processes on the machine. Swap does not count: a training that swaps
is as good as hung.

    device = this_device()
    device.kind, device.free        # "cpu", 22_803_234_816
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of a cgroup's limit and use, and the entry of `memory.stat` with the use that is given back on demand."""


@dataclass(frozen=True)
class Device:
    """`kind` is `cpu` or `cuda`; `free` is in bytes and counts what this process holds on a CPU already."""

    kind: str
    free: int


def this_device() -> Device:
    """The device that a model will be run on, as it is now."""
    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info(int(os.environ.get("LOCAL_RANK", "0")))
        return Device("cuda", free)
    available = min([psutil.virtual_memory().available, *cgroups_free()])
    own = psutil.Process().memory_info().rss
    return Device("cpu", available // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) + own)


def cgroups_free(mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[int]:
    """Bytes that each cgroup with a limit over this process has left; none where there is no such thing."""
    free = []
    for folder in _folders(mount, own):
        for limit, used, given_back in LIMITS:
            try:
                most = int((folder / limit).read_text())
                stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                free.append(most - int((folder / used).read_text()) + int(stat.get(given_back, "0")))
            except (OSError, ValueError):
                continue  # no such file: the other version; `max`: no limit
    return free


def _folders(mount: Path, own: Path) -> Iterator[Path]:
    """This process's memory cgroups and those above them."""
    for line in own.read_text().splitlines() if own.is_file() else []:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            top = mount / "memory" if controllers else mount
            folder = top / path.lstrip("/")
            yield from (level for level in (folder, *folder.parents) if level.is_relative_to(top))
