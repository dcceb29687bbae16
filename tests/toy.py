"""The toy run that tests of all stages share: its config, its benchmark, its samples.

Each is built whole in this one place; a test says only what it changes:

    make_config(seed=3, method={"budgets": [8], "waits": [0, 1]})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from s1repro.artifacts import write_jsonl
from s1repro.config import Config, ModelConfig, ReportConfig
from s1repro.engines.vllm import Vllm
from s1repro.records import SampleKey, Transcript
from s1repro.scaling.forcing import Forcing
from s1repro.settings.questions import DataConfig, SelectionConfig
from s1repro.settings.training import SftConfig

TASK = """\
task: toy
dataset_path: json
dataset_kwargs: {data_files: {test: toy.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: question
doc_to_target: answer
metadata: {kind: exact}
"""


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


def make_sample(question: str = "q0", budget: int = 16, waits: int = 0, sample: int = 0, **changes: Any) -> Transcript:
    """A right answer of the toy run, after a thinking that ended by itself."""
    made = Transcript(
        key=SampleKey("toy", "force", budget, waits, question, sample),
        prompt="p",
        thinking="t",
        answer="a",
        extracted="4",
        reference="4",
        correct=True,
        prompt_tokens=5,
        thinking_tokens=10,
        sampled_tokens=10,
        injected_tokens=0,
        answer_tokens=5,
        waits_used=waits,
        finish="natural",
        cut=None,
        answer_cut=False,
        tries=1,
        discarded_tokens=0,
        seed=1,
    )
    return replace(made, **changes)


def as_it_is(sample: Transcript) -> Transcript:
    """How a sample is read that was never without its texts."""
    return sample


def write_benchmark(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """The benchmark `toy` of `rows` (id, question, answer, maybe domain), where a stage that runs in `folder` looks."""
    (folder / "evals").mkdir()
    (folder / "evals" / "toy.yaml").write_text(TASK)
    write_jsonl(folder / "toy.jsonl", rows)
