"""The difficulty filter (section 2.2): drop what the untrained model answers right by itself.

Solvers are the base model under a plain text prompt and a token limit, greedy. The first sees all rows, each further
one those that no solver before it got right. Answers go into a journal as they come, each under a hash of model,
prompt and limit: a restart asks only what is not there, and a changed pool or seed does not ask again.

    solvers = pair(["Problem: {question}\\nFinal Answer:"], [16])
    hard = await hard_rows(rows, solvers, "data/demo/base", open_engine, journal, concurrency=256)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from s1repro.artifacts import Journal, fingerprint
from s1repro.curate.funnel import Dropped, Filtered
from s1repro.curate.verdict import matches
from s1repro.progress import Progress
from s1repro.records import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from s1repro.engines.base import Engine

MARK = "Result:"
"""Stands before the answer in a worked completion."""
MARKS = (MARK, "Answer:")
"""A prompt that ends in one of these asks for the answer at once."""


@dataclass(frozen=True)
class Solver:
    """One solver: the base model, `prompt` with `{question}` in it, and `max_tokens` to answer in.

    With `chat` the prompt is put as a user's turn, in the model's own chat template.
    """

    number: int
    prompt: str
    max_tokens: int
    chat: bool = False

    def ask(self, question: str) -> str:
        """The prompt's text for a question."""
        return self.prompt.replace("{question}", question)

    def prompt_ids(self, question: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
        """The prompt's ids. Raises `ValueError` where `chat` is asked of a tokenizer without a template."""
        text = self.ask(question)
        if not self.chat:
            ids: list[int] = tokenizer(text)["input_ids"]
            return ids
        if not tokenizer.chat_template:
            raise ValueError("selection.solver_chat is true, but the model's tokenizer has no chat template: set false")
        turn = [{"role": "user", "content": text}]
        templated = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
        return cast("list[int]", templated)


def pair(prompts: Sequence[str], tokens: Sequence[int], chat: bool = False) -> list[Solver]:
    """Solvers 1, 2, ... from the config's two lists.

    Raises `ValueError` for lists of different lengths, no solver, a prompt without `{question}` or a limit below 1.
    """
    if len(prompts) != len(tokens) or not prompts:
        raise ValueError(
            f"selection: {len(prompts)} solver_prompts and {len(tokens)} solver_tokens; give one of each a solver"
        )
    for number, (prompt, limit) in enumerate(zip(prompts, tokens, strict=True), start=1):
        if "{question}" not in prompt:
            raise ValueError(f"selection.solver_prompts: prompt {number} lacks {{question}}: {prompt!r}")
        if limit < 1:
            raise ValueError(f"selection.solver_tokens: solver {number} gets {limit} tokens; give 1 or more")
    return [Solver(number, prompts[number - 1], tokens[number - 1], chat) for number in range(1, len(prompts) + 1)]


def solved(row: Row, solver: Solver, completion: str) -> bool:
    """Whether a solver's completion is right.

    Under a prompt that ends in "Answer:" or "Result:" the completion's first line is the answer, else the line behind
    the completion's last "Result:". A completion without either is graded as a whole, like a teacher's attempt.
    """
    if solver.prompt.rstrip().endswith(MARKS):
        answer = completion
    elif MARK in completion:
        answer = completion.rpartition(MARK)[2]
    else:
        return matches(row, completion)
    line = next(iter(answer.strip().splitlines()), "").strip()
    return line != "" and matches(row, f"Answer: {line}")


async def hard_rows(
    rows: Sequence[Row],
    solvers: Sequence[Solver],
    model: str,
    open_engine: Callable[[], Engine],
    journal: Journal,
    concurrency: int,
) -> Filtered:
    """Rows that no solver answers right, at most `concurrency` asked at once.

    `model` stands for the weights, and whatever else shapes an answer, in the journal's keys. The engine is opened when
    the first question has to be asked and closed in any case.
    """
    answers: dict[str, str] = {entry["key"]: entry["completion"] for entry in journal.read()}
    engine: Engine | None = None
    easy: dict[str, int] = {}
    try:
        for solver in solvers:
            left = [row for row in rows if row.id not in easy]
            keys = {row.id: _key(row, solver, model) for row in left}
            pending = [row for row in left if keys[row.id] not in answers]
            if pending:
                engine = engine or open_engine()
                answers |= await _ask_all(engine, pending, solver, keys, journal, concurrency)
            easy |= {row.id: solver.number for row in left if solved(row, solver, answers[keys[row.id]])}
    finally:
        if engine is not None:
            await engine.close()
    return Filtered(
        [row for row in rows if row.id not in easy],
        [Dropped(row, f"too easy: solver {easy[row.id]} answered right") for row in rows if row.id in easy],
    )


def in_order(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A journal's entries in an order that does not depend on who answered first."""
    return sorted(entries, key=lambda entry: (entry["solver"], entry["id"], entry["key"]))


def _key(row: Row, solver: Solver, model: str) -> str:
    return fingerprint([model, solver.ask(row.question), solver.max_tokens, solver.chat])


async def _ask_all(
    engine: Engine,
    rows: Sequence[Row],
    solver: Solver,
    keys: dict[str, str],
    journal: Journal,
    concurrency: int,
) -> dict[str, str]:
    """Completions by key, each journalled when it is there; the first failure stops all."""
    answers: dict[str, str] = {}
    waiting = iter(rows)

    async def worker() -> None:
        for row in waiting:
            text, tokens = await _ask(engine, solver, row)
            journal.append({"key": keys[row.id], "solver": solver.number, "id": row.id, "completion": text})
            answers[keys[row.id]] = text
            progress.step(tokens)

    with Progress(len(rows), f"solver {solver.number}") as progress:
        workers = [asyncio.create_task(worker()) for _ in range(min(concurrency, len(rows)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
    return answers


async def _ask(engine: Engine, solver: Solver, row: Row) -> tuple[str, int]:
    """A solver's completion and its length in tokens; empty where the prompt leaves no room for an answer."""
    from s1repro.engines.base import Sampling, Stop  # pulls in transformers, which a finished stage does not need

    tokenizer = engine.tokenizer
    prompt = solver.prompt_ids(row.question, tokenizer)
    room = min(solver.max_tokens, engine.max_model_len - len(prompt))
    if room < 1:
        return "", 0
    stop = Stop(() if tokenizer.eos_token_id is None else (tokenizer.eos_token_id,))
    completion = await engine.complete(prompt, max_tokens=room, stop=stop, sampling=Sampling())
    text = tokenizer.decode(list(completion.token_ids), skip_special_tokens=True)
    return str(text), len(completion.token_ids)
