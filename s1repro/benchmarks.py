"""Benchmark questions from lm-eval task YAMLs: `<folder>/<name>.yaml` defines the task `<name>` (`data.evals`).

`curate` decontaminates against them and `evaluate` measures on them. Of a task (`s1repro.harness`) `description` and
`doc_to_text` behind it are the question, `doc_to_target` the reference, all as they are written. What lm-eval does not
know stands in the YAML's `metadata`:

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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from s1repro.artifacts import file_sha256, fingerprint
from s1repro.harness import FORMATS, chosen, filled, load_task, require_column, require_spelling
from s1repro.records import CHOICES, AnswerKind, Question
from s1repro.tasks import Function, data_files, read_task, require_understood, task_file, task_files


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
        return [str(filled(task, doc, "doc_to_text", path)) for doc in task.task_docs]
    require_column(column, "question", task, path)
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
    task = load_task(benchmark.name, benchmark.file, path, settings)
    for key in ("doc_to_text", "doc_to_target"):  # lm-eval would take a column that is not there for a text
        template = settings.get(key)
        if isinstance(template, str) and not isinstance(template, Function) and "{" not in template:
            require_column(template, key, task, path)
    count, found = _metadata(settings).get("count"), len(task.task_docs)
    if count is not None and found != count:
        source = benchmark.file or f"the data set {settings.get('dataset_path')}"
        raise ValueError(
            f"{path}: {source} has {found} questions, not the {count} of metadata.count; give the whole set "
            "(data.limit=N measures on a part of it), or correct the count if it is another set that you mean"
        )
    return path, task


def _question(task: Any, doc: Mapping[str, Any], number: str, metadata: Mapping[str, Any], path: Path) -> Question:
    for column in ("id", "domain"):
        if column in metadata:
            require_column(metadata[column], f"metadata.{column}", task, path)
    target = filled(task, doc, "doc_to_target", path)
    if task.config.doc_to_choice is not None:
        target = chosen(task, doc, target, f"{path}: question {number}")
    require_spelling(task, doc, metadata["kind"], f"{path}: question {number}")
    if not isinstance(target, str | int | float) or isinstance(target, bool) or not str(target).strip():
        raise ValueError(f"{path}: the reference of question {number} is {target!r}; doc_to_target must give one text")
    if metadata["kind"] == "choice" and str(target).strip().strip("()").upper() not in set(CHOICES):
        raise ValueError(
            f"{path}: the reference of question {number} is {target!r}; metadata.kind choice needs a letter from "
            f"{CHOICES[0]} to {CHOICES[-1]}"
        )
    text = filled(task, doc, "doc_to_text", path)
    if text is None or not str(text).strip():
        raise ValueError(f"{path}: question {number} is empty; doc_to_text must give a text")
    names = {name: doc.get(metadata.get(name, name)) for name in ("id", "domain")}
    return Question(
        id=number if names["id"] is None else str(names["id"]),
        text=f"{filled(task, doc, 'description', path)}{text}",
        reference=str(target),
        kind=metadata["kind"],
        domain="" if names["domain"] is None else str(names["domain"]),
    )


def _settings(path: Path) -> dict[str, Any]:
    """The task's settings, none of which would be dropped."""
    settings = read_task(path)
    require_understood(settings, path)
    return settings


def _metadata(task: Mapping[str, Any]) -> dict[str, Any]:
    return task.get("metadata") or {}
