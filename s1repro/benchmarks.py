"""Benchmark questions from lm-eval task YAMLs: `evals/<name>.yaml` defines the task `<name>`.

`curate` decontaminates against them and `evaluate` measures on them. lm-eval (imported here only, and only when a
benchmark is loaded) reads the data set and fills the templates: `doc_to_text` is the question, `doc_to_target` the
reference. What lm-eval does not know stands in the YAML's `metadata`:

    metadata:
      kind: math          # how answers are compared: exact, math or choice
      id: unique_id       # the column that names a question (default: id, or else the question's number)
      domain: subject     # the column with its subject (default: domain, or else empty)

Local data files are read without a network; hub data sets need it once and are then cached. Scoring by lm-eval's own
metrics and few-shot prompts are not covered.

    load_benchmark("demo")[0]       # Question(id="d001", text="...", reference="12", kind="exact", domain="11")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from s1repro.artifacts import file_sha256, fingerprint
from s1repro.records import AnswerKind, Question

LOCAL = ("json", "csv", "parquet", "text", "arrow")
"""Values of `dataset_path` that read files of this machine."""


def load_benchmark(name: str, folder: str | Path = "evals") -> list[Question]:
    """The questions of a benchmark, in the data set's order.

    Raises `ValueError` for an unknown name, a task that lm-eval cannot load, a missing or wrong `kind`, a reference
    that is not one text, a repeated id, or no questions at all.
    """
    path = _task_file(name, folder)
    _require_data(path)
    task = _load_task(name, path)
    metadata = task.config.metadata or {}
    if metadata.get("kind") not in get_args(AnswerKind):
        raise ValueError(f"{path}: metadata.kind is {metadata.get('kind')!r}; give exact, math or choice")
    questions = [_question(task, doc, f"{name}-{number}", metadata, path) for number, doc in enumerate(task.eval_docs)]
    if not questions:
        raise ValueError(f"{path}: the data set has no questions; look at its data files and split")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise ValueError(f"{path}: id {question.id!r} occurs twice; name another column in metadata.id")
        seen.add(question.id)
    return questions


def benchmark_fingerprint(name: str, folder: str | Path = "evals") -> str:
    """16 hex digits that change with the YAML, the files it includes, its functions' modules and its local data.

    Does not import lm-eval, so a stage finds out cheaply that it has nothing to do. Raises `ValueError` for an unknown
    name or a missing file.
    """
    path = _task_file(name, folder)
    _require_data(path)
    files = [file for file in dict.fromkeys(_files(path)) if file.is_file()]
    return fingerprint([file_sha256(file) for file in files])


def _task_file(name: str, folder: str | Path) -> Path:
    names = sorted(path.stem for path in Path(folder).glob("*.yaml"))
    if name not in names:
        raise ValueError(f"data.benchmarks: no benchmark {name!r} in {folder}/; choose from: {', '.join(names)}")
    return Path(folder) / f"{name}.yaml"


def _load_task(name: str, path: Path) -> Any:
    """lm-eval's task object, its data set loaded."""
    import datasets
    from lm_eval.tasks import TaskManager

    bars = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        tasks = TaskManager(include_path=str(path.parent), include_defaults=False).load(name)["tasks"]
    except Exception as error:  # whatever a YAML, a template or a data set can do wrong
        reason = " ".join(str(error).split()) or type(error).__name__
        hint = "repair it; a data set from a hub needs a network once"
        raise ValueError(f"{path}: lm-eval cannot load this task ({reason}); {hint}") from error
    finally:
        if not bars:
            datasets.enable_progress_bars()
    if list(tasks) != [name]:
        raise ValueError(f"{path}: defines {', '.join(tasks) or 'no task'}; write 'task: {name}'")
    return tasks[name]


def _question(task: Any, doc: Mapping[str, Any], number: str, metadata: Mapping[str, str], path: Path) -> Question:
    for column in ("id", "domain"):
        if column in metadata and metadata[column] not in doc:
            raise ValueError(f"{path}: metadata.{column} is {metadata[column]!r}, a column the data set does not have")
    target = task.doc_to_target(doc)
    if isinstance(target, int) and task.config.doc_to_choice is not None:
        target = task.doc_to_choice(doc)[target]
    if not isinstance(target, str | int | float) or not str(target).strip():
        raise ValueError(f"{path}: the reference of question {number} is {target!r}; doc_to_target must give one text")
    return Question(
        id=str(doc.get(metadata.get("id", "id"), number)),
        text=str(task.doc_to_text(doc)),
        reference=str(target),
        kind=metadata["kind"],  # type: ignore[arg-type]  # checked by the caller
        domain=str(doc.get(metadata.get("domain", "domain"), "")),
    )


class _Function(str):
    """A reference `!function module.name` to Python code beside the YAML."""


class _Loader(yaml.SafeLoader):
    """Reads references to functions without importing anything."""


_Loader.add_constructor("!function", lambda _, node: _Function(node.value))


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


def _files(path: Path) -> Iterator[Path]:
    """The YAML, its includes, its functions' modules and its local data files; those may be missing."""
    yield path
    task = _parse(path)
    includes = task.get("include", [])
    for include in includes if isinstance(includes, list) else [includes]:
        yield from _files(path.parent / include)
    for value in _leaves(task):
        if isinstance(value, _Function):
            yield path.parent / (value.rpartition(".")[0].replace(".", "/") + ".py")
    yield from _data_files(task)


def _data_files(task: Mapping[str, Any]) -> Iterator[Path]:
    if task.get("dataset_path") in LOCAL:
        for value in _leaves((task.get("dataset_kwargs") or {}).get("data_files")):
            if isinstance(value, str) and "://" not in value and "*" not in value:
                yield Path(value)


def _require_data(path: Path) -> None:
    for file in _data_files(_parse(path)):
        if not file.is_file():
            raise ValueError(f"{path}: no data file {file}; start in the repository's folder, and make the data first")


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
