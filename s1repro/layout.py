"""`make dashboard`: how a recipe is laid out on wandb, saved as a workspace of the project, for those with an account.

The curve on its log2 token axis with its intervals, the Waits beside it; what curation kept; training; tables of points
and samples; what the machine did. It shows the runs of one group, which are the recipe's, and names the series that
`s1repro.tracking` sends, so that a run of any stage finds its place. Saving it again makes another view. Not covered:
runs themselves, and what their viewer moves about afterwards.

    python -m s1repro.layout recipe=demo            # make dashboard RECIPE=demo
    sections(config)                                # what it shows, without an account
"""

from __future__ import annotations

import sys
from typing import Any

from s1repro.benchmarks import listed
from s1repro.cli import run_stage
from s1repro.config import Config
from s1repro.reasons import whole_message
from s1repro.tracking import AXIS, account, curve_series
from s1repro.wandb_mode import require_online

SYSTEM = {
    "CPU, %": r"system/cpu$",
    "memory of the process, MB": r"system/proc\.memory\.rssMB",
    "GPU, %": r"system/gpu\..*\.gpu",
    "GPU memory, %": r"system/gpu\..*\.memoryAllocated",
}
"""wandb's own figures of the machine: what a plot is called, and the keys that it shows."""


def run(config: Config) -> None:
    """Save the layout and say where it is. Raises `ValueError` without the library, an account or its server."""
    library = _library()
    require_online("dashboard: a layout")
    shown = sections(config)
    try:
        workspace = library.Workspace(
            entity=account(),
            project=config.report.wandb_project,
            name=f"{config.report.wandb_group}: test-time scaling",
            sections=shown,
            runset_settings=library.RunsetSettings(filters=[library.Metric("Group") == config.report.wandb_group]),
        )
        print(f"dashboard: {workspace.save().url}")
    except Exception as error:  # whatever the server refuses, or the library finds on the way to it
        raise ValueError(
            f"dashboard: the layout is not saved ({whole_message(error)}); does the project have a run yet?"
        ) from error


def sections(config: Config) -> list[Any]:
    """The sections of the workspace, top to bottom, as the library's objects. Raises `ValueError` without it."""
    library = _library()
    import wandb_workspaces.reports.v2 as panels

    shown = {
        "Curve": [*_curves(config, panels), panels.MediaBrowser(title="as drawn", media_keys=["picture"])],
        "Points": [panels.WeavePanelSummaryTable(table_name="curve")],
        "Samples": [panels.WeavePanelSummaryTable(table_name="samples")],
        "Funnel": [panels.WeavePanelSummaryTable(table_name="funnel")],
        "Training": [
            panels.LinePlot(title=title, x="train/global_step", y=[f"train/{name}"])
            for title, name in (("loss", "loss"), ("learning rate", "learning_rate"), ("gradient norm", "grad_norm"))
        ],
        "System": [
            panels.LinePlot(title=title, x="_runtime", title_x="seconds", metric_regex=keys)
            for title, keys in SYSTEM.items()
        ],
    }
    return [library.Section(name=name, panels=own, is_open=name != "System") for name, own in shown.items()]


def _curves(config: Config, panels: Any) -> list[Any]:
    """For each benchmark the budgets, and the Waits where the method has them."""
    plots = []
    for benchmark in listed(config.data.benchmarks, config.data.files, config.data.limit, config.data.evals):
        for waits in (False, True) if getattr(config.method, "waits", None) else (False,):
            series = curve_series(benchmark.label, config.method.name, waits)
            plots.append(
                panels.LinePlot(
                    title=f"accuracy on {benchmark.label}{', with Waits' if waits else ''}",
                    x=f"{series}/{AXIS}",
                    y=[f"{series}/{name}" for name in ("accuracy", "ci_low", "ci_high")],
                    title_x="log2 of mean thinking tokens",
                    title_y="share of right answers, with its 95 % interval",
                )
            )
    return plots


def _library() -> Any:
    try:
        import wandb_workspaces.workspaces as library
    except ImportError:
        raise ValueError(
            f"dashboard: the library that saves layouts is not here: {sys.executable} -m pip install 'wandb-workspaces'"
        ) from None
    return library


if __name__ == "__main__":
    run_stage(run)
