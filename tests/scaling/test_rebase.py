"""REBASE: the shares, a small tree grown by hand, and the accounts of many random ones."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.encoding import plain_ids
from s1repro.engines import Engine, Sampling, ScriptedEngine
from s1repro.scaling import Budget, Forced, Prompt, Tree, force, rebase
from s1repro.scaling.rebase import shares

WARM = Sampling(temperature=1.0, seed=3)
ROOM = Budget(20, max_answer_tokens=6)


def run(
    engine: Engine,
    reward: Any,
    qwen: dict[str, Any],
    trajectories: int = 4,
    step_tokens: int = 2,
    budget: Budget = ROOM,
    sampling: Sampling = WARM,
    extract: Callable[[str], str] = str.strip,
    temperature: float = 0.1,
) -> Forced:
    prompt = Prompt(engine, tuple(qwen["prompt"]), qwen["fmt"], sampling)
    return asyncio.run(rebase(prompt, budget, reward, Tree(trajectories, step_tokens, temperature), extract))


@pytest.mark.parametrize(
    ("scores", "width", "temperature", "given_out"),
    [
        ([0.3], 16, 0.1, [16]),
        ([0.5, 0.5, 0.5, 0.5], 16, 0.1, [4, 4, 4, 4]),
        ([0.5, 0.5, 0.5], 16, 0.1, [6, 5, 5]),
        ([0.2, 0.2, 0.2], 2, 0.1, [1, 1, 0]),
        # e^0, e^-2, e^-4 are 86.7, 11.7 and 1.6 %: 13.9 up to 14, then 88 % of the other 2 up to 2.
        ([0.1, 0.9, 0.5], 16, 0.2, [0, 14, 2]),
        ([0.1, 0.9], 15, 100.0, [7, 8]),
        ([0.1, 0.9], 16, 0.001, [0, 16]),
        ([0.9, 0.9, 0.0], 5, 1e-9, [3, 2, 0]),
        ([], 0, 0.1, []),
    ],
)
def test_shares_by_hand(scores: list[float], width: int, temperature: float, given_out: list[int]) -> None:
    assert shares(scores, width, temperature) == given_out


@given(
    scores=st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), min_size=1, max_size=40),
    width=st.integers(1, 64),
    temperature=st.sampled_from([1e-6, 0.01, 0.1, 1.0, 50.0]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_shares_are_exact_and_favour_the_better(scores: list[float], width: int, temperature: float) -> None:
    given_out = shares(scores, width, temperature)
    assert sum(given_out) == width
    assert min(given_out) >= 0
    assert given_out[scores.index(max(scores))] >= 1
    ranked = [given_out[index] for index in sorted(range(len(scores)), key=lambda index: -scores[index])]
    assert ranked == sorted(ranked, reverse=True)
    # Nobody gets more than its exact share rounded up.
    total = sum(Fraction(math.exp((score - max(scores)) / temperature)) for score in scores)
    for score, got in zip(scores, given_out, strict=True):
        assert got <= math.ceil(
            width * Fraction(math.exp((score - max(scores)) / temperature)) / total + Fraction(1, 10**6)
        )


class Children:
    """A script: the n-th request for a continuation of a trace gets the n-th of the trace's children."""

    def __init__(self, qwen: dict[str, Any], children: dict[tuple[int, ...], list[list[int]]]) -> None:
        self.start = len(qwen["prompt"])
        self.left = {trace: list(rounds) for trace, rounds in children.items()}

    def __call__(self, ids: tuple[int, ...]) -> list[int]:
        return self.left[ids[self.start :]].pop(0)


def opened(qwen: dict[str, Any], trace: tuple[int, ...], cut: bool = False) -> tuple[int, ...]:
    """What is in the context when `trace` is answered."""
    end_ids = qwen["fmt"].cut_ids if cut else qwen["fmt"].closed_ids
    return (*trace, *end_ids, *(qwen["final"] if cut else ()))


def grown_by_hand(qwen: dict[str, Any]) -> ScriptedEngine:
    """Four trajectories: one ends at once, and of the three others, (40, 41) goes on as two and (46, 47) as one."""
    stop, end = qwen["stop"], qwen["end"]
    children = {
        (): [[40, 41], [42, stop], [44, 45], [46, 47]],
        (40, 41): [[50, stop], [51, 52]],
        (46, 47): [[53, stop]],
        (40, 41, 51, 52): [[54, stop]],
        opened(qwen, (42,)): [[60, end]],
        opened(qwen, (40, 41, 50)): [[61, end]],
        opened(qwen, (46, 47, 53)): [[61, end]],
        opened(qwen, (40, 41, 51, 52, 54)): [[62, 63, end]],
    }
    return ScriptedEngine(qwen["tokenizer"], Children(qwen, children), 200)


SCORES = {
    (40, 41): 0.9,
    (44, 45): 0.1,
    (46, 47): 0.85,
    (42,): 0.5,
    (40, 41, 50): 0.4,
    (46, 47, 53): 0.3,
    (40, 41, 51, 52): 0.7,
    (40, 41, 51, 52, 54): 0.6,
}


def test_a_tree_by_hand(made_up_reward: Any, qwen: dict[str, Any]) -> None:
    engine = grown_by_hand(qwen)
    forced = run(engine, made_up_reward(SCORES), qwen)
    start = len(qwen["prompt"])
    asked = Counter(request.prompt_ids[start:] for request in engine.requests if request.max_tokens == 2)
    assert asked == {(): 4, (40, 41): 2, (46, 47): 1, (40, 41, 51, 52): 1}  # (44, 45) is let go
    # Two trajectories of 0.4 and 0.3 say the same, which weighs more than 0.6 or 0.5 alone; the better one is kept.
    assert (forced.thinking_ids, forced.answer_ids, forced.finish) == ((40, 41, 50), (61,), "natural")
    assert (forced.sampled_tokens, forced.injected_tokens, forced.tries) == (3, 0, 4)
    assert forced.discarded_tokens == (7 + 3 + 1 + 1) + (1 + 1 + 1 + 2) - (3 + 1)  # steps, answers, what is kept
    assert len({request.sampling.seed for request in engine.requests}) == len(engine.requests)


def test_the_winner_is_weighed_by_the_rewards(made_up_reward: Any, qwen: dict[str, Any]) -> None:
    surer = made_up_reward({**SCORES, (40, 41, 51, 52, 54): 0.8})
    assert run(grown_by_hand(qwen), surer, qwen).thinking_ids == (40, 41, 51, 52, 54)


def test_answers_are_compared_as_extracted(made_up_reward: Any, qwen: dict[str, Any]) -> None:
    def nothing(text: str) -> str:
        return ""

    def same(text: str) -> str:
        return "7"

    for extract in (nothing, same):  # one group, so the best-scored trajectory of all
        forced = run(grown_by_hand(qwen), made_up_reward(SCORES), qwen, extract=extract)
        assert forced.thinking_ids == (40, 41, 51, 52, 54)
    only = qwen["tokenizer"].decode([60])
    forced = run(grown_by_hand(qwen), made_up_reward(SCORES), qwen, extract=lambda text: "7" if text == only else "")
    assert forced.thinking_ids == (42,)


def test_a_cut_trajectory_gets_the_final_string(made_up_reward: Any, qwen: dict[str, Any]) -> None:
    children = {(): [[40, 41]], (40, 41): [[42]], opened(qwen, (40, 41, 42), cut=True): [[60, qwen["end"]]]}
    engine = ScriptedEngine(qwen["tokenizer"], Children(qwen, children), 200)
    forced = run(engine, made_up_reward(), qwen, trajectories=1, budget=Budget(3, max_answer_tokens=6))
    assert [request.max_tokens for request in engine.requests] == [2, 1, 6]
    assert (forced.thinking_ids, forced.answer_ids) == ((40, 41, 42), (*qwen["final"], 60))
    assert (forced.finish, forced.discarded_tokens) == ("budget", 0)


def test_one_trajectory_in_one_step_is_force(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    finishes = set()
    for seed in range(20):
        for sampling in (Sampling(1.0, seed=seed), Sampling(seed=seed)):
            engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"])
            alone = asyncio.run(force(engine, qwen["prompt"], ROOM, qwen["fmt"], sampling))
            assert run(engine, made_up_reward(), qwen, 1, 20, sampling=sampling) == alone
            finishes.add(alone.finish)
    assert finishes == {"natural", "turn_end", "budget"}


def test_accounts_and_caps_of_many_trees(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    seen: set[tuple[str, bool]] = set()

    @given(
        cap=st.none() | st.integers(1, 30),
        step_tokens=st.integers(1, 12),
        trajectories=st.integers(1, 8),
        stop_share=st.sampled_from([0.0, 0.05, 0.3]),
        seed=st.integers(0, 2**31 - 1),
    )
    @settings(max_examples=60, deadline=None, derandomize=True)
    def check(cap: int | None, step_tokens: int, trajectories: int, stop_share: float, seed: int) -> None:
        budget = Budget(cap, answer_reserve=110, max_answer_tokens=110)
        room = 200 - len(qwen["prompt"]) - len(opened(qwen, (), cut=True)) - 110
        results = []
        for shuffle_seed in (1, 2):
            engine, reward = drawing(qwen["tokenizer"], stop_share, qwen["stops"], shuffle_seed), made_up_reward()
            sampling = Sampling(1.0, seed=seed)
            kept = run(engine, reward, qwen, trajectories, step_tokens, budget, sampling)
            answers = [request for request in engine.requests if request.max_tokens == 110]
            steps = [request for request in engine.requests if request.max_tokens != 110]
            assert len(answers) == trajectories == kept.tries
            assert len(steps) == len(reward.asked)
            assert max(request.max_tokens for request in steps) <= step_tokens
            assert max(len(trace) for trace in reward.asked) <= (cap or room)
            assert len({request.sampling.seed for request in steps}) == len(steps)
            mine = kept.sampled_tokens + len(kept.answer_ids) - len(qwen["final"]) * (kept.finish != "natural")
            assert mine + kept.discarded_tokens == engine.written
            assert kept.thinking_ids in reward.asked
            results.append(kept)
        assert results[0] == results[1]  # whatever the order in which requests end
        if kept.finish == "budget":
            assert len(kept.thinking_ids) == (cap or room)
        seen.add((kept.finish, trajectories > 1))

    check()
    assert seen == {(finish, more) for finish in ("natural", "turn_end", "budget") for more in (False, True)}


def test_a_delimiter_spelt_over_several_steps_ends_the_thinking(
    llama_tokenizer: PreTrainedTokenizerBase, made_up_reward: Any
) -> None:
    fmt = FORMATS["llama-think"].bind(llama_tokenizer)
    spelt = plain_ids(llama_tokenizer, "\n</think>")
    assert len(spelt) > 2
    prompt = fmt.prompt_ids("2+2?")
    script = [*plain_ids(llama_tokenizer, "Four"), *spelt]

    def follow(ids: tuple[int, ...]) -> list[int]:
        written = ids[len(prompt) :]
        thinking = tuple(script[: len(written)]) == written
        return [*script[len(written) :], *[40] * 9] if thinking else [60, llama_tokenizer.eos_token_id]  # type: ignore[list-item]

    for step_tokens in (1, 2, 3, 40):
        engine = ScriptedEngine(llama_tokenizer, follow, 200)
        forced = run(
            engine, made_up_reward(), {"prompt": prompt, "fmt": fmt}, 1, step_tokens, Budget(40, max_answer_tokens=6)
        )
        assert forced.finish == "natural"
        assert llama_tokenizer.decode(list(forced.thinking_ids)).rstrip("\n") == "Four"
        assert forced.answer_ids == (60,)


def test_a_loop_ends_a_trajectory(qwen: dict[str, Any], made_up_reward: Any) -> None:
    engine = ScriptedEngine(
        qwen["tokenizer"], lambda ids: [60, qwen["end"]] if ids[-1] == qwen["final"][-1] else [40, 41] * 20, 200
    )
    forced = run(engine, made_up_reward(), qwen, 1, 20, Budget(60, max_answer_tokens=6, loop_repeats=4))
    assert (forced.finish, forced.thinking_ids) == ("loop", (40, 41) * 16)
    assert forced.discarded_tokens == 8  # sampled behind the loop's end


@pytest.mark.parametrize("last", ["stop", "end"])
def test_a_loop_in_one_step_takes_what_it_takes_with_force(
    last: str, qwen: dict[str, Any], made_up_reward: Any
) -> None:
    def circling(ids: tuple[int, ...]) -> list[int]:
        return [60, qwen["end"]] if ids[-1] == qwen["final"][-1] else [40, 41] * 18 + [qwen[last]]

    budget = Budget(60, max_answer_tokens=6, loop_repeats=4)
    engine = ScriptedEngine(qwen["tokenizer"], circling, 200)
    alone = asyncio.run(force(engine, qwen["prompt"], budget, qwen["fmt"], WARM))
    assert run(engine, made_up_reward(), qwen, 1, 60, budget) == alone
    assert (alone.finish, alone.discarded_tokens) == ("loop", 5)


def test_what_makes_no_sense_is_refused_before_anything_runs(
    drawing: Any, made_up_reward: Any, qwen: dict[str, Any]
) -> None:
    engine, reward = drawing(qwen["tokenizer"], 0.1, qwen["stops"]), made_up_reward()
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="softmax of temperature"):
            run(engine, reward, qwen, temperature=temperature)
    with pytest.raises(ValueError, match="4 trajectories at temperature 0"):
        run(engine, reward, qwen, sampling=Sampling())
    with pytest.raises(ValueError, match="0 trajectories"):
        run(engine, reward, qwen, trajectories=0)
    with pytest.raises(ValueError, match="steps of 0 tokens"):
        run(engine, reward, qwen, step_tokens=0)
    with pytest.raises(ValueError, match="1 waits"):
        run(engine, reward, qwen, budget=Budget(9, waits=1))
    with pytest.raises(ValueError, match="do not fit"):
        run(engine, reward, qwen, budget=Budget(150))
    assert engine.requests == []


def test_an_error_of_the_reward_model_is_raised_as_it_is(
    drawing: Any, broken_reward: Any, qwen: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="too long"):
        run(drawing(qwen["tokenizer"], 0.1, qwen["stops"]), broken_reward, qwen)
