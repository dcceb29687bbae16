"""The curve on a wandb dashboard: a table, a line plot and the picture.

Without an account nothing leaves the machine: unless `WANDB_API_KEY` or `WANDB_MODE` is set the run is written
offline, below the report's folder, and `wandb sync` can upload it later. Training metrics are sent by the trainer
itself. The only module that imports wandb.

    log_curve(config, points, folder)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, cast

import wandb

from s1repro.config import Config
from s1repro.records import Point
from s1repro.report.curves import COLUMNS

Mode = Literal["online", "offline", "disabled"]


def log_curve(config: Config, points: Sequence[Point], folder: Path) -> None:
    """Log `points` and `folder/curve.png` as the run `<name>-report`; its files go to `folder/wandb`."""
    run = wandb.init(
        project=config.report.wandb_project,
        name=f"{config.name}-report",
        group=config.name,
        job_type="report",
        config=asdict(config),  # holds no secrets: wandb's key comes from the environment
        dir=str(folder),
        mode=mode(),
        settings=wandb.Settings(silent=True, console="off", disable_git=True, x_disable_meta=True),
    )
    try:
        table = wandb.Table(columns=list(COLUMNS), data=[list(vars(point).values()) for point in points])
        line = wandb.plot.line(table, x="thinking_tokens", y="accuracy", stroke="run", title=config.report.title)
        picture = wandb.Image(str(folder / "curve.png"))
        run.log({"curve": table, "accuracy_by_thinking_tokens": line, "picture": picture})
        best = max(point.accuracy for point in points if point.run == config.name)
        run.summary["performance"] = best
    finally:
        run.finish()


def mode() -> Mode:
    """`WANDB_MODE` where it is set; else online with an API key and offline without."""
    asked = os.environ.get("WANDB_MODE")
    if asked is None:
        return "online" if "WANDB_API_KEY" in os.environ else "offline"
    if asked not in ("online", "offline", "disabled"):
        raise ValueError(f"WANDB_MODE is {asked!r}: use online, offline or disabled")
    return cast(Mode, asked)
