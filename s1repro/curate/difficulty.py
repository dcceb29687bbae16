"""The difficulty filter (section 2.2): drop what a solver answers right by itself.

Solvers are models that were not tuned on the traces, such as the one that will be. The first is asked all rows, each
further one those that no solver before it got right. A grade that a row brings along counts, and is not asked for
again. A row whose solution states no answer, such as a proof, cannot be graded offline: nobody is asked, and it is
neither easy nor proven hard.

Answers go into a journal as they come, each under a hash of model, prompt, limit and temperature: a restart asks only
what is not there, and a changed pool or seed does not ask again.

    solvers = line_up(config)
    hard = await hard_rows(rows, solvers, open_engine, journal, concurrency=256)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from s1repro.artifacts import Journal
from s1repro.crowd import each
from s1repro.curate.funnel import Dropped, Filtered
from s1repro.curate.solvers import Solver, solved
from s1repro.curate.verdict import is_gradable
from s1repro.progress import Progress
from s1repro.records import Row

if TYPE_CHECKING:
    from s1repro.engines.base import Engine

UNGRADABLE = "not gradable offline: proof"
"""Why a row is neither easy nor proven hard."""


def grade_of(row: Row, solver: Solver, use_grades: bool) -> bool | None:
    """The solver's grade that the row brought along, None where there is none or it is not to be used."""
    return row.grades.get(f"solver{solver.number}") if use_grades else None


def to_ask(rows: Sequence[Row], solver: Solver, use_grades: bool) -> list[Row]:
    """The rows that only the solver itself can tell about: without its grade, and with an answer to compare."""
    return [row for row in rows if grade_of(row, solver, use_grades) is None and is_gradable(row)]


def gradable(rows: Sequence[Row], solvers: Sequence[Solver], use_grades: bool) -> Filtered:
    """Drop rows that not all solvers have a grade for, and whose solution states no answer to compare with.

    One that a grade finds easy is not among them.
    """
    kept, dropped = [], []
    for row in rows:
        grades = [grade_of(row, solver, use_grades) for solver in solvers]
        if any(grades) or None not in grades or is_gradable(row):
            kept.append(row)
        else:
            dropped.append(Dropped(row, UNGRADABLE))
    return Filtered(kept, dropped)


async def hard_rows(
    rows: Sequence[Row],
    solvers: Sequence[Solver],
    open_engine: Callable[[Solver], Engine],
    journal: Journal,
    concurrency: int,
    use_grades: bool = True,
) -> Filtered:
    """Rows that no solver answers right, those among them that nobody can be asked; at most `concurrency` at once.

    A solver's engine is opened when its first question has to be asked. Before another model's is, and in any case in
    the end, it is closed.
    """
    answers: dict[str, str] = {entry["key"]: entry["completion"] for entry in journal.read()}
    easy: dict[str, str] = {}
    running = _Running(open_engine)
    try:
        for solver in solvers:
            left = [row for row in rows if row.id not in easy]
            asked = to_ask(left, solver, use_grades)
            pending = [row for row in asked if solver.key(row.question) not in answers]
            if pending:
                engine = await running.on(solver)
                answers |= await _ask_all(engine, pending, solver, journal, concurrency)
            graded = [row for row in left if grade_of(row, solver, use_grades)]
            right = [row for row in asked if solved(row, solver, answers[solver.key(row.question)])]
            easy |= {row.id: f"too easy: solver {solver.number} was graded right" for row in graded}
            easy |= {row.id: f"too easy: solver {solver.number} answered right" for row in right}
    finally:
        await running.close()
    return Filtered(
        [row for row in rows if row.id not in easy],
        [Dropped(row, easy[row.id]) for row in rows if row.id in easy],
    )


def in_order(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A journal's entries in an order that does not depend on who answered first."""
    return sorted(entries, key=lambda entry: (entry["solver"], entry["id"], entry["key"]))


class _Running:
    """At most one engine at a time: two models need not fit the device together."""

    def __init__(self, open_engine: Callable[[Solver], Engine]) -> None:
        self._open = open_engine
        self._model = ""
        self._engine: Engine | None = None

    async def on(self, solver: Solver) -> Engine:
        """The engine on the solver's model: the running one, or a new one in its place."""
        if self._engine is None or solver.model != self._model:
            await self.close()
            self._engine, self._model = self._open(solver), solver.model
        return self._engine

    async def close(self) -> None:
        """Close what runs."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.close()


async def _ask_all(
    engine: Engine, rows: Sequence[Row], solver: Solver, journal: Journal, concurrency: int
) -> dict[str, str]:
    """Completions by key, each journalled when it is there; behind a failure nothing is begun."""
    answers: dict[str, str] = {}

    async def ask(row: Row) -> None:
        text, tokens = await _ask(engine, solver, row)
        key = solver.key(row.question)
        journal.append({"key": key, "solver": solver.number, "id": row.id, "completion": text})
        answers[key] = text
        progress.step(tokens)

    with Progress(len(rows), f"solver {solver.number}", early=len(rows) // 10) as progress:
        async with progress.watching(lambda: engine.under_way):
            await each(rows, ask, concurrency)
    return answers


async def _ask(engine: Engine, solver: Solver, row: Row) -> tuple[str, int]:
    """A solver's completion and its length in tokens. Its draw above temperature 0 depends on nothing but its key."""
    from s1repro.engines.base import Sampling, Stop  # pulls in transformers, which a finished stage does not need

    tokenizer = engine.tokenizer
    prompt = solver.prompt_ids(row.question, tokenizer)
    room = min(solver.max_tokens, engine.max_model_len - len(prompt))
    stop = Stop(() if tokenizer.eos_token_id is None else (tokenizer.eos_token_id,))
    sampling = Sampling(temperature=solver.temperature, seed=int(solver.key(row.question)[:7], 16))
    completion = await engine.complete(prompt, max_tokens=room, stop=stop, sampling=sampling)
    text = tokenizer.decode(list(completion.token_ids), skip_special_tokens=True)
    return str(text), len(completion.token_ids)
