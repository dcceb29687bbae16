"""The toy run that tests of all stages share.

A whole `Config` is built in this one place; a test says only what it changes:

    make_config(seed=3, method={"budgets": [8], "waits": [0, 1]})
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from s1repro.config import Config, DataConfig, ModelConfig, ReportConfig, SelectionConfig, SftConfig
from s1repro.engines.vllm import Vllm
from s1repro.scaling.forcing import Forcing


def make_config(**changes: Any) -> Config:
    """The run `toy`, valid, of files that are not there; a mapping changes settings of a group, all else replaces."""
    config = Config(
        name="toy",
        runs="runs",
        curated="unused",
        checkpoint="unused",
        model=ModelConfig(base="unused", format="qwen-plain"),
        data=DataConfig(pool="unused", benchmarks=["toy"]),
        selection=SelectionConfig(preset="paper"),
        sft=SftConfig(),
        engine=Vllm(),
        method=Forcing(budgets=[16]),
        report=ReportConfig(wandb=False),
    )
    for key, value in changes.items():
        setattr(config, key, replace(getattr(config, key), **value) if isinstance(value, dict) else value)
    return config
