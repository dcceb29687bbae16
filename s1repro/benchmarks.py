"""Benchmark questions from lm-eval task YAMLs: `evals/<name>.yaml` defines the task `<name>`.

`curate` decontaminates against them and `evaluate` measures on them. lm-eval (imported here only, and only when a
benchmark is loaded) gets the data set and fills the templates: `description` and `doc_to_text` behind it are the
question, `doc_to_target` the reference, all as written (`s1repro.written` reads JSON and CSV files; a text that looks
like a list is a text). What lm-eval does not know stands in the YAML's `metadata`:

    metadata:
      kind: math          # how answers are compared: exact, math or choice
      count: 500          # how many questions there are; a data set of another size is refused
      id: unique_id       # the column that names a question (default: id, or else the question's number)
      domain: subject     # the column with its subject (default: domain, or else empty)
      question: Question  # the column with the bare question, where doc_to_text adds to it (choices)

A hub data set needs a network once and is then cached; `revision` in `dataset_kwargs` pins its commit. A file of this
machine takes its place with `Benchmark.file`, and `Benchmark.limit` takes an even sample, which has a name of its own.
Scoring by lm-eval's own metrics and few-shot prompts are not covered, and refused (`s1repro.tasks`).

    load_benchmark(Benchmark("demo"))[0]    # Question(id="d001", text="...", reference="12", kind="exact", domain="11")
    Benchmark("math500", limit=200).label   # "math500[200]"
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from s1repro.artifacts import file_sha256, fingerprint
from s1repro.records import AnswerKind, Question
from s1repro.tasks import Function, data_files, read_task, require_understood, task_file, task_files
from s1repro.written import OPTIONS, splits

FORMATS = {".jsonl": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv"}
"""What `Benchmark.file` may end in, and who reads it."""
COMMIT = re.compile("[0-9a-f]{40}")
"""A commit's name; a branch has others."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as a stage asks for it.

    `file` is read in place of the task's data set; `limit` takes so many of its questions (None: all), evenly spread
    over the set and always the same.
    """

    name: str
    file: str | None = None
    limit: int | None = None
    folder: str = "evals"

    @property
    def label(self) -> str:
        """Its name in every result: a sample of it never passes for the whole."""
        return self.name if self.limit is None else f"{self.name}[{self.limit}]"


def listed(
    names: Sequence[str], files: Mapping[str, str], limit: int | None = None, folder: str = "evals"
) -> list[Benchmark]:
    """The benchmarks of `data.benchmarks`, `data.files` and `data.limit`; a set no larger than the limit is whole.

    Raises `ValueError` for a file of a benchmark that is not asked for, or a limit where a task declares no count.
    """
    unasked = [name for name in files if name not in names]
    if unasked:
        raise ValueError(f"data.files.{unasked[0]}: not in data.benchmarks, which has: {', '.join(names)}")
    benchmarks = []
    for name in names:
        path = task_file(name, folder)
        count: Any = _metadata(_settings(path)).get("count")
        if limit is not None and count is None:
            raise ValueError(f"{path}: data.limit needs metadata.count; write how many questions there are")
        part = limit if limit is not None and limit < count else None
        benchmarks.append(Benchmark(name, files.get(name), part, folder))
    return benchmarks


def load_benchmark(benchmark: Benchmark) -> list[Question]:
    """The questions, in the data set's order.

    Raises `ValueError` for an unknown name, a task or file that lm-eval cannot load, a missing or wrong `kind`, another
    count or commit than declared, a missing column, a reference that is not one text, and a repeated id.
    """
    path, task = _loaded(benchmark)
    metadata = _metadata(_settings(path))
    if metadata.get("kind") not in get_args(AnswerKind):
        raise ValueError(f"{path}: metadata.kind is {metadata.get('kind')!r}; give exact, math or choice")
    questions = [
        _question(task, doc, f"{benchmark.name}-{number}", metadata, path) for number, doc in enumerate(task.task_docs)
    ]
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise ValueError(f"{path}: id {question.id!r} occurs twice; name another column in metadata.id")
        seen.add(question.id)
    taken = len(questions) if benchmark.limit is None else benchmark.limit
    return [questions[position * len(questions) // taken] for position in range(taken)]


def bare_questions(benchmark: Benchmark) -> list[str]:
    """The texts of *all* its questions, whatever the limit, without choices: what a training set must not hold."""
    path, task = _loaded(benchmark)
    column = _metadata(_settings(path)).get("question")
    if column is None:
        return [str(_filled(task, doc, "doc_to_text", path)) for doc in task.task_docs]
    _require_column(column, "question", task, path)
    return [str(doc[column]) for doc in task.task_docs]


def benchmark_fingerprint(benchmark: Benchmark) -> str:
    """16 hex digits that change with the YAML, the files it includes, its functions' modules and its local data.

    Does not import lm-eval, so a stage finds out cheaply that it has nothing to do. The limit is not in it, as samples
    have it in their benchmark's name. Raises `ValueError` for an unknown name or a missing file.
    """
    path = task_file(benchmark.name, benchmark.folder)
    files = [file for file in dict.fromkeys(task_files(path)) if file.is_file()]
    return fingerprint([file_sha256(file) for file in [*files, *_local_files(benchmark, path)]])


def _local_files(benchmark: Benchmark, path: Path) -> list[Path]:
    """The files of this machine that hold the questions. Raises `ValueError` where one is not there."""
    if benchmark.file is not None:
        file = Path(benchmark.file)
        if not file.is_file():
            raise ValueError(f"data.files.{benchmark.name}: no file {file}")
        if file.suffix not in FORMATS:
            raise ValueError(f"data.files.{benchmark.name}: {file} is none of {', '.join(FORMATS)}; convert it")
        return [file]
    files = list(data_files(read_task(path)))
    for file in files:
        if not file.is_file():
            raise ValueError(f"{path}: no data file {file}; start in the repository's folder, and make the data first")
    return files


def _loaded(benchmark: Benchmark) -> tuple[Path, Any]:
    """The task's YAML and lm-eval's task object, with the data set that the YAML declares."""
    path = task_file(benchmark.name, benchmark.folder)
    _local_files(benchmark, path)
    settings = _settings(path)
    task = _load_task(benchmark, path, settings)
    for key in ("doc_to_text", "doc_to_target"):  # lm-eval would take a column that is not there for a text
        template = settings.get(key)
        if isinstance(template, str) and not isinstance(template, Function) and "{" not in template:
            _require_column(template, key, task, path)
    count, found = _metadata(settings).get("count"), len(task.task_docs)
    if count is not None and found != count:
        source = benchmark.file or f"the data set {settings.get('dataset_path')}"
        raise ValueError(
            f"{path}: {source} has {found} questions, not the {count} of metadata.count; give the whole set "
            "(data.limit=N measures on a part of it), or correct the count if it is another set that you mean"
        )
    _require_revision(task, path, settings)
    return path, task


def _load_task(benchmark: Benchmark, path: Path, settings: Mapping[str, Any]) -> Any:
    import datasets
    from lm_eval.tasks import TaskManager

    source = _source(benchmark, path, settings)
    # A group of one is lm-eval's way to override a task's settings.
    spec: Any = {"group": f"{benchmark.name} of files", "task": [{"task": benchmark.name, **source}]}
    bars, log = datasets.are_progress_bars_disabled(), logging.getLogger("lm_eval")
    datasets.disable_progress_bars()
    level = log.level
    log.setLevel(logging.ERROR)  # it warns of what it takes for granted
    try:
        manager = TaskManager(include_path=str(path.parent), include_defaults=False)
        tasks = manager.load(spec if source else benchmark.name)["tasks"]
    except Exception as error:  # whatever a YAML, a template, a data set or a hub can do wrong
        raise ValueError(f"{path}: {_explain(error, benchmark, settings)}") from error
    finally:
        log.setLevel(level)
        if not bars:
            datasets.enable_progress_bars()
    if list(tasks) != [benchmark.name]:
        raise ValueError(f"{path}: defines {', '.join(tasks) or 'no task'}; write 'task: {benchmark.name}'")
    return tasks[benchmark.name]


def _source(benchmark: Benchmark, path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that have lm-eval take the files of this machine; none where it gets the data set itself."""
    import datasets
    import pyarrow

    kwargs = dict(settings.get("dataset_kwargs") or {})
    if benchmark.file is not None:
        kind = FORMATS[Path(benchmark.file).suffix]
        kwargs = {"data_files": {settings.get("test_split") or settings.get("validation_split"): benchmark.file}}
    else:
        kind = str(settings.get("dataset_path"))
    if kind not in OPTIONS:
        taken = {"dataset_path": kind, "dataset_name": None, "dataset_kwargs": kwargs, "custom_dataset": None}
        return taken if benchmark.file is not None else {}
    try:
        made = datasets.DatasetDict(
            {split: datasets.Dataset.from_dict(columns) for split, columns in splits(kind, kwargs).items()}
        )
    except (ValueError, TypeError, pyarrow.ArrowException) as error:
        told = _explain(error, benchmark, settings) if benchmark.file is not None else " ".join(str(error).split())
        raise ValueError(f"{path}: {told}") from error
    return {"custom_dataset": lambda **_: made, "dataset_kwargs": None}


def _explain(error: Exception, benchmark: Benchmark, settings: Mapping[str, Any]) -> str:
    """What went wrong while loading, and what to do about it."""
    from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

    told = error.__cause__ if isinstance(error, DatasetGenerationError) and error.__cause__ else error
    reason = " ".join(str(told).split()) or type(told).__name__
    hub, instead = settings.get("dataset_path"), f"give the questions as a file: data.files.{benchmark.name}=PATH"
    if benchmark.file is not None:
        return f"cannot be read from {benchmark.file} ({reason}); it needs the columns of {hub}"
    if isinstance(error, ConnectionError):
        offline = ", as HF_HUB_OFFLINE forbids it" if os.environ.get("HF_HUB_OFFLINE") == "1" else ""
        return f"{hub} cannot be reached{offline}; it needs a network once and is then cached, or {instead}"
    if isinstance(error, DatasetNotFoundError) and "gated" in reason:
        return (
            f"{hub} is gated: log in to the hub, accept the licence on the page of the data set, and set HF_TOKEN to a "
            f"token of that account; or {instead}"
        )
    if isinstance(error, DatasetNotFoundError):
        return f"the hub does not give {hub} ({reason}); correct dataset_path or revision, or {instead}"
    return f"lm-eval cannot load this task ({reason}); repair it"


def _require_revision(task: Any, path: Path, settings: Mapping[str, Any]) -> None:
    """Raise `ValueError` where the data came from another commit than pinned, as a cache gives it without a network."""
    pinned = (settings.get("dataset_kwargs") or {}).get("revision", "")
    cached = {Path(file["filename"]).parent.name for files in task.dataset.cache_files.values() for file in files}
    commits = {name for name in cached if COMMIT.fullmatch(name)}  # datasets keeps each commit in a folder of its name
    if COMMIT.fullmatch(pinned) and commits and commits != {pinned}:
        raise ValueError(
            f"{path}: pins revision {pinned}, but the cache has {', '.join(sorted(commits))}; connect to a network once"
        )


def _question(task: Any, doc: Mapping[str, Any], number: str, metadata: Mapping[str, Any], path: Path) -> Question:
    for column in ("id", "domain"):
        if column in metadata:
            _require_column(metadata[column], f"metadata.{column}", task, path)
    target = _filled(task, doc, "doc_to_target", path)
    if task.config.doc_to_choice is not None:
        target = _chosen(task, doc, target, f"{path}: question {number}")
    _require_spelling(task, doc, metadata["kind"], f"{path}: question {number}")
    if not isinstance(target, str | int | float) or isinstance(target, bool) or not str(target).strip():
        raise ValueError(f"{path}: the reference of question {number} is {target!r}; doc_to_target must give one text")
    text = _filled(task, doc, "doc_to_text", path)
    if text is None or not str(text).strip():
        raise ValueError(f"{path}: question {number} is empty; doc_to_text must give a text")
    names = {name: doc.get(metadata.get(name, name)) for name in ("id", "domain")}
    return Question(
        id=number if names["id"] is None else str(names["id"]),
        text=f"{_filled(task, doc, 'description', path)}{text}",
        reference=str(target),
        kind=metadata["kind"],
        domain="" if names["domain"] is None else str(names["domain"]),
    )


def _filled(task: Any, doc: Mapping[str, Any], key: str, path: Path) -> Any:
    """What a setting gives for a question: the value of a column, a filled template, or what a function returns.

    Templates are filled here and stay texts; lm-eval would make a list of one that looks like it.
    """
    from lm_eval.utils import apply_template

    template = getattr(task.config, key)
    try:
        if template == "":
            return ""
        if isinstance(template, str) and template not in doc:
            return apply_template(template, dict(doc))
        return doc[template] if isinstance(template, str) else template(doc) if callable(template) else template
    except Exception as error:  # whatever a template or a function can do wrong
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: {key} cannot be filled ({reason}); repair it") from error


def _require_column(column: str, key: str, task: Any, path: Path) -> None:
    columns = task.task_docs.column_names
    if column not in columns:
        raise ValueError(
            f"{path}: {key} is {column!r}, a column the data set does not have; it has: {', '.join(columns)}"
        )


def _chosen(task: Any, doc: Mapping[str, Any], target: Any, where: str) -> Any:
    """The choice that a number stands for; a column's text stands for itself."""
    template = task.config.doc_to_target
    is_template = isinstance(template, str) and template not in doc
    if not isinstance(target, int) and not (is_template and str(target).isdecimal()):
        return target
    try:
        return task.doc_to_choice(doc)[int(target)]
    except Exception as error:  # whatever a template, a function or a number can do wrong
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{where}: doc_to_choice has no choice {target} ({reason}); repair it") from error


def _require_spelling(task: Any, doc: Mapping[str, Any], kind: AnswerKind, where: str) -> None:
    """Raise `ValueError` where a reference is made of a number of a hub's JSON or CSV, which comes without spelling.

    A mathematical answer keeps its value, up to 2^53.
    """
    builder = getattr(getattr(task.task_docs, "info", None), "builder_name", None)  # None for files that are read here
    for column in _columns_in(task.config.doc_to_target, doc):
        value = doc[column]
        loose = (builder == "csv" and type(value) is int) or (builder in ("csv", "json") and type(value) is float)
        if loose and (kind != "math" or abs(value) >= 2**53):
            raise ValueError(
                f"{where}: {column!r} is {value}, a number of a {builder} file which may be written otherwise; make it "
                "a text, or give the questions as a file of this machine (data.files), which is read as it is written"
            )


def _columns_in(template: object, doc: Mapping[str, Any]) -> set[str]:
    """The columns that a setting names, or its template uses; those of a function are not known."""
    from jinja2 import meta
    from lm_eval.utils import env

    if not isinstance(template, str):
        return set()
    return {template} if template in doc else meta.find_undeclared_variables(env.parse(template)) & doc.keys()


def _settings(path: Path) -> dict[str, Any]:
    """The task's settings, none of which would be dropped."""
    settings = read_task(path)
    require_understood(settings, path)
    return settings


def _metadata(task: Mapping[str, Any]) -> dict[str, Any]:
    return task.get("metadata") or {}
