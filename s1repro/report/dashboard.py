"""The curve on a wandb dashboard: a table, a line plot and the picture.

Whether it goes to a server or stays in the report's folder is settled before (`s1repro.wandb_mode`). Training metrics
are sent by the trainer itself. The only module that imports wandb.

    log_curve(config, points, folder, settled_mode())
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import wandb

from s1repro.config import Config
from s1repro.records import Point
from s1repro.report.curves import COLUMNS
from s1repro.wandb_mode import Mode


def log_curve(config: Config, points: Sequence[Point], folder: Path, mode: Mode) -> None:
    """Log `points` and `folder/curve.png` as the run `<name>-report`; its files go to `folder/wandb`."""
    run = wandb.init(
        project=config.report.wandb_project,
        name=f"{config.name}-report",
        group=config.name,
        job_type="report",
        config=asdict(config),  # holds no secrets: wandb's key comes from the environment
        dir=str(folder),
        mode=mode,
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
