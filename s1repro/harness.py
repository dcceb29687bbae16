"""lm-eval behind one door: a task object with its data set, what a task's settings give for each question, and its own
command line with one more model.

lm-eval is imported here only, and only when it is needed: it takes seconds. It finds the task, fetches a hub's
data set and runs the task's functions. Files of questions are read by `s1repro.written`, and templates are filled here,
because lm-eval makes lists of texts that look like one. Which settings a task may have is `s1repro.tasks`' business.

    task = load_task("demo", None, Path("evals/demo.yaml"), settings)
    filled(task, task.task_docs[0], "doc_to_target", Path("evals/demo.yaml"))      # "12"
    run_command_line("s1repro", make)       # as `lm_eval` on sys.argv, where --model s1repro asks what `make` makes
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from s1repro.reasons import whole_message
from s1repro.records import AnswerKind
from s1repro.written import OPTIONS, splits

FORMATS = {".jsonl": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv"}
"""What a file in place of a data set may end in, and who reads it."""
COMMIT = re.compile("[0-9a-f]{40}")
"""A commit's name; a branch has others."""


def load_task(name: str, file: str | None, path: Path, settings: Mapping[str, Any]) -> Any:
    """lm-eval's object of the task `name`, with the questions of `file` where there is one, or else its own.

    Raises `ValueError` for a task, a file or a data set that cannot be loaded, and a commit other than the pinned one.
    """
    import datasets
    from lm_eval.tasks import TaskManager

    source = _source(name, file, path, settings)
    # A group of one is lm-eval's way to override a task's settings.
    spec: Any = {"group": f"{name} of files", "task": [{"task": name, **source}]}
    bars, log = datasets.are_progress_bars_disabled(), logging.getLogger("lm_eval")
    datasets.disable_progress_bars()
    level = log.level
    log.setLevel(logging.ERROR)  # it warns of what it takes for granted
    try:
        manager = TaskManager(include_path=str(path.parent), include_defaults=False)
        tasks = manager.load(spec if source else name)["tasks"]
    except Exception as error:  # whatever a YAML, a template, a data set or a hub can do wrong
        raise ValueError(f"{path}: {_explain(error, name, file, settings)}") from error
    finally:
        log.setLevel(level)
        if not bars:
            datasets.enable_progress_bars()
    if list(tasks) != [name]:
        raise ValueError(f"{path}: defines {', '.join(tasks) or 'no task'}; write 'task: {name}'")
    _require_revision(tasks[name], path, settings)
    return tasks[name]


def _source(name: str, file: str | None, path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that have lm-eval take the files of this machine; none where it gets the data set itself."""
    import datasets
    import pyarrow

    kwargs = dict(settings.get("dataset_kwargs") or {})
    if file is not None:
        kind = FORMATS[Path(file).suffix]
        kwargs = {"data_files": {settings.get("test_split") or settings.get("validation_split"): file}}
    else:
        kind = str(settings.get("dataset_path"))
    if kind not in OPTIONS:
        taken = {"dataset_path": kind, "dataset_name": None, "dataset_kwargs": kwargs, "custom_dataset": None}
        return taken if file is not None else {}
    try:
        made = datasets.DatasetDict(
            {split: datasets.Dataset.from_dict(columns) for split, columns in splits(kind, kwargs).items()}
        )
    except (ValueError, TypeError, pyarrow.ArrowException) as error:
        told = _explain(error, name, file, settings) if file is not None else whole_message(error)
        raise ValueError(f"{path}: {told}") from error
    return {"custom_dataset": lambda **_: made, "dataset_kwargs": None}


def _explain(error: Exception, name: str, file: str | None, settings: Mapping[str, Any]) -> str:
    """What went wrong while loading, and what to do about it."""
    from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

    told = error.__cause__ if isinstance(error, DatasetGenerationError) and error.__cause__ else error
    reason = whole_message(told)
    hub, instead = settings.get("dataset_path"), f"give the questions as a file: data.files.{name}=PATH"
    if file is not None:
        return f"cannot be read from {file} ({reason}); it needs the columns of {hub}"
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
    files_of = getattr(task.dataset, "cache_files", {})  # a function of the task's may give any mapping
    cached = {Path(file["filename"]).parent.name for files in files_of.values() for file in files}
    commits = {name for name in cached if COMMIT.fullmatch(name)}  # datasets keeps each commit in a folder of its name
    if COMMIT.fullmatch(pinned) and commits and commits != {pinned}:
        raise ValueError(
            f"{path}: pins revision {pinned}, but the cache has {', '.join(sorted(commits))}; connect to a network once"
        )


def filled(task: Any, doc: Mapping[str, Any], key: str, path: Path) -> Any:
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
        raise ValueError(f"{path}: {key} cannot be filled ({whole_message(error)}); repair it") from error


def require_column(column: str, key: str, task: Any, path: Path) -> None:
    """Raise `ValueError` where the setting `key` names a column that is not there."""
    columns = getattr(task.task_docs, "column_names", None) or list(task.task_docs[0])
    if column not in columns:
        raise ValueError(
            f"{path}: {key} is {column!r}, a column the data set does not have; it has: {', '.join(columns)}"
        )


def chosen(task: Any, doc: Mapping[str, Any], target: Any, where: str) -> Any:
    """The choice that a number stands for; a column's text stands for itself."""
    template = task.config.doc_to_target
    is_template = isinstance(template, str) and template not in doc
    if not isinstance(target, int) and not (is_template and str(target).isdecimal()):
        return target
    try:
        return task.doc_to_choice(doc)[int(target)]
    except Exception as error:  # whatever a template, a function or a number can do wrong
        reason = whole_message(error)
        raise ValueError(f"{where}: doc_to_choice has no choice {target} ({reason}); repair it") from error


def require_spelling(task: Any, doc: Mapping[str, Any], kind: AnswerKind, where: str) -> None:
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


@dataclass(frozen=True)
class Asked:
    """A request of lm-eval's: what the model reads, and the task's `generation_kwargs`; `doc` is the question's row."""

    task: str
    number: int
    doc: Mapping[str, Any]
    text: str
    generation: Mapping[str, Any]


class Answering(Protocol):
    """A model that lm-eval asks for texts."""

    name: str
    template: str

    def answers(self, asked: Sequence[Asked], keep: Callable[[int, str], None]) -> list[str]:
        """A text for each request; `keep` gets its number and the text as soon as it is there."""
        ...

    def turn(self, history: Sequence[Mapping[str, str]], open_turn: bool) -> str:
        """What `text` is for a conversation; `open_turn` says that the model's turn begins behind it."""
        ...

    def facts(self) -> dict[str, Any]:
        """What the results say of the model."""
        ...


def run_command_line(name: str, make: Callable[..., Answering]) -> None:
    """lm-eval's own command line, on `sys.argv`, which knows the model `name` too: `make(**model_args)`."""
    from lm_eval.__main__ import cli_evaluate

    _registered(name, make)
    cli_evaluate()


@cache  # a name is registered once
def _registered(name: str, make: Callable[..., Answering]) -> None:
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model

    @register_model(name)
    class Model(LM):  # type: ignore[misc]  # lm-eval is not typed
        """What lm-eval calls, over what `make` makes."""

        def __init__(self, **arguments: Any) -> None:
            super().__init__()
            self._model = make(**arguments)

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            for one in requests:
                if len(one.args) != 2:
                    raise ValueError(f"task {one.task_name}: has pictures or sounds; this model reads texts")

            def keep(index: int, text: str) -> None:
                self.cache_hook.add_partial("generate_until", requests[index].args, text)

            return self._model.answers([Asked(r.task_name, r.doc_id, r.doc, *r.args) for r in requests], keep)

        def loglikelihood(self, requests: Sequence[Any]) -> Any:
            names = ", ".join(sorted({str(one.task_name) for one in requests}))
            raise ValueError(
                f"task {names}: ranks given answers by their likelihood, and {name} writes answers; choose tasks whose "
                "output_type is generate_until"
            )

        loglikelihood_rolling = loglikelihood

        def apply_chat_template(
            self, chat_history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True
        ) -> str:
            return self._model.turn(chat_history, add_generation_prompt)

        def chat_template(self, chat_template: bool | str = False) -> str:
            if isinstance(chat_template, str):
                raise ValueError(f"--apply_chat_template {chat_template}: model.format is the template; give no name")
            return self._model.template

        @property
        def tokenizer_name(self) -> str:
            return self._model.name

        def get_model_info(self) -> dict[str, Any]:
            return self._model.facts()
