"""Budget forcing against a slow, synchronous reference, and against a real engine."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS, ThinkingFormat, plain_ids
from s1repro.engines import Engine, Sampling, ScriptedEngine
from s1repro.scaling import Budget, Forced, force

Run = Callable[[Coroutine[Any, Any, Any]], Any]
MODEL_LEN = 200


def random_model(seed: int, stop_share: float, stops: tuple[int, ...]) -> Callable[[tuple[int, ...]], int]:
    """A greedy "model": the next token is a fixed random function of all tokens before it."""

    def next_token(ids: tuple[int, ...]) -> int:
        rng = random.Random(hash((seed, ids)))
        return rng.choice(stops) if rng.random() < stop_share else rng.randrange(30, 60)

    return next_token


def continuation(model: Callable[[tuple[int, ...]], int], ids: tuple[int, ...]) -> Iterator[int]:
    while True:
        token = model(ids)
        yield token
        ids = (*ids, token)


def reference(
    model: Callable[[tuple[int, ...]], int],
    tokenizer: PreTrainedTokenizerBase,
    prompt: list[int],
    budget: Budget,
    fmt: ThinkingFormat,
) -> Forced:
    """Section 3.1 token by token, with one flag a token: sampled or not."""
    (stop,), turn_ends = fmt.stop_ids(tokenizer), fmt.turn_end_ids(tokenizer)
    wait, final = (plain_ids(tokenizer, text) for text in (budget.wait_string, budget.final_string))
    cut = fmt.end_of_thinking_ids(tokenizer)
    cap = budget.max_thinking_tokens or MODEL_LEN - len(prompt) - len(cut) - len(final) - budget.answer_tokens
    thinking: list[tuple[int, bool]] = []
    waits, finish, last = 0, "", -1
    while not finish:
        if len(thinking) == cap:
            finish = "budget"
            break
        last = model((*prompt, *(token for token, _ in thinking)))
        if last != stop and last not in turn_ends:
            thinking.append((last, True))
        elif waits == budget.waits:
            finish = "natural" if last == stop else "turn_end"
        elif len(thinking) + len(wait) < cap:
            thinking.extend((token, False) for token in wait)
            waits += 1
        else:
            finish = "budget"
    ids = [token for token, _ in thinking]
    answer = [] if finish == "natural" else list(final)
    head = [*prompt, *ids, *fmt.end_of_thinking_ids(tokenizer, natural=last == stop)]
    for _ in range(budget.answer_tokens):
        token = model((*head, *answer))
        if token == stop or token in turn_ends:
            break
        answer.append(token)
    sampled = sum(is_sampled for _, is_sampled in thinking)
    return Forced(tuple(ids), sampled, len(ids) - sampled, tuple(answer), waits, finish, 0)  # type: ignore[arg-type]


budgets = st.builds(
    Budget,
    max_thinking_tokens=st.none() | st.integers(1, 40),
    waits=st.integers(0, 6),
    wait_string=st.sampled_from(["Wait", "Hmm", "Alternatively", "", "one two three four five six seven"]),
    final_string=st.sampled_from(["Final Answer:", ""]),
    answer_tokens=st.integers(1, 12),
)


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_force_is_the_reference(
    name: str, qwen_tokenizer: PreTrainedTokenizerBase, llama_tokenizer: PreTrainedTokenizerBase
) -> None:
    fmt = FORMATS[name]
    tokenizer = llama_tokenizer if name == "llama" else qwen_tokenizer
    stops = (*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer))
    prompt = fmt.prompt_ids(tokenizer, "2+2?")
    seen: set[tuple[str, bool]] = set()

    @given(budget=budgets, seed=st.integers(0, 10**6), stop_share=st.sampled_from([0.0, 0.05, 0.3, 0.9, 1.0]))
    @settings(max_examples=250, deadline=None, derandomize=True)
    def check(budget: Budget, seed: int, stop_share: float) -> None:
        model = random_model(seed, stop_share, stops)
        engine = ScriptedEngine(tokenizer, lambda ids: continuation(model, ids), MODEL_LEN, shuffle_seed=seed)
        forced = asyncio.run(force(engine, prompt, budget, fmt, Sampling()))
        assert forced == reference(model, tokenizer, prompt, budget, fmt)
        assert len(forced.thinking_ids) <= (budget.max_thinking_tokens or MODEL_LEN)
        seen.add((forced.finish, forced.waits_used > 0))

    check()
    # Every way to end was seen, each with and without a Wait: the comparison was not an empty one.
    assert len(seen) == 6


def scripted(tokenizer: PreTrainedTokenizerBase, *rounds: list[int]) -> ScriptedEngine:
    """An engine that answers its n-th request with the n-th list."""
    replies = iter(rounds)
    return ScriptedEngine(tokenizer, lambda _: next(replies), MODEL_LEN)


@pytest.fixture()
def parts(qwen_tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    fmt = FORMATS["qwen"]
    return {
        "tokenizer": qwen_tokenizer,
        "fmt": fmt,
        "prompt": fmt.prompt_ids(qwen_tokenizer, "2+2?"),
        "stop": fmt.stop_ids(qwen_tokenizer)[0],
        "end": qwen_tokenizer.eos_token_id,
        "wait": plain_ids(qwen_tokenizer, "Wait"),
        "final": plain_ids(qwen_tokenizer, "Final Answer:"),
    }


def run_force(engine: Engine, parts: dict[str, Any], budget: Budget) -> Forced:
    return asyncio.run(force(engine, parts["prompt"], budget, parts["fmt"], Sampling()))


def test_the_rounds_share_one_budget(parts: dict[str, Any]) -> None:
    stop, wait = parts["stop"], parts["wait"]
    engine = scripted(parts["tokenizer"], [40, 41, stop], [42] * 99, [43, parts["end"]])
    forced = run_force(engine, parts, Budget(8, waits=3))
    assert [request.max_tokens for request in engine.requests] == [8, 6 - len(wait), 100]
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
    opening = parts["fmt"].end_of_thinking_ids(parts["tokenizer"], natural=True)
    assert engine.requests[1].prompt_ids == (*parts["prompt"], 40, *opening)


def test_a_turn_that_ends_inside_thinking_gets_the_final_string(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, parts["end"]], [41, parts["end"]], [43, parts["end"]])
    forced = run_force(engine, parts, Budget(20, waits=1))
    assert (forced.finish, forced.waits_used) == ("turn_end", 1)
    assert forced.thinking_ids == (40, *parts["wait"], 41)
    assert forced.answer_ids == (*parts["final"], 43)


def test_each_round_has_its_own_seed(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"], [40, parts["stop"]], [41, parts["stop"]], [43, parts["end"]])
    run_force(engine, parts, Budget(20, waits=1))
    assert len({request.sampling.seed for request in engine.requests}) == 3


def test_what_does_not_fit_is_refused_before_anything_runs(parts: dict[str, Any]) -> None:
    engine = scripted(parts["tokenizer"])
    with pytest.raises(ValueError, match=rf"{len(parts['prompt'])} prompt tokens, 150 thinking tokens and \d+ answer"):
        run_force(engine, parts, Budget(150))
    assert engine.requests == []


def test_a_real_model_keeps_the_cap(vllm_engine: Engine, run: Run) -> None:
    fmt, tokenizer = FORMATS["qwen-plain"], vllm_engine.tokenizer
    prompt = fmt.prompt_ids(tokenizer, "What is 12 + 30?")
    budget = Budget(60, waits=2, answer_tokens=10)
    special = {*fmt.stop_ids(tokenizer), *fmt.turn_end_ids(tokenizer)}

    async def sample(seeds: range) -> list[Forced]:
        tasks = (force(vllm_engine, prompt, budget, fmt, Sampling(temperature=1.0, seed=seed)) for seed in seeds)
        return [replace(forced, cached_tokens=0) for forced in await asyncio.gather(*tasks)]

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
    fmt, tokenizer = FORMATS["qwen-plain"], vllm_engine.tokenizer
    prompt = fmt.prompt_ids(tokenizer, "What is 12 + 30?")
    budget = Budget(waits=50, wait_string="", answer_tokens=10)
    forced = run(force(vllm_engine, prompt, budget, fmt, Sampling(temperature=1.0, seed=1)))
    markers = len(fmt.end_of_thinking_ids(tokenizer)) + len(plain_ids(tokenizer, "Final Answer:"))
    assert forced.finish == "budget"
    assert len(forced.thinking_ids) == vllm_engine.max_model_len - len(prompt) - markers - 10
