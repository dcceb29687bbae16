"""The stage `draft`: a checkpoint gets an EAGLE-3 head.

Reads `checkpoint` and the questions of `curated`; writes `runs/<name>/draft/`: `head/`, a folder that vLLM drafts with,
`log.jsonl`, and `manifest.json`, last. Killed at any moment and started again it goes on: rows that are in stay, also
where the head's settings or the number of questions change, hidden states stay too, and training continues at its
newest whole epoch. States that the disk has no room for are refused before they are written.

    run(config)     # or: python -m s1repro.draft recipe=demo
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s1repro.artifacts import Journal, file_sha256, fingerprint, finish, is_done, read_jsonl, stage_folder
from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.curated import curated_set
from s1repro.engines.base import EngineSettings
from s1repro.pretrained import local_folder, model_mark, require_model
from s1repro.records import Question
from s1repro.trained import require_format

if TYPE_CHECKING:
    from s1repro.draft.rows import Plan, Row
    from s1repro.engines import Engine

Load = Callable[[EngineSettings, str, bool, str], "Engine"]
"""Starts an engine, as `s1repro.engines.load_engine` does."""


def run(config: Config, load: Load | None = None) -> None:
    """Make the head, or say that it is there.

    Raises `ValueError` where checkpoint or questions are missing, and for a checkpoint that was trained in another
    format: what it says in this one is not what it will be measured on.
    """
    folder = stage_folder(config.runs, config.name, "draft")
    told = {
        "checkpoint": model_mark(config.checkpoint, "checkpoint", config.checkpoint_revision),
        "format": config.model.format,
        "questions": file_sha256(curated_set(config.curated)),
        "method": config.method.identity(),
        "points": [config.method.traces(config.engine.max_model_len)],
        "draft": config.draft,
        "seed": config.seed,
    }
    mark = fingerprint(told)
    if is_done(folder, mark):
        print(f"draft: done already, {folder}")
        return
    said = fingerprint({**told, "draft": [config.draft.draws, config.draft.temperature]})  # what shapes a row
    rows = _make(config, folder, folder / f"rows-{said}.jsonl", folder / f"state-{mark}", load)
    finish(folder, mark, ["head", "log.jsonl"], {"rows": len(rows), "tokens": sum(len(row.ids) for row in rows)})
    for old in folder.glob("state-*"):
        shutil.rmtree(old)
    for old in folder.glob("rows-*.jsonl"):
        old.unlink()
    print(f"draft: a head trained on {len(rows)} rows, {folder / 'head'}")


def _make(config: Config, folder: Path, journal: Path, state: Path, load: Load | None) -> Sequence[Row]:
    """Rows into `journal`, their states and the training into `state`, the head into `folder`; the rows.

    Journal and state are named by their inputs: nothing goes on from what was made otherwise.
    """
    trusted, length = config.model.trust_remote_code, config.engine.max_model_len
    hf_config = require_model(config.checkpoint, length, trusted, config.checkpoint_revision)
    if not config.model.other_format:
        require_format(config.checkpoint, FORMATS[config.model.format], config.checkpoint_revision)
    # Heavy imports come after that: a finished stage and a missing model answer at once.
    from s1repro.draft.room import at_most, require_memory, require_room
    from s1repro.draft.rows import plan
    from s1repro.draft.states import head_layers, missing_states, token_bytes

    text = hf_config.get_text_config()
    layers = head_layers(text.num_hidden_layers)
    each = token_bytes(text.hidden_size, layers)
    require_memory(hf_config, trusted)
    plans = plan(config, read_questions(Path(config.curated)))
    print(at_most(len(plans), length, each, folder))
    rows = _rows(config, plans, journal, load)
    asked = len({one.question.id for one in plans})
    require_room(rows, missing_states(rows, state / "hidden_states"), each, folder, asked)
    _train(config, rows, layers, text.vocab_size, folder, state)
    return rows


def read_questions(path: Path) -> list[Question]:
    """The questions of a curated set, whose ids name their rows in the journal.

    Raises `ValueError`, with file and line, where a row has no question, or the id of another one.
    """
    questions, lines = [], dict[str, int]()
    for line, row in read_jsonl(path):
        if not isinstance(row.get("question"), str) or not row["question"].strip():
            raise ValueError(f"{path}:{line}: field 'question' must be a string; run the curate stage again")
        id = str(line if row.get("id") is None else row["id"])
        if id in lines:
            raise ValueError(f"{path}:{line}: id {id!r} is taken by line {lines[id]}; give each row its own id")
        lines[id] = line
        questions.append(Question(id, row["question"], "", "exact", ""))
    return questions


def _rows(config: Config, plans: Sequence[Plan], path: Path, load: Load | None) -> list[Row]:
    """The rows of `plans`, in their order, after making those that are not in yet."""
    from s1repro.draft.rows import Row, write_rows
    from s1repro.engines import load_engine

    with Journal(path) as journal:
        lines = journal.read()
        made = {line["key"]: Row(line["key"], line["prompt_tokens"], tuple(line["ids"])) for line in lines}

        def keep(row: Row) -> None:
            journal.append(row.to_json())
            made[row.key] = row

        async def work(missing: Sequence[Plan]) -> None:
            trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
            engine = (load or load_engine)(config.engine, config.checkpoint, trusted, revision)
            try:
                fmt = FORMATS[config.model.format].bind(engine.tokenizer)
                await write_rows(engine, fmt, config, missing, keep)
            finally:
                await engine.close()

        if missing := [one for one in plans if one.key not in made]:
            asyncio.run(work(missing))
    return [made[one.key] for one in plans]


def _train(
    config: Config, rows: Sequence[Row], layers: Sequence[int], vocab_size: int, folder: Path, state: Path
) -> None:
    """Hidden states, then the head; the folder `head` is whole or the one before."""
    from s1repro.draft.head import train_head
    from s1repro.draft.states import write_states

    trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
    write_states(config.checkpoint, rows, layers, state / "hidden_states", trusted, revision)
    best = train_head(
        local_folder(config.checkpoint, revision),
        rows,
        state,
        layers=layers,
        settings=config.draft,
        seed=config.seed,
        vocab_size=vocab_size,
    )
    part, head = folder / "head.part", folder / "head"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(best / name, part / name)
    shutil.rmtree(head, ignore_errors=True)
    part.rename(head)
    shutil.copy(state / "log.jsonl", folder / "log.jsonl")
