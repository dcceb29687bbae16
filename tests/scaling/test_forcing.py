"""Budget forcing and sweeps against a slow reference, against each other, and against a real engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, BoundFormat
from s1repro.encoding import plain_ids
from s1repro.engines import Completion, Engine, Sampling, ScriptedEngine, Stop
from s1repro.scaling import Budget, Forced, force, sweep
from tests.scaling.reference import (
    PADDING,
    Habits,
    Model,
    Vocabulary,
    continuation,
    random_model,
    reference,
)

Run = Callable[[Coroutine[Any, Any, Any]], Any]
MODEL_LEN = 240
MOST_THINKING = 130
LONG_WAIT = "one two three four five six seven"
FORCED_EXAMPLES, SWEPT_EXAMPLES = 400, 100
"""Of each case; there are five."""
MOST_REQUESTS = 300
"""More than any sample here can need: a method that asks for more is going in circles."""


class WatchedEngine(ScriptedEngine):
    """Holds what it sampled for each request, and refuses to be asked without end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sampled: dict[int, int] = {}

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        number = len(self.requests)
        assert number < MOST_REQUESTS
        completion = await super().complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        self.sampled[number] = len(completion.token_ids) + len(completion.stop_ids)
        return completion

    def sampled_in_trace(self, answer_seed: int) -> int:
        """Tokens sampled by the requests that are not for an answer, stops included."""
        trace = (number for number, request in enumerate(self.requests) if request.sampling.seed != answer_seed)
        return sum(self.sampled[number] for number in trace)


@dataclass(frozen=True)
class Case:
    """A format with a tokenizer that suits it, and what random models say there."""

    fmt: BoundFormat
    tokenizer: PreTrainedTokenizerBase
    vocabulary: Vocabulary
    prompt: list[int]

    def model(self, habits: Habits) -> Model:
        return random_model(habits, self.vocabulary)

    def engine(self, model: Model, shuffle_seed: int) -> WatchedEngine:
        size = len(self.tokenizer) + PADDING
        script = partial(continuation, model)
        return WatchedEngine(self.tokenizer, script, MODEL_LEN, vocab_size=size, shuffle_seed=shuffle_seed)

    def reference(self, model: Model, budget: Budget, watched: int) -> Forced:
        return reference(model, self.tokenizer, self.prompt, budget, self.fmt, MODEL_LEN, watched)


CASES = {
    "qwen": ("qwen", "qwen_tokenizer"),
    "llama": ("llama-plain", "llama_tokenizer"),
    "qwen3": ("qwen3", "qwen3_tokenizer"),
    "qwen3-spelt": ("qwen3", "qwen_tokenizer"),
    "llama-think": ("llama-think", "plain_tokenizer"),
}
"""Formats and tokenizers: in the last two `</think>` is many tokens."""


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    name, tokenizer_name = CASES[request.param]
    tokenizer = request.getfixturevalue(tokenizer_name)
    fmt = FORMATS[name].bind(tokenizer)
    return Case(fmt, tokenizer, Vocabulary.of(tokenizer, fmt), fmt.prompt_ids("2+2?"))


habits = st.builds(
    Habits,
    seed=st.integers(0, 10**6),
    stop_share=st.sampled_from([0.0, 0.02, 0.05, 0.1, 0.3, 1.0]),
    repeat_share=st.sampled_from([0.0, 0.99, 1.0]),
    block=st.integers(1, 6),
)
SHARED = {
    "wait_string": st.sampled_from(["Wait", "", LONG_WAIT, ("Wait", "Hmm"), ("", "Alternatively", "Hmm")]),
    "loop_repeats": st.sampled_from([0, 2, 3, 5]),
}
OWN = {
    "max_thinking_tokens": st.none()
    | st.integers(1, 12)
    | st.integers(1, MOST_THINKING)
    | st.integers(60, MOST_THINKING),
    "waits": st.integers(0, 6),
    "final_string": st.sampled_from(["Final Answer:", "So:", ""]),
    "answer_reserve": st.integers(1, 12),
    "max_answer_tokens": st.none() | st.integers(1, 12),
}


LOOPING = [Budget(cap, loop_repeats=3, max_answer_tokens=8) for cap in range(40, MOST_THINKING, 9)]


@st.composite
def sweeps(draw: st.DrawFn) -> list[Budget]:
    """Budgets that one trace can serve."""
    shared = {name: draw(values) for name, values in SHARED.items()}
    own = draw(st.lists(st.fixed_dictionaries(OWN), min_size=1, max_size=8))
    return [Budget(**shared, **each) for each in own]


@contextmanager
def watched(tokens: int) -> Iterator[None]:
    """A look for loops every so many tokens; no outcome depends on it, but what is discarded behind a loop does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s1repro.scaling.trace._WATCHED", tokens)
        yield


def test_force_is_the_reference(case: Case) -> None:
    seen: Counter[Any] = Counter()

    @given(budget=st.builds(Budget, **SHARED, **OWN), habits=habits, watch=st.sampled_from([1, 3, 7, 33, 256]))
    @settings(max_examples=FORCED_EXAMPLES, deadline=None, derandomize=True)
    def check(budget: Budget, habits: Habits, watch: int) -> None:
        model = case.model(habits)
        engine = case.engine(model, shuffle_seed=habits.seed)
        with watched(watch):
            forced = runner.run(force(engine, case.prompt, budget, case.fmt, Sampling()))
        assert forced == case.reference(model, budget, watch)
        thinking = forced.thinking_ids
        assert len(thinking) <= (budget.max_thinking_tokens or MODEL_LEN)
        seen[forced.finish, forced.waits_used > 0] += 1
        seen["discarded"] += forced.discarded_tokens > 0
        seen["padding"] += max(thinking, default=0) >= len(case.tokenizer)
        seen["cut inside a spelt delimiter"] += forced.finish == "budget" and any(
            thinking[-count:] == spelling[:count]
            for spelling in case.vocabulary.spellings
            for count in range(2, len(spelling))
        )

    with asyncio.Runner() as runner:
        check()
    # Every way to end was seen, each with and without a Wait: the comparison was not an empty one.
    endings = {(finish, waited) for finish in ("natural", "budget", "turn_end", "loop") for waited in (False, True)}
    assert set(seen) == endings | {"discarded", "padding", "cut inside a spelt delimiter"}
    assert min(seen.values()) >= 3, seen


def test_a_sweep_is_one_trace_that_gives_every_budget_what_it_gets_alone(case: Case) -> None:
    seen: Counter[Any] = Counter()

    @given(budgets=sweeps(), habits=habits, watch=st.sampled_from([1, 3, 7, 33, 256]))
    # What is sampled behind a loop, up to each cap, is in each budget's account; drawn at random this is rare.
    @example(budgets=LOOPING, habits=Habits(seed=0, stop_share=0.0, repeat_share=1.0, block=1), watch=256)
    @example(budgets=LOOPING, habits=Habits(seed=1, stop_share=0.0, repeat_share=1.0, block=2), watch=256)
    @example(budgets=LOOPING, habits=Habits(seed=2, stop_share=0.0, repeat_share=1.0, block=3), watch=256)
    @settings(max_examples=SWEPT_EXAMPLES, deadline=None, derandomize=True)
    def check(budgets: list[Budget], habits: Habits, watch: int) -> None:
        model = case.model(habits)
        engine = case.engine(model, shuffle_seed=habits.seed)
        alone = [case.engine(model, shuffle_seed=habits.seed) for _ in budgets]
        with watched(watch):
            swept = runner.run(sweep(engine, case.prompt, budgets, case.fmt, Sampling(seed=5)))
            forced = [
                runner.run(force(each, case.prompt, budget, case.fmt, Sampling(seed=5)))
                for each, budget in zip(alone, budgets, strict=True)
            ]
        assert swept == [case.reference(model, budget, watch) for budget in budgets] == forced
        for budget, each in zip(budgets, swept, strict=True):
            assert len(each.thinking_ids) <= (budget.max_thinking_tokens or MODEL_LEN)

        assert len(set(engine.requests)) == len(engine.requests), "nothing is asked for twice"
        asked = {(request.prompt_ids, request.sampling) for request in engine.requests}
        assert {(request.prompt_ids, request.sampling) for each in alone for request in each.requests} == asked
        answer_seed = alone[0].requests[-1].sampling.seed
        # The trace costs what its most expensive budget costs; a watched one may run on to the next look for a loop.
        overrun = watch if budgets[0].loop_repeats else 0
        dearest = max(each.sampled_in_trace(answer_seed) for each in alone)
        assert engine.sampled_in_trace(answer_seed) <= dearest + overrun
        if not budgets[0].loop_repeats:
            assert engine.sampled_in_trace(answer_seed) == dearest
        saved = sum(len(each.requests) for each in alone) - len(engine.requests)
        seen["saves requests", saved > 0] += 1
        seen["outcomes", len({(each.finish, each.waits_used) for each in swept})] += 1
        seen["discards differ", len({each.discarded_tokens for each in swept if each.finish == "loop"}) > 1] += 1

    with asyncio.Runner() as runner:
        check()
    assert seen["saves requests", True] > SWEPT_EXAMPLES / 4
    assert seen["discards differ", True] >= 3
    assert sum(count for (what, value), count in seen.items() if what == "outcomes" and value > 1) > SWEPT_EXAMPLES / 4


def scripted(tokenizer: PreTrainedTokenizerBase, *rounds: list[int]) -> ScriptedEngine:
    """An engine that answers its n-th request with the n-th list."""
    replies = iter(rounds)
    return ScriptedEngine(tokenizer, lambda _: next(replies), MODEL_LEN)


@pytest.fixture()
def parts(qwen: dict[str, Any]) -> dict[str, Any]:
    """Those of s1's format, and the Wait; in lists, to be put together."""
    return {**qwen, "wait": plain_ids(qwen["tokenizer"], "Wait"), "final": list(qwen["final"])}


def run_force(engine: Engine, parts: dict[str, Any], budget: Budget) -> Forced:
    return asyncio.run(force(engine, parts["prompt"], budget, parts["fmt"], Sampling()))


def test_the_rounds_share_one_budget(parts: dict[str, Any]) -> None:
    stop, wait = parts["stop"], parts["wait"]
    engine = scripted(parts["tokenizer"], [40, 41, stop], [42] * 99, [43, parts["end"]])
    forced = run_force(engine, parts, Budget(8, waits=3))
    assert [request.max_tokens for request in engine.requests] == [
        8,
        6 - len(wait),
        MODEL_LEN - len(engine.requests[-1].prompt_ids),
    ]
    assert forced.thinking_ids == (40, 41, *wait, *[42] * (6 - len(wait)))
    assert (forced.sampled_tokens, forced.injected_tokens, forced.waits_used) == (8 - len(wait), len(wait), 1)
    assert (forced.finish, forced.answer_ids) == ("budget", (*parts["final"], 43))


def test_a_wait_that_does_not_fit_ends_the_thinking(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, 41, parts["stop"]], [43, parts["end"]])
    forced = run_force(engine, parts, Budget(2 + len(parts["wait"]), waits=1))
    assert (forced.thinking_ids, forced.waits_used, forced.finish) == ((40, 41), 0, "budget")
    assert forced.answer_ids == (*parts["final"], 43)


def test_a_natural_end_is_answered_without_the_final_string(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, parts["stop"]], [43, parts["end"]])
    forced = run_force(engine, parts, Budget(9))
    assert (forced.finish, forced.thinking_ids, forced.answer_ids) == ("natural", (40,), (43,))
    opening = parts["fmt"].closed_ids
    assert engine.requests[1].prompt_ids == (*parts["prompt"], 40, *opening)


def test_a_turn_that_ends_inside_thinking_gets_the_final_string(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, parts["end"]], [41, parts["end"]], [43, parts["end"]])
    forced = run_force(engine, parts, Budget(20, waits=1))
    assert (forced.finish, forced.waits_used) == ("turn_end", 1)
    assert forced.thinking_ids == (40, *parts["wait"], 41)
    assert forced.answer_ids == (*parts["final"], 43)


@pytest.mark.parametrize("loop_repeats", [0, 3])
def test_every_request_of_a_sample_has_its_own_seed(parts: dict[str, Any], loop_repeats: int) -> None:
    model = random_model(Habits(seed=1, stop_share=0.01), Vocabulary.of(parts["tokenizer"], parts["fmt"]))
    budgets = [Budget(cap, waits=9, loop_repeats=loop_repeats) for cap in (30, 300, 1500)]
    sampling = Sampling(temperature=1.0, seed=2**31 - 5)

    def engine() -> ScriptedEngine:
        size = len(parts["tokenizer"]) + PADDING
        return ScriptedEngine(parts["tokenizer"], partial(continuation, model), 2000, vocab_size=size)

    engines = [engine() for _ in budgets]
    for each, budget in zip(engines, budgets, strict=True):
        asyncio.run(force(each, parts["prompt"], budget, parts["fmt"], sampling))
        seeds = [request.sampling.seed for request in each.requests]
        assert len(set(seeds)) == len(seeds) and all(0 <= seed < 2**31 for seed in seeds)
    assert [len(each.requests) for each in engines][-1] >= 8

    together = engine()
    asyncio.run(sweep(together, parts["prompt"], budgets, parts["fmt"], sampling))
    asked = {(request.prompt_ids, request.sampling) for request in together.requests}
    assert asked == {(request.prompt_ids, request.sampling) for each in engines for request in each.requests}
    assert {(request.sampling.temperature, request.sampling.top_p) for request in together.requests} == {(1.0, 1.0)}


def run_sweep(engine: Engine, parts: dict[str, Any], *budgets: Budget) -> list[Forced]:
    return asyncio.run(sweep(engine, parts["prompt"], budgets, parts["fmt"], Sampling()))


def test_budgets_that_end_at_the_same_token_share_one_answer(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, 41, parts["stop"]], [43, parts["end"]])
    budgets = Budget(3), Budget(9), Budget(9, final_string="So:"), Budget()
    swept = run_sweep(engine, parts, *budgets)
    assert len(engine.requests) == 2
    assert len(set(swept)) == 1 and swept[0].finish == "natural"


def test_answers_are_not_shared_where_what_begins_them_or_their_room_differs(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40] * 9, *[[43, parts["end"]]] * 3)
    budgets = Budget(4), Budget(4, final_string="So:"), Budget(4, max_answer_tokens=7), Budget(4, waits=2)
    swept = run_sweep(engine, parts, *budgets)
    room = MODEL_LEN - len(engine.requests[1].prompt_ids)  # both final strings are as long
    assert [request.max_tokens for request in engine.requests] == [4, room, room, 7]
    assert {forced.thinking_ids for forced in swept} == {(40,) * 4}
    finals = [plain_ids(parts["tokenizer"], budget.final_string) for budget in budgets]
    assert [forced.answer_ids for forced in swept] == [(*final, 43) for final in finals]


class AnswerFirst(ScriptedEngine):
    """Holds the second request of a trace back until an answer, of at most 11 tokens, was given."""

    answered: asyncio.Event

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        if not self.requests:
            self.answered = asyncio.Event()
        elif max_tokens != 11:
            await asyncio.wait_for(self.answered.wait(), timeout=60)
        completion = await super().complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        if max_tokens == 11:
            self.answered.set()
        return completion


def test_a_settled_budget_is_answered_while_the_trace_grows_on(parts: dict[str, Any]) -> None:
    replies = iter([[40, parts["stop"]], [43, parts["end"]], [44] * 99, [45, parts["end"]]])
    engine = AnswerFirst(parts["tokenizer"], lambda _: next(replies), MODEL_LEN)
    natural, waited = run_sweep(
        engine, parts, Budget(9, max_answer_tokens=11), Budget(9, waits=1, max_answer_tokens=11)
    )
    assert (natural.finish, natural.answer_ids) == ("natural", (43,))
    assert (waited.finish, waited.answer_ids) == ("budget", (*parts["final"], 45))


@pytest.mark.parametrize("budgets", [(Budget(9), Budget(9, wait_string="Hmm")), (Budget(9), Budget(9, loop_repeats=4))])
def test_budgets_that_need_different_traces_are_refused_before_anything_runs(
    parts: dict[str, Any], budgets: tuple[Budget, ...]
) -> None:
    engine = scripted(parts["tokenizer"])
    with pytest.raises(ValueError, match="same wait_string and the same loop_repeats"):
        run_sweep(engine, parts, *budgets)
    assert engine.requests == []


def test_one_string_and_a_rotation_of_one_are_the_same_wait(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40] * 9, [43, parts["end"]])
    one, rotation = run_sweep(engine, parts, Budget(5, waits=1), Budget(5, waits=1, wait_string=("Wait",)))
    assert one == rotation


def test_a_sweep_without_budgets_is_refused(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"])
    with pytest.raises(ValueError, match="a sweep without budgets"):
        run_sweep(engine, parts)
    assert engine.requests == []


def test_what_is_sampled_behind_a_loop_is_discarded_for_each_budget_as_if_it_were_alone(parts: dict[str, Any]) -> None:
    def circling(ids: tuple[int, ...]) -> list[int]:
        return [43, parts["end"]] if ids[-1] == parts["final"][-1] else [40] * 45 + [parts["stop"]]

    budgets = [Budget(cap, loop_repeats=2) for cap in (31, 32, 40, 45, 46, 90)]
    for each in ([budget] for budget in budgets), [budgets]:
        swept = [
            forced
            for some in each
            for forced in run_sweep(ScriptedEngine(parts["tokenizer"], circling, MODEL_LEN), parts, *some)
        ]
        assert [forced.finish for forced in swept] == ["budget", *["loop"] * 5]
        assert [forced.discarded_tokens for forced in swept] == [0, 0, 8, 13, 14, 14]  # the stop behind it is one too


def test_one_budget_that_does_not_fit_stops_a_sweep_before_anything_runs(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"])
    with pytest.raises(ValueError, match=r"200 thinking tokens and \d+ answer tokens do not fit"):
        run_sweep(engine, parts, Budget(5), Budget(200), Budget(6))
    assert engine.requests == []


def test_an_engine_error_ends_a_sweep_as_itself(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, parts["stop"]], [41])
    with pytest.raises(ValueError, match="ran dry after 1"):
        run_sweep(engine, parts, Budget(5), Budget(9, waits=1))


def test_what_does_not_fit_is_refused_before_anything_runs(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"])
    with pytest.raises(ValueError, match=rf"{len(parts['prompt'])} prompt tokens, 200 thinking tokens and \d+ answer"):
        run_force(engine, parts, Budget(200))
    assert engine.requests == []


def test_a_real_model_keeps_the_cap(vllm_engine: Engine, run: Run) -> None:
    tokenizer = vllm_engine.tokenizer
    fmt = FORMATS["qwen-plain"].bind(tokenizer)
    prompt = fmt.prompt_ids("What is 12 + 30?")
    budget = Budget(60, waits=2, max_answer_tokens=10)
    special = {*fmt.stop_ids, *fmt.turn_end_ids}

    async def sample(seeds: range) -> list[Forced]:
        tasks = (force(vllm_engine, prompt, budget, fmt, Sampling(temperature=1.0, seed=seed)) for seed in seeds)
        return list(await asyncio.gather(*tasks))

    together = run(sample(range(48)))
    one_by_one = [run(sample(range(seed, seed + 1)))[0] for seed in range(12)]
    assert together[:12] == one_by_one  # seeds are kept, whatever else is in the batch
    assert len({forced.thinking_ids for forced in together}) > 40
    assert {forced.waits_used for forced in together} >= {0, 1}
    for forced in together:
        assert forced.sampled_tokens + forced.injected_tokens == len(forced.thinking_ids) <= 60
        assert not special & {*forced.thinking_ids, *forced.answer_ids}
        assert (len(forced.thinking_ids) == 60) or forced.finish != "budget" or forced.waits_used < 2


def test_a_real_model_thinks_to_the_end_of_its_context(vllm_engine: Engine, run: Run) -> None:
    tokenizer = vllm_engine.tokenizer
    fmt = FORMATS["qwen-plain"].bind(tokenizer)
    prompt = fmt.prompt_ids("What is 12 + 30?")
    budget = Budget(waits=50, wait_string="", max_answer_tokens=10)
    forced = run(force(vllm_engine, prompt, budget, fmt, Sampling(temperature=1.0, seed=1)))
    markers = len(fmt.cut_ids) + len(plain_ids(tokenizer, "Final Answer:"))
    assert forced.finish == "budget"
    assert len(forced.thinking_ids) == vllm_engine.max_model_len - len(prompt) - markers - 10
