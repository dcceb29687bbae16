"""One trace for many budgets: what each request asks for, when a budget is settled, and where thinking is cut."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Sequence

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, BoundFormat
from s1repro.encoding import plain_ids
from s1repro.engines import Sampling, ScriptedEngine
from s1repro.scaling import Budget, Prompt
from s1repro.scaling.trace import Thinking, grow

MODEL_LEN = 2000
PROMPT = [90, 91]


class World:
    """Traces of scripted rounds, in a format and a tokenizer that suits it."""

    def __init__(self, fmt: BoundFormat) -> None:
        self.fmt, self.tokenizer = fmt, fmt.tokenizer
        self.stop = fmt.stop_ids
        self.end = fmt.turn_end_ids[0]

    def ids(self, text: str) -> list[int]:
        return plain_ids(self.tokenizer, text)

    def rounds(self, *rounds: Iterable[int]) -> ScriptedEngine:
        """An engine that answers its n-th request with the n-th list."""
        replies = iter(rounds)
        return ScriptedEngine(self.tokenizer, lambda _: next(replies), MODEL_LEN)

    def trace(self, ids: Sequence[int]) -> ScriptedEngine:
        """An engine that says `ids` after the prompt, however many requests it takes, and 40 for ever after them."""

        def rest(prompt: tuple[int, ...]) -> Iterator[int]:
            return itertools.chain(ids[len(prompt) - len(PROMPT) :], itertools.repeat(40))

        return ScriptedEngine(self.tokenizer, rest, MODEL_LEN)

    def prompt(self, engine: ScriptedEngine) -> Prompt:
        return Prompt(engine, tuple(PROMPT), self.fmt, Sampling())

    def grow(self, engine: ScriptedEngine, *budgets: Budget) -> list[tuple[int, Thinking]]:
        async def all_of_them() -> list[tuple[int, Thinking]]:
            caps = [budget.max_thinking_tokens or MODEL_LEN // 2 for budget in budgets]
            return [each async for each in grow(self.prompt(engine), budgets, caps)]

        return asyncio.run(all_of_them())

    def think(self, engine: ScriptedEngine, budget: Budget) -> Thinking:
        ((_, thinking),) = self.grow(engine, budget)
        return thinking


@pytest.fixture
def qwen(qwen_tokenizer: PreTrainedTokenizerBase) -> World:
    return World(FORMATS["qwen"].bind(qwen_tokenizer))


@pytest.fixture
def plain(plain_tokenizer: PreTrainedTokenizerBase) -> World:
    """Where `</think>` is many tokens."""
    return World(FORMATS["llama-think"].bind(plain_tokenizer))


def asked(engine: ScriptedEngine) -> list[tuple[int, int]]:
    """How long the trace was at each request, and for how many tokens more it asked."""
    return [(len(request.prompt_ids) - len(PROMPT), request.max_tokens) for request in engine.requests]


def test_each_round_asks_for_the_largest_cap_that_still_needs_it(qwen: World) -> None:
    wait = len(qwen.ids("Wait"))
    engine = qwen.rounds([40, *qwen.stop], [41, 42, *qwen.stop], [43] * 9)
    budgets = Budget(500), Budget(90, waits=1), Budget(7, waits=2)
    settled = qwen.grow(engine, *budgets)
    assert asked(engine) == [(0, 500), (1 + wait, 89 - wait), (3 + 2 * wait, 4 - 2 * wait)]
    assert [(index, thinking.finish, thinking.waits_used) for index, thinking in settled] == [
        (0, "natural", 0),
        (1, "natural", 1),
        (2, "budget", 2),
    ]


def test_a_budget_is_handed_out_before_the_others_grow_on(qwen: World) -> None:
    engine = qwen.rounds([40, 41, *qwen.stop], [42] * 99)

    async def requests_at_each() -> list[tuple[int, int]]:
        budgets, caps = [Budget(9, waits=1), Budget(1), Budget(9)], [9, 1, 9]
        grown = grow(qwen.prompt(engine), budgets, caps)
        return [(index, len(engine.requests)) async for index, _ in grown]

    assert asyncio.run(requests_at_each()) == [(1, 1), (2, 1), (0, 2)]


def test_a_trace_is_cut_for_each_cap(qwen: World) -> None:
    engine = qwen.trace([41, 42, 43, 44, *qwen.stop])
    settled = dict(qwen.grow(engine, *(Budget(cap) for cap in (1, 3, 4, 5, 6))))
    assert [settled[index].token_ids for index in range(5)] == [
        (41,),
        (41, 42, 43),
        (41, 42, 43, 44),
        (41, 42, 43, 44),
        (41, 42, 43, 44),
    ]
    assert [settled[index].finish for index in range(5)] == ["budget", "budget", "budget", "natural", "natural"]
    assert [settled[index].closed for index in range(5)] == [False, False, False, True, True]
    assert len(engine.requests) == 1


def test_waits_are_taken_in_turn(qwen: World) -> None:
    first, second = qwen.ids("Wait"), qwen.ids("Alternatively")
    engine = qwen.rounds([40, *qwen.stop], [41, qwen.end], [42, *qwen.stop], [43, *qwen.stop])
    thinking = qwen.think(engine, Budget(60, waits=3, wait_string=("Wait", "Alternatively")))
    assert thinking.token_ids == (40, *first, 41, *second, 42, *first, 43)
    assert (thinking.sampled_tokens, thinking.injected_tokens) == (4, 2 * len(first) + len(second))
    assert (thinking.waits_used, thinking.finish, thinking.closed) == (3, "natural", True)


def test_an_empty_wait_goes_on_without_a_word(qwen: World) -> None:
    engine = qwen.rounds(qwen.stop, [41, *qwen.stop], [40, qwen.end])
    thinking = qwen.think(engine, Budget(9, waits=2, wait_string=""))
    assert thinking == Thinking((41, 40), 2, 0, 2, "turn_end", closed=False)
    assert len({request.sampling.seed for request in engine.requests}) == 3


def test_behind_a_wait_the_model_may_not_end_at_once(qwen: World) -> None:
    """In the first request of a round alone, and never in the first round, which budgets without Waits share."""
    engine = qwen.rounds(qwen.stop, [43] * 256, [41, *qwen.stop], [44, qwen.end])
    thinking = qwen.think(engine, Budget(999, waits=2, wait_string="", loop_repeats=300))
    assert thinking.token_ids == (*[43] * 256, 41, 44)
    assert [request.stop.min_tokens for request in engine.requests] == [0, 1, 0, 1]
    said_it = qwen.rounds(qwen.stop, [*qwen.stop, 41], [41, 40, *qwen.stop])
    assert qwen.think(said_it, Budget(9, waits=1, wait_string="")).token_ids == (41, 41, 40)


def test_a_wait_needs_room_for_a_token_of_thought(qwen: World) -> None:
    wait = qwen.ids("Alternatively")
    for cap, waits_used in ((2 + len(wait), 0), (3 + len(wait), 1)):
        engine = qwen.rounds([40, 41, *qwen.stop], [42] * 99)
        thinking = qwen.think(engine, Budget(cap, waits=1, wait_string="Alternatively"))
        assert (thinking.waits_used, thinking.finish, thinking.closed) == (waits_used, "budget", not waits_used)
        assert thinking.token_ids == ((40, 41, *wait, 42) if waits_used else (40, 41))


def test_a_loop_ends_thinking_at_its_first_token_too_many(qwen: World) -> None:
    engine = qwen.trace([50, 51, *[41, 42] * 60])
    thinking = qwen.think(engine, Budget(100, waits=3, loop_repeats=4))
    # All 100 tokens came with the first request.
    assert thinking == Thinking((50, 51, *[41, 42] * 16), 34, 0, 0, "loop", closed=False, discarded_tokens=66)


def test_a_loop_is_watched_for_after_each_wait_anew(qwen: World) -> None:
    engine = qwen.rounds([41] * 31 + [*qwen.stop], [41] * 31 + [*qwen.stop], [41] * 999)
    thinking = qwen.think(engine, Budget(200, waits=9, wait_string="", loop_repeats=4))
    assert (len(thinking.token_ids), thinking.waits_used, thinking.finish) == (31 + 31 + 32, 2, "loop")
    assert thinking.discarded_tokens == 200 - (31 + 31 + 32)


def test_without_loop_repeats_a_loop_goes_on_in_one_request(qwen: World) -> None:
    engine = qwen.trace([41] * 999)
    thinking = qwen.think(engine, Budget(900))
    assert (len(thinking.token_ids), thinking.finish, asked(engine)) == (900, "budget", [(0, 900)])


def test_a_watched_trace_is_asked_for_in_pieces_and_is_the_same(qwen: World) -> None:
    talk = [30 + (n * n // 7) % 29 for n in range(700)]
    engine = qwen.trace([*talk, *qwen.stop])
    thinking = qwen.think(engine, Budget(800, loop_repeats=4))
    assert asked(engine) == [(0, 256), (256, 256), (512, 256)]
    assert (thinking.token_ids, thinking.finish, thinking.discarded_tokens) == (tuple(talk), "natural", 0)


def test_a_look_for_a_loop_knows_what_was_looked_at(qwen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[int, int]] = []

    def look(ids: Sequence[int], repeats: int, seen: int = 0) -> None:
        looks.append((seen, len(ids)))

    monkeypatch.setattr("s1repro.scaling.trace.loop_end", look)
    engine = qwen.rounds([41] * 256, [41] * 9 + [*qwen.stop], [41] * 256, [41] * 99)
    qwen.think(engine, Budget(600, waits=1, loop_repeats=4))
    assert looks == [(0, 256), (256, 265), (0, 256), (256, 334)]


def test_a_delimiter_of_many_tokens_ends_thinking(plain: World) -> None:
    spelt = plain.ids(".</think>\n\n")
    engine = plain.trace([41, 42, *spelt])
    assert len(spelt) > 1
    for cap in range(1, 9):
        thinking = plain.think(engine, Budget(cap))
        if cap < 2 + len(spelt):
            assert thinking == Thinking((41, 42, *spelt)[:cap], cap, 0, 0, "budget", closed=False)
        else:
            assert thinking == Thinking((41, 42), 2, 0, 0, "natural", closed=True)


@pytest.mark.parametrize("behind", ["talk", "turn end", "another delimiter", "loop"])
@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 5, 100])
def test_a_delimiter_spelt_over_two_requests_is_the_first_end(
    plain: World, monkeypatch: pytest.MonkeyPatch, pieces: int, behind: str
) -> None:
    monkeypatch.setattr("s1repro.scaling.trace._WATCHED", pieces)
    spelt = plain.ids("</think>")
    follows = {
        "talk": [50] * 20,
        "turn end": [50, plain.end],
        "another delimiter": [50, *spelt],
        "loop": [41] * 90,
    }
    for before in range(1, 6):
        engine = plain.trace([*range(41, 41 + before), *spelt, *follows[behind]])
        thinking = plain.think(engine, Budget(before + len(spelt), loop_repeats=2))
        assert thinking == Thinking(tuple(range(41, 41 + before)), before, 0, 0, "natural", closed=True)
        roomy = plain.think(engine, Budget(before + len(spelt) + 9, loop_repeats=2))
        assert (roomy.token_ids, roomy.discarded_tokens < pieces) == (thinking.token_ids, True)
        one_less = plain.think(engine, Budget(before + len(spelt) - 1, loop_repeats=2))
        assert one_less.finish == "budget"


@pytest.mark.parametrize("pieces", [1, 7, 16, 33, 100])
def test_a_loop_that_a_delimiter_ends_is_still_the_first_end(
    plain: World, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    monkeypatch.setattr("s1repro.scaling.trace._WATCHED", pieces)
    opening, *rest = plain.ids("</think>")
    engine = plain.trace([opening] * 32 + rest)
    for cap in (32, 33, 80):
        thinking = plain.think(engine, Budget(cap, loop_repeats=2))
        assert (thinking.token_ids, thinking.finish, thinking.closed) == ((opening,) * 32, "loop", False)
    short = plain.trace([opening] * 31 + rest)
    assert plain.think(short, Budget(80, loop_repeats=2)).finish == "natural"


@pytest.mark.parametrize("other", [Budget(9, wait_string="Hmm"), Budget(9, loop_repeats=4)])
def test_budgets_that_need_different_traces_are_refused(qwen: World, other: Budget) -> None:
    engine = qwen.rounds()
    with pytest.raises(ValueError, match="the same wait_string and the same loop_repeats"):
        qwen.grow(engine, Budget(9), other)
    assert engine.requests == []
