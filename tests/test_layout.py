"""The layout of the dashboard names what the stages send; without library or account it says so in one line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import Any

import pytest

from s1repro import layout
from s1repro.config import Config
from s1repro.report.curves import COLUMNS
from s1repro.scaling.plain import Plain
from s1repro.tracking import AXIS, SERIES, series_of
from tests.test_tracking import a_point
from tests.toy import make_config, write_benchmark
from tests.wandb_server import KEY, WandbServer


@pytest.fixture
def config(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    write_benchmark(tmp_path, [{"id": "q0", "question": "What is 1 plus 1?", "answer": "2"}])
    made = make_config(method={"waits": [0, 1]})
    made.report.wandb_group = "toy"
    return made


@pytest.fixture
def shown(config: Config) -> dict[str, Any]:
    pytest.importorskip("wandb_workspaces", reason="the extra dashboard is not installed: wandb-workspaces")
    return {section.name: section.panels for section in layout.sections(config)}


def test_the_curve_is_on_a_log2_axis_with_its_intervals(shown: dict[str, Any]) -> None:
    budgets, waits, picture = shown["Curve"]
    for plot, series in ((budgets, series_of(a_point(4.0, 0.5), "toy")), (waits, "curve/toy/force-waits")):
        assert plot.x == f"{series}/{AXIS}"
        assert plot.y == [f"{series}/{name}" for name in ("accuracy", "ci_low", "ci_high")]
    assert {"accuracy", "ci_low", "ci_high"} <= set(SERIES) and set(SERIES) - {AXIS} <= set(COLUMNS)
    assert picture.media_keys == ["picture"]


def test_tables_funnel_training_and_machine_are_there(shown: dict[str, Any]) -> None:
    assert list(shown) == ["Curve", "Points", "Samples", "Funnel", "Training", "System"]
    assert [shown[name][0].table_name for name in ("Points", "Samples", "Funnel")] == ["curve", "samples", "funnel"]
    assert shown["Training"][0].y == ["train/loss"]
    keys = ["system/cpu", "system/proc.memory.rssMB", "system/gpu.0.gpu", "system/gpu.1.memoryAllocated"]
    for plot, key in zip(shown["System"], keys, strict=True):
        assert re.fullmatch(plot.metric_regex, key)


def test_a_method_without_waits_has_one_plot(config: Config) -> None:
    pytest.importorskip("wandb_workspaces", reason="the extra dashboard is not installed: wandb-workspaces")
    (curve, *_) = layout.sections(replace(config, method=Plain(budgets=[16])))
    assert [type(panel).__name__ for panel in curve.panels] == ["LinePlot", "MediaBrowser"]


@pytest.fixture
def server(wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch) -> WandbServer:
    """wandb's server on this machine, and a key for it."""
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    return wandb_server


def test_it_is_saved_for_the_group_of_the_recipe(config: Config, server: WandbServer, capsys: Any) -> None:
    pytest.importorskip("wandb_workspaces", reason="the extra dashboard is not installed: wandb-workspaces")
    layout.run(config)
    (view,) = server.saved
    assert (view["entityName"], view["projectName"]) == ("somebody", "s1repro")
    assert (view["displayName"], view["type"]) == ("toy: test-time scaling", "project-view")
    name = view["name"].removeprefix("nw-").removesuffix("-v")
    assert capsys.readouterr().out == f"dashboard: {server.url}/somebody/s1repro?nw={name}\n"
    section = json.loads(view["spec"])["section"]
    (runs,) = section["runSets"]
    assert [(one["key"]["name"], one["op"], one["value"]) for one in runs["filters"]["filters"]] == [
        ("group", "=", "toy")
    ]
    saved = {
        part["name"]: [panel["config"] for panel in part["panels"]] for part in section["panelBankConfig"]["sections"]
    }
    assert list(saved) == ["Curve", "Points", "Samples", "Funnel", "Training", "System"]
    budgets, waits, picture = saved["Curve"]
    for plot, series in ((budgets, "curve/toy/force"), (waits, "curve/toy/force-waits")):
        assert plot["xAxis"] == f"{series}/{AXIS}"
        assert plot["metrics"] == [f"{series}/{of}" for of in ("accuracy", "ci_low", "ci_high")]
    assert picture["mediaKeys"] == ["picture"]
    assert all(plot["useMetricRegex"] and plot["xAxis"] == "_runtime" for plot in saved["System"])


def test_what_the_server_refuses_is_one_line(config: Config, server: WandbServer) -> None:
    pytest.importorskip("wandb_workspaces", reason="the extra dashboard is not installed: wandb-workspaces")
    server.refusal = "permission denied"
    with pytest.raises(ValueError, match=r"^dashboard: the layout is not saved \(.*permission denied.*\); ") as told:
        layout.run(config)
    assert "\n" not in str(told.value) and KEY not in str(told.value)


def test_without_an_account_one_line_says_so(
    config: Config, server: WandbServer, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(layout, "_library", lambda: None)
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(ValueError, match=r"^dashboard: .* takes an account.* set WANDB_API_KEY, or run wandb login$"):
        layout.run(config)
    assert capsys.readouterr().err == ""


def test_without_the_library_one_line_says_how_to_get_it(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)
    with pytest.raises(ValueError, match=r"^dashboard: .* -m pip install 'wandb-workspaces'$"):
        layout.run(config)
