"""What a machine, a container or a GPU has left."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from s1repro import device
from s1repro.device import cgroups_free, this_device


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_a_container_of_version_2_and_those_above_it(tmp_path: Path) -> None:
    mount, own = tmp_path / "fs", tmp_path / "own"
    own.write_text("0::/outer/inner\n")
    stat = "anon 5\ninactive_file 30\n"
    write(mount / "outer" / "inner", memory__max="max\n", memory__current="100\n", memory__stat=stat)
    write(mount / "outer", memory__max="1000\n", memory__current="400\n", memory__stat=stat)
    assert cgroups_free(mount, own) == [1000 - 400 + 30]


def test_a_container_of_version_1_that_sees_itself_at_the_top(tmp_path: Path) -> None:
    mount, own = tmp_path / "fs", tmp_path / "own"
    own.write_text("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    stat = "total_inactive_file 7\n"
    write(mount / "memory", memory__limit_in_bytes="500\n", memory__usage_in_bytes="200\n", memory__stat=stat)
    assert cgroups_free(mount, own) == [307]


def test_no_cgroups_are_no_limit(tmp_path: Path) -> None:
    assert cgroups_free(tmp_path, tmp_path / "nothing") == []


def test_the_smallest_limit_counts_and_processes_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(device, "cgroups_free", lambda: [8_000_000, 6_000_000])
    own = psutil.Process().memory_info().rss
    alone = this_device()
    assert alone.kind == "cpu"
    assert alone.free == pytest.approx(6_000_000 + own, abs=20_000_000)
    monkeypatch.setattr(device, "cgroups_free", lambda: [])
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 40 << 30}))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert this_device().free == pytest.approx((10 << 30) + own, rel=0.01)


def test_a_gpu_says_itself_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda index: ((index + 1) << 30, 80 << 30))
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (this_device().kind, this_device().free) == ("cuda", 2 << 30)
