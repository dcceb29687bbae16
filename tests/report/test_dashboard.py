"""The wandb run is written offline and holds the curve."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s1repro.config import Config
from s1repro.records import Sample
from s1repro.report.curves import COLUMNS, to_points
from s1repro.report.dashboard import log_curve
from s1repro.report.picture import draw

Finish = Callable[..., list[Sample]]
BLOCK = 32768


@pytest.fixture(autouse=True)
def no_wandb_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)


def log_records(data: bytes) -> Iterator[bytes]:
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


def read_back(log: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The history of an offline run's log, by nested key, and its config."""
    from wandb.proto import wandb_internal_pb2

    history: dict[str, Any] = {}
    config: dict[str, Any] = {}
    for data in log_records(log.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        for item in record.history.item:
            history["/".join(item.nested_key)] = json.loads(item.value_json)
        for item in [*record.run.config.update, *record.config.update]:
            config["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
    return history, config


def test_offline_run_holds_the_table(finish: Finish, config: Config, tmp_path: Path) -> None:
    points = to_points(finish("toy"), "toy")
    folder = tmp_path / "runs/toy/report"
    draw(points, "toy", "title", folder / "curve.png")
    log_curve(config, points, folder, "offline")
    (log,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    deadline = time.monotonic() + 20
    while not (found := read_back(log))[0] and time.monotonic() < deadline:
        time.sleep(0.1)  # wandb's own process writes the log
    history, logged = found
    assert {"curve", "accuracy_by_thinking_tokens_table", "picture"} <= {key.split("/")[0] for key in history}
    assert history["curve/nrows"] == 5
    plot = json.dumps([value for key, value in logged.items() if key.startswith("_wandb")])
    assert "wandb/line/v0" in plot and '"x": "thinking_tokens"' in plot and '"y": "accuracy"' in plot
    (table,) = (log.parent / "files/media/table").glob("curve_*.table.json")
    content = json.loads(table.read_text())
    assert tuple(content["columns"]) == COLUMNS
    assert [row[2:4] for row in content["data"]] == [[16, 0], [32, 0], [64, 0], [64, 1], [64, 2]]
    assert [row[5] for row in content["data"]] == [0.2, 0.4, 0.7, 0.8, 0.8]
    assert logged["method"]["budgets"] == [16]
    assert list((log.parent / "files/media/images").glob("picture_*.png"))
