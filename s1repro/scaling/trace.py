"""One thinking trace for many budgets: grown once, cut for each (section 3.1).

A trace cut at 512 tokens is a prefix of the one cut at 1,024, and a trace with one Wait is a prefix of the one with
two. So the trace is grown in rounds, a request each: to the largest cap that still needs it, or to an end of thinking,
and on from there with a Wait for the budgets that ask for one. A budget is settled by the round in which it is spent,
or in which thinking ends with none of its Waits left; its trace is handed out at once, while the others grow on.

    async for index, thinking in grow(prompt, budgets, caps):
        ...                                  # budgets[index] thinks `thinking.token_ids`

Greedy or not, what a budget gets does not depend on which other budgets are grown with it: requests differ in
`max_tokens` alone. What follows a trace is `s1repro.scaling.forcing`.

Behind a Wait a model may not end again with its first token: what the public code asks of vLLM with `min_tokens=1`, so
that ending is suppressed even where nothing is put in its place (Table 4, "without string"). The public code's harness
does so at the first token of a trace too; here that is free, as it is there without Waits, and the budgets of a sweep
share it. A delimiter of several tokens is not suppressed: the public code takes none with Waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from s1repro.chat import BoundFormat
from s1repro.engines.base import Completion
from s1repro.engines.stopping import find_stop
from s1repro.records import Finish
from s1repro.scaling.budget import Budget
from s1repro.scaling.loops import loop_end
from s1repro.scaling.prompt import Prompt

_SEED_STRIDE = 1_000_003
"""Between the seeds of two requests of one trace."""

_WATCHED = 256
"""Tokens between two looks for a loop."""


@dataclass(frozen=True)
class Thinking:
    """A thinking trace that has ended.

    `token_ids` holds `sampled_tokens` sampled and `injected_tokens` injected ones (the Waits). `closed` says that the
    model itself wrote the end of thinking, so that the text which closes a trace is already there. `discarded_tokens`
    were sampled behind a loop, or a delimiter that two requests spelt together, by a request that did not know of it:
    as many as for this budget alone, whatever others have the trace sample.
    """

    token_ids: tuple[int, ...]
    sampled_tokens: int
    injected_tokens: int
    waits_used: int
    finish: Finish
    closed: bool
    discarded_tokens: int = 0


@dataclass(frozen=True)
class _Round:
    """Why a round ended, `end` tokens into the trace.

    `stop_ids` were sampled behind them to say so: a budget that has no room for these is spent before it ends. The
    last request had sampled `reached` tokens into the trace when that was seen.
    """

    end: int
    stop_ids: tuple[int, ...]
    finish: Finish
    reached: int


async def grow(prompt: Prompt, budgets: Sequence[Budget], caps: Sequence[int]) -> AsyncIterator[tuple[int, Thinking]]:
    """Grow one trace; yields (index, its thinking) for each budget as soon as it is settled.

    `caps` are the budgets' thinking tokens. All budgets take the same Waits and watch for the same loops: `ValueError`
    where they do not, and where there are none.
    """
    if not budgets:
        raise ValueError("a sweep without budgets has nothing to grow a trace for: give at least one")
    if len({(budget.wait_strings, budget.loop_repeats) for budget in budgets}) > 1:
        raise ValueError("budgets of one sweep need the same wait_string and the same loop_repeats")
    wait_strings = [prompt.fmt.piece_ids(text) for text in budgets[0].wait_strings] or [()]
    trace = _Trace(prompt, budgets[0].loop_repeats)
    ids = trace.ids
    injected = waits_used = 0
    discarded = [0] * len(budgets)
    going = list(range(len(budgets)))
    while going:
        ended = await trace.think(max(caps[index] for index in going), min_tokens=1 if waits_used else 0)
        sampled_ids = [*ids, *ended.stop_ids]
        wait_ids = wait_strings[waits_used % len(wait_strings)]
        settled, going, still = [], [], going
        for index in still:
            cap = caps[index]
            in_time = len(sampled_ids) <= cap and ended.finish != "budget"
            discarded[index] += max(0, min(ended.reached, cap) - len(sampled_ids))
            wants_wait = in_time and ended.finish != "loop" and waits_used < budgets[index].waits
            # After a Wait there must be room for at least one token of thought.
            if wants_wait and ended.end + len(wait_ids) < cap:
                going.append(index)
                continue
            cut = ended.end if in_time else cap
            thinking = Thinking(
                token_ids=tuple(sampled_ids[:cut]),
                sampled_tokens=cut - injected,
                injected_tokens=injected,
                waits_used=waits_used,
                finish=ended.finish if in_time and not wants_wait else "budget",
                closed=in_time and ended.finish in ("natural", "steps"),
                discarded_tokens=discarded[index],
            )
            settled.append((index, thinking))
        for each in settled:
            yield each
        ids.extend(wait_ids)
        injected += len(wait_ids)
        waits_used += 1


class _Trace:
    """A trace that grows: its `ids`, and how many requests it took."""

    def __init__(self, prompt: Prompt, loop_repeats: int) -> None:
        self.ids: list[int] = []
        self._prompt = prompt
        self._loop_repeats = loop_repeats
        self._requests = 0

    async def think(self, limit: int, min_tokens: int) -> _Round:
        """Sample until a stop, a loop or `limit` tokens of the whole trace; what is sampled is appended to `ids`.

        No stop token is among the first `min_tokens`.
        """
        ids, start = self.ids, len(self.ids)
        while len(ids) < limit:
            room = limit - len(ids)
            # The requests of one sample need seeds of their own.
            prompt = self._prompt.reseeded(self._requests * _SEED_STRIDE)
            self._requests += 1
            asked = min(room, _WATCHED) if self._loop_repeats else room
            completion = await prompt.complete(ids, asked, max(0, min_tokens - (len(ids) - start)))
            ids.extend((*completion.token_ids, *completion.stop_ids))
            if ended := ending(prompt.fmt, ids[start:], completion, self._loop_repeats):
                end, reached = start + ended.kept, len(ids)
                stop_ids = tuple(ids[end : start + ended.end])
                del ids[end:]
                return _Round(end, stop_ids, ended.finish, reached)
        return _Round(len(ids), (), "budget", len(ids))


@dataclass(frozen=True)
class Ending:
    """Where thinking ends in what was said: `kept` tokens stay, those from there to `end` say that it is over."""

    kept: int
    end: int
    finish: Finish


def ending(fmt: BoundFormat, said: Sequence[int], completion: Completion, loop_repeats: int) -> Ending | None:
    """The first end of thinking in `said`, which ends with `completion` and what stopped it; None where it goes on.

    `said` is all since the last Wait: a delimiter or a loop that one request began may be completed by the next, which
    does not know of it and goes on behind it. What comes before `completion` was looked at, and goes on.
    """
    first = None
    if fmt.stop_strings and (found := find_stop(fmt.tokenizer, said, fmt.stop_strings)):
        first = Ending(found.kept, found.end, "steps" if found.string in fmt.spent_strings else "natural")
    elif completion.finish_reason == "stop":
        closed = completion.stop_token in fmt.stop_ids
        first = Ending(len(said) - len(completion.stop_ids), len(said), "natural" if closed else "turn_end")
    seen = len(said) - len(completion.token_ids) - len(completion.stop_ids)
    if loop_repeats and (end := loop_end(said[: first.end - 1] if first else said, loop_repeats, seen)):
        return Ending(end, end, "loop")
    return first
