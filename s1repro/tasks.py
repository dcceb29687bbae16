"""lm-eval task YAMLs, read without lm-eval: `evals/<name>.yaml` and the files that it stands on.

`benchmarks` has lm-eval make questions of a task, which takes seconds to import and may take a network; what is needed
before that (which tasks there are, what they declare, whether their files have changed) is read here. Each setting is
honoured, or accepted as one for lm-eval's own command line, or refused: none is dropped in silence. Templates and
functions are not evaluated.

    path = task_file("math500", "evals")
    read_task(path)["metadata"]["count"]        # 500
    list(task_files(path))                      # [evals/math500.yaml, evals/scoring.py]
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from s1repro.reasons import whole_message

LOCAL = ("json", "csv", "parquet", "text", "arrow")
"""Values of `dataset_path` that read files of this machine."""

HONOURED = frozenset(
    {
        *("task", "include", "dataset_path", "dataset_name", "dataset_kwargs", "custom_dataset"),
        *("validation_split", "test_split", "process_docs", "description"),
        *("doc_to_text", "doc_to_target", "doc_to_choice", "metadata"),
    }
)
"""Settings that shape the questions."""

LM_EVALS = frozenset(
    {
        *("task_alias", "tag", "training_split"),  # names, and a split that is not measured on
        *("fewshot_split", "fewshot_config", "fewshot_delimiter", "target_delimiter"),  # examples, and there are none
        *("output_type", "generation_kwargs", "metric_list"),  # methods and metadata.kind say it; see what is refused
        *("should_decontaminate", "doc_to_decontamination_query"),  # a look-up in sets of lm-eval's own
        "unsafe_code",  # asks before a metric runs code
    }
)
"""Settings that have a meaning on lm-eval's own command line only, and are accepted."""

REFUSED: dict[str, tuple[tuple[object, ...], str]] = {
    "num_fewshot": ((None, 0), "a question is asked without examples"),
    "repeats": ((None, 1), "method.samples takes several samples a question"),
    "gen_prefix": ((None, ""), "an answer begins after the model's own thinking"),
    "use_prompt": ((None,), "write the prompt as doc_to_text"),
    "doc_to_image": ((None,), "questions are texts"),
    "doc_to_audio": ((None,), "questions are texts"),
    "process_results": ((None,), "answers are graded as metadata.kind says"),
    "filter_list": ((None,), "answers are graded whole, as metadata.kind says"),
}
"""Settings that would change what is measured, with the values that do not, and what happens instead."""

METADATA = ("kind", "count", "id", "domain", "question", "version")
"""What `metadata` says here, and lm-eval's own; others are the task's notes."""

GREEDY = {"do_sample": (None, False), "temperature": (None, 0)}
"""What `generation_kwargs` may say of sampling, which `method.temperature` sets."""


def task_file(name: str, folder: str | Path) -> Path:
    """The task's YAML. Raises `ValueError`, listing all names, where there is none, or no such folder."""
    if not Path(folder).is_dir():
        raise ValueError(f"data.evals: no folder {folder}; start in the repository's folder, or give your tasks'")
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


def require_understood(task: Mapping[str, Any], path: Path) -> None:
    """Raise `ValueError`, naming the setting, for one that is not honoured here and would change what is measured."""
    known = HONOURED | LM_EVALS | REFUSED.keys()
    for name in task:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "leave it out"
            raise ValueError(f"{path}: {name} is no setting of a task; {hint}")
    for name, (harmless, instead) in REFUSED.items():
        if not _is_one_of(task.get(name), harmless):
            raise ValueError(f"{path}: {name} is {_short(task[name])}, which is not done here: {instead}; leave it out")
    if task.get("output_type", "generate_until") != "generate_until":
        kind = _short(task["output_type"])
        raise ValueError(f"{path}: output_type is {kind}; answers are written, not ranked: make it generate_until")
    _require_metadata(task.get("metadata") or {}, path)
    generation = task.get("generation_kwargs") or {}
    for name, harmless in GREEDY.items():
        if isinstance(generation, dict) and not _is_one_of(generation.get(name), harmless):
            raise ValueError(
                f"{path}: generation_kwargs.{name} is {_short(generation[name])}, which is not done here: "
                "method.temperature says how samples are drawn; leave it out"
            )


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
        raise ValueError(f"{path}: not YAML ({whole_message(error)})") from error
    if not isinstance(parsed, dict):
        raise ValueError(f"{path}: not an lm-eval task; write 'task: {path.stem}' and its settings")
    return parsed


def _require_metadata(metadata: object, path: Path) -> None:
    if not isinstance(metadata, dict):
        raise ValueError(f"{path}: metadata is {_short(metadata)}; give kind: exact, math or choice, and the like")
    for name in metadata:
        near = difflib.get_close_matches(str(name), METADATA, n=1)
        if near and name not in METADATA:
            raise ValueError(f"{path}: metadata.{name} has no meaning; did you mean metadata.{near[0]}?")
    count = metadata.get("count")
    if count is not None and (type(count) is not int or count < 1):
        raise ValueError(f"{path}: metadata.count is {_short(count)}; write how many questions there are")


def _is_one_of(value: object, harmless: tuple[object, ...]) -> bool:
    """Whether it is one of them and of its type: true is not 1."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in harmless)


def _short(value: object) -> str:
    text = repr(str(value) if isinstance(value, Function) else value)
    return text if len(text) <= 60 else f"{text[:60]}..."


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
