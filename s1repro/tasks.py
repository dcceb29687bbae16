"""lm-eval task YAMLs, read without lm-eval: `evals/<name>.yaml` and the files that it stands on.

`benchmarks` has lm-eval make questions of a task, which takes seconds to import and may take a network; what is needed
before that (which tasks there are, what they declare, whether their files have changed) is read here. Templates and
functions are not evaluated.

    path = task_file("math500", "evals")
    read_task(path)["metadata"]["count"]        # 500
    list(task_files(path))                      # [evals/math500.yaml, evals/scoring.py]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

LOCAL = ("json", "csv", "parquet", "text", "arrow")
"""Values of `dataset_path` that read files of this machine."""


def task_file(name: str, folder: str | Path) -> Path:
    """The task's YAML. Raises `ValueError`, listing all names, where there is none."""
    names = sorted(path.stem for path in Path(folder).glob("*.yaml"))
    if name not in names:
        raise ValueError(f"data.benchmarks: no benchmark {name!r} in {folder}/; choose from: {', '.join(names)}")
    return Path(folder) / f"{name}.yaml"


def read_task(path: Path) -> dict[str, Any]:
    """The task's settings, those of the files it includes among them. Raises `ValueError` where it is not a task."""
    own = _parse(path)
    merged: dict[str, Any] = {}
    for include in _includes(own):
        merged |= read_task(path.parent / include)
    return merged | own


def task_files(path: Path) -> Iterator[Path]:
    """The YAML, its includes and its functions' modules; a module of an installed package is not there."""
    yield path
    task = _parse(path)
    for include in _includes(task):
        yield from task_files(path.parent / include)
    for value in _leaves(task):
        if isinstance(value, Function):
            yield path.parent / (value.rpartition(".")[0].replace(".", "/") + ".py")


def data_files(task: Mapping[str, Any]) -> Iterator[Path]:
    """The files of this machine that hold the task's questions; none where they come from a hub."""
    if task.get("dataset_path") in LOCAL:
        for value in _leaves((task.get("dataset_kwargs") or {}).get("data_files")):
            if isinstance(value, str) and "://" not in value and "*" not in value:
                yield Path(value)


class Function(str):
    """A reference `!function module.name` to Python code beside the YAML."""


class _Loader(yaml.SafeLoader):
    """Reads references to functions without importing anything."""


_Loader.add_constructor("!function", lambda _, node: Function(node.value))


def _parse(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        parsed = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(parsed, dict):
        raise ValueError(f"{path}: not an lm-eval task; write 'task: {path.stem}' and its settings")
    return parsed


def _includes(task: Mapping[str, Any]) -> list[str]:
    includes = task.get("include", [])
    return includes if isinstance(includes, list) else [includes]


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
