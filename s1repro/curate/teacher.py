"""Ask a teacher for thinking traces (section 2.1): each row without a trace is one question to a chat endpoint.

Replies go into a journal as they come, each under a hash of its request (model, messages, sampling), so that a run that
was killed, another selection or a larger `teacher.limit` asks nothing twice. They are kept as they came: how a reply is
split into trace and attempt can change without asking again. Where `teacher.reasoning` is `required` the first question
is asked alone, so that a teacher without is found out before the others are paid for.

A question without an answer after all tries is a failure of the teacher, as in the paper; an unfinished run asks it
again (of a finished one, delete the manifest). When `IN_A_ROW` questions fail with no success between, the server is
taken for broken and the run stops.

    with Journal(folder / "teacher.jsonl") as journal:
        taught = asyncio.run(answer(rows, config.teacher, journal))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from s1repro.artifacts import Journal, fingerprint
from s1repro.crowd import each
from s1repro.curate.funnel import Dropped, Filtered
from s1repro.curate.replies import Answer, Reply, marks_thinking, read_reply, split
from s1repro.endpoint import Address, Endpoint, Fault
from s1repro.progress import Progress
from s1repro.records import Row
from s1repro.settings.teacher import OpenaiTeacher

IN_A_ROW = 5
"""Failures without a success between that end the run."""


@dataclass(frozen=True)
class Bill:
    """What replies cost: tokens as the server counts them, and dollars at the prices of the settings."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0

    def plus(self, reply: Reply, settings: OpenaiTeacher) -> Bill:
        """The bill with one more reply on it."""
        price = reply.prompt_tokens * settings.prompt_price + reply.completion_tokens * settings.completion_price
        return Bill(
            self.prompt_tokens + reply.prompt_tokens,
            self.completion_tokens + reply.completion_tokens,
            self.dollars + price / 1e6,
        )

    def __str__(self) -> str:
        priced = f", ${self.dollars:,.2f}" if self.dollars else ""
        return f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens{priced} so far"


@dataclass(frozen=True)
class Taught:
    """The rows with the teacher's traces, those it failed on dropped; how many were asked; what all replies cost."""

    rows: Filtered
    asked: int
    bill: Bill

    @property
    def tried(self) -> list[Row]:
        """All rows, those that the teacher failed on without a trace."""
        return self.rows.kept + [drop.row for drop in self.rows.dropped]

    def facts(self) -> dict[str, int]:
        """For the manifest: without prices, which are the day's."""
        tokens = {"prompt_tokens": self.bill.prompt_tokens, "completion_tokens": self.bill.completion_tokens}
        return {"asked": self.asked, "failed": len(self.rows.dropped), **tokens}

    def __str__(self) -> str:
        return f"teacher: asked {self.asked:,}, failed on {len(self.rows.dropped):,}; {self.bill}"


def unanswered(row: Row) -> bool:
    """Whether the row is one to ask: without a trace."""
    return not row.trace.strip()


def within_limit(rows: Sequence[Row], limit: int, seed: int) -> Filtered:
    """At most `limit` of the rows to ask, all where it is 0; rows that bring a trace stay.

    The choice is uniform, seeded and nested: a larger limit keeps those of a smaller one.
    """
    asked = sorted((row.id for row in rows if unanswered(row)), key=lambda id: fingerprint([seed, id]))
    left_out = set(asked[limit:] if limit else [])
    return Filtered(
        [row for row in rows if row.id not in left_out],
        [Dropped(row, f"not asked: teacher.limit is {limit}") for row in rows if row.id in left_out],
    )


def request(question: str, settings: OpenaiTeacher) -> dict[str, Any]:
    """The request's body; what is null is left out, so that `teacher.extra` can take a setting away."""
    system = [{"role": "system", "content": settings.system}] if settings.system else []
    body = {
        "model": settings.model,
        "messages": [*system, {"role": "user", "content": settings.prompt.replace("{question}", question)}],
        "max_tokens": settings.max_tokens,
        "temperature": settings.temperature,
        "seed": settings.seed,
        **settings.extra,
    }
    return {name: value for name, value in body.items() if value is not None}


def address(settings: OpenaiTeacher) -> Address:
    """Where the questions go."""
    return Address(
        base=settings.base_url,
        path="/chat/completions",
        model=settings.model,
        group="teacher",
        setting="base_url",
        key_env=settings.key_env,
        timeout=settings.timeout,
        retries=settings.retries,
        connections=settings.concurrency,
    )


def shaping(settings: OpenaiTeacher) -> list[object]:
    """What of the settings shapes the answers, for the stage's fingerprint."""
    return [request("{question}", settings), settings.reasoning, settings.limit]


async def answer(rows: Sequence[Row], settings: OpenaiTeacher, journal: Journal) -> Taught:
    """All rows, those without a trace asked. Raises `ValueError` where the teacher as a whole does not do."""
    bodies = {row.id: request(row.question, settings) for row in rows if unanswered(row)}
    keys = {id: fingerprint(body) for id, body in bodies.items()}
    asking = _Asking(settings, journal, set(keys.values()))
    await asking.all({keys[id]: (id, body) for id, body in bodies.items()})
    kept: list[Row] = []
    dropped: list[Dropped] = []
    for row in rows:
        given = asking.answer(keys[row.id]) if row.id in keys else None
        if given is None:
            kept.append(row)
        elif given.failure:
            dropped.append(Dropped(row, f"teacher failure: {given.failure}"))
        else:
            others = {
                name: right for name, right in row.grades.items() if name != "teacher"
            }  # that was another attempt
            kept.append(replace(row, thinking_trajectories=(given.trace,), attempt=given.attempt, grades=others))
    return Taught(Filtered(kept, dropped), len(keys), asking.bill)


def in_order(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A journal's entries, the last of each key, in an order that does not depend on who answered first."""
    return sorted({entry["key"]: entry for entry in entries}.values(), key=lambda entry: (entry["id"], entry["key"]))


class _Asking:
    """The questions with these keys: what came for them, what failed, and whether the server is still of use."""

    def __init__(self, settings: OpenaiTeacher, journal: Journal, keys: set[str]) -> None:
        self.bill = Bill()
        self._settings, self._journal = settings, journal
        self._replies: dict[str, Reply] = {}
        self._failures: dict[str, str] = {}
        self._successes = self._in_a_row = self._retries = 0
        for entry in journal.read():
            if entry["key"] in keys:
                self._enter(entry)
        self._failed_before = set(self._failures)

    def answer(self, key: str) -> Answer:
        """What came of a question once all were asked."""
        if key not in self._replies:
            return Answer(failure=self._failures[key])
        reply = self._replies[key]
        plain = self._settings.reasoning == "required" and not marks_thinking(reply)
        return Answer(failure="no reasoning content") if plain else split(reply)

    async def all(self, questions: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        """Ask those without a reply, `(row's id, request)` by key; a `ValueError` stops all."""
        pending = [(key, *asked) for key, asked in questions.items() if key not in self._replies]
        if not pending:
            return
        waiting = iter(pending)
        with Progress(len(pending), "teacher") as self._progress:
            self._progress.note = str(self.bill)
            async with Endpoint(address(self._settings), read_reply, self._asked_again) as self._endpoint:
                if self._settings.reasoning == "required":
                    await self._one(*next(waiting))
                await each(waiting, lambda question: self._one(*question), self._settings.concurrency)
        if not self._replies:
            raise ValueError(f"teacher: no question got an answer from {self._endpoint.url} (last: {self._last})")

    async def _one(self, key: str, id: str, body: dict[str, Any]) -> None:
        """Ask one question, and enter what comes of it."""
        before = self._successes
        try:
            reply = await self._endpoint.ask(body)
        except Fault as fault:
            entry: dict[str, Any] = {"key": key, "id": id, "failure": fault.reason}
            self._last = fault
            # Under way while another succeeded, or failed in an earlier run already: no sign of a broken server.
            self._in_a_row += before == self._successes and key not in self._failed_before
        else:
            entry = {"key": key, "id": id, **asdict(reply)}
            self._successes += 1
            self._in_a_row = 0
        self._journal.append(entry)
        self._enter(entry)
        self._progress.note = str(self.bill)
        self._progress.step(entry.get("completion_tokens", 0))
        if self._in_a_row == IN_A_ROW:
            raise ValueError(
                f"teacher: {IN_A_ROW} questions in a row got no answer from {self._endpoint.url} "
                f"(last: {self._last}); a rerun asks only what has no answer yet"
            )
        if self._successes == 1 and "failure" not in entry:
            self._require_thinking(reply)

    def _enter(self, entry: dict[str, Any]) -> None:
        """Take in a line of the journal; a reply stands for good, a failure until a reply comes."""
        key = entry["key"]
        if "failure" in entry:
            self._failures[key] = entry["failure"]
        else:
            self._replies[key] = Reply(**{field.name: entry[field.name] for field in fields(Reply)})
            self.bill = self.bill.plus(self._replies[key], self._settings)

    def _require_thinking(self, reply: Reply) -> None:
        cut = reply.finish == "length"  # perhaps before its thinking showed
        if self._settings.reasoning == "required" and not cut and not marks_thinking(reply):
            raise ValueError(
                f"teacher: {self._settings.model} answers without reasoning content (no reasoning_content, no "
                f"reasoning, no <think>); start its server with a reasoning parser, ask a reasoning model, or take "
                f"plain text with teacher.reasoning=auto"
            )

    def _asked_again(self, fault: Fault) -> None:
        self._retries += 1
        self._progress.say(f"{self.bill}, {self._retries} asked again (last: {fault.reason})")
