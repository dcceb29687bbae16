"""What wandb wrote offline, read back with its own record types.

log = read_back(folder)             # the one offline run below folder/wandb
log.history                         # a mapping a logged step
read_all(folder)                    # all of them, one a start
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BLOCK = 32768


@dataclass
class OfflineRun:
    """An offline run: who it is, whether it may go on with another one, how it ended, its config, its history by step,
    the axes of its metrics, the names of what it says of the machine, its files."""

    group: str = ""
    job_type: str = ""
    name: str = ""
    id: str = ""
    resumes: bool = False
    exit_code: int | None = None
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    axes: dict[str, str] = field(default_factory=dict)
    system: set[str] = field(default_factory=set)
    files: Path = Path()

    def table(self, name: str) -> dict[str, Any]:
        """The columns and data of a logged table."""
        (path,) = self.files.glob(f"media/table/{name}_[0-9]*.table.json")
        content = json.loads(path.read_text())
        assert isinstance(content, dict)
        return content

    def points(self, series: str) -> list[dict[str, Any]]:
        """The points of a series, in the order in which they came."""
        prefix = f"{series}/"
        steps = [
            {key.removeprefix(prefix): v for key, v in step.items() if key.startswith(prefix)} for step in self.history
        ]
        return [step for step in steps if step]


def read_back(folder: Path) -> OfflineRun:
    """The one offline run below `folder/wandb`."""
    (run,) = read_all(folder)
    return run


def read_all(folder: Path) -> list[OfflineRun]:
    """The offline runs below `folder/wandb`, in the order of their starts."""
    logs = folder.glob("wandb/offline-run-*/run-*.wandb")
    return [_whole(log) for log in sorted(logs, key=lambda log: log.stat().st_mtime)]


def _whole(log: Path) -> OfflineRun:
    """A run, once wandb's own process has written it to its end."""
    deadline = time.monotonic() + 120
    while True:
        run = _parse(log)
        if run.exit_code is not None or time.monotonic() > deadline:
            assert run.exit_code is not None, f"{log} has no end"
            return run
        time.sleep(0.1)


def _parse(log: Path) -> OfflineRun:
    from wandb.proto import wandb_internal_pb2

    run = OfflineRun(files=log.parent / "files")
    for data in _records(log.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.HasField("run"):
            run.group, run.job_type, run.name = record.run.run_group, record.run.job_type, record.run.display_name
            run.id, run.resumes = record.run.run_id, record.run.resume
        if record.history.item:
            run.history.append({_key(item): json.loads(item.value_json) for item in record.history.item})
        for item in [*record.run.config.update, *record.config.update]:
            run.config[_key(item)] = json.loads(item.value_json)
        run.system |= {item.key for item in record.stats.item}
        if record.metric.name:
            run.axes[record.metric.name] = record.metric.step_metric
        if record.HasField("exit"):
            run.exit_code = record.exit.exit_code
    return run


def _key(item: Any) -> str:
    return "/".join(item.nested_key) or str(item.key)


def _records(data: bytes) -> Iterator[bytes]:
    """The records of a wandb log: 7 bytes of header, then LevelDB's log format in blocks of 32 KiB."""
    position, parts = 7, b""
    while position + 7 <= len(data):
        rest = BLOCK - position % BLOCK
        if rest < 7:
            position += rest
            continue
        _, length, kind = struct.unpack_from("<IHB", data, position)
        parts += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # whole, or the last part of one
            yield parts
            parts = b""
