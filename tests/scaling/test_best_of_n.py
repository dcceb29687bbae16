"""Best-of-N: which sample is kept, and that the others are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.engines import Engine, Sampling
from s1repro.scaling import Budget, Forced, Prompt, best_of_n, force

WARM = Sampling(temperature=1.0, seed=3)
BUDGET = Budget(12, waits=1, max_answer_tokens=6)


def run(
    engine: Engine,
    reward: Any,
    qwen: dict[str, Any],
    candidates: int,
    sampling: Sampling = WARM,
    budget: Budget = BUDGET,
) -> Forced:
    prompt = Prompt(engine, tuple(qwen["prompt"]), qwen["fmt"], sampling)
    return asyncio.run(best_of_n(prompt, budget, reward, candidates))


def written(forced: Forced, qwen: dict[str, Any]) -> int:
    """The tokens of a sample that the model wrote itself."""
    return forced.sampled_tokens + len(forced.answer_ids) - len(qwen["final"]) * (forced.finish != "natural")


def test_the_best_scored_sample_is_kept(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    reward = made_up_reward()
    run(drawing(qwen["tokenizer"], 0.1, qwen["stops"]), reward, qwen, 8)
    traces = reward.asked
    assert len(set(traces)) == 8  # every candidate has a seed of its own
    for favourite in traces:
        picky = made_up_reward({ids: 0.9 if ids == favourite else 0.2 for ids in traces})
        assert run(drawing(qwen["tokenizer"], 0.1, qwen["stops"]), picky, qwen, 8).thinking_ids == favourite


def test_of_equals_the_first_is_kept_in_whatever_order_they_end(
    drawing: Any, made_up_reward: Any, qwen: dict[str, Any]
) -> None:
    class Same:
        async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
            return 0.5

    for shuffle_seed in range(5):
        engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"], shuffle_seed)
        alone = asyncio.run(force(engine, qwen["prompt"], BUDGET, qwen["fmt"], WARM))
        kept = run(engine, Same(), qwen, 6)
        assert (kept.thinking_ids, kept.answer_ids) == (alone.thinking_ids, alone.answer_ids)


def test_candidates_run_at_the_same_time(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"])
    run(engine, made_up_reward(), qwen, 7)
    assert engine.together == 7


def test_one_candidate_is_force(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"])
    for sampling in (WARM, Sampling()):
        alone = asyncio.run(force(engine, qwen["prompt"], BUDGET, qwen["fmt"], sampling))
        assert run(engine, made_up_reward(), qwen, 1, sampling) == alone


def test_the_account_is_what_the_model_wrote(drawing: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    finishes: set[str] = set()

    @given(
        cap=st.integers(1, 30),
        waits=st.integers(0, 2),
        candidates=st.integers(1, 6),
        stop_share=st.sampled_from([0.0, 0.1, 0.5]),
        seed=st.integers(0, 2**31 - 1),
    )
    @settings(max_examples=100, deadline=None, derandomize=True)
    def check(cap: int, waits: int, candidates: int, stop_share: float, seed: int) -> None:
        engine = drawing(qwen["tokenizer"], stop_share, qwen["stops"])
        budget = Budget(cap, waits=waits, max_answer_tokens=9)
        kept = run(engine, made_up_reward(), qwen, candidates, Sampling(1.0, seed=seed), budget)
        assert written(kept, qwen) + kept.discarded_tokens == engine.written
        assert len(kept.thinking_ids) == kept.sampled_tokens + kept.injected_tokens <= cap
        assert kept.tries == candidates
        finishes.add(kept.finish)

    check()
    assert finishes == {"natural", "turn_end", "budget"}


def test_what_is_sampled_behind_loops_is_discarded(scripted: Any, made_up_reward: Any, qwen: dict[str, Any]) -> None:
    final, end = qwen["final"], qwen["end"]
    engine = scripted([40] * 99, [41] * 36 + [qwen["stop"]], [50, end], [51, 52, end])
    kept = run(engine, made_up_reward({(40,) * 32: 0.9}), qwen, 2, budget=Budget(48, loop_repeats=2))
    assert (kept.thinking_ids, kept.answer_ids, kept.finish) == ((40,) * 32, (*final, 50), "loop")
    # 48 and 37 tokens were sampled to think and 1 and 2 to answer; 32 and 1 are kept.
    assert kept.discarded_tokens == 48 + 37 + 1 + 2 - 32 - 1


def test_what_makes_no_sense_is_refused_before_anything_runs(
    drawing: Any, made_up_reward: Any, qwen: dict[str, Any]
) -> None:
    engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"])
    with pytest.raises(ValueError, match="2 candidates at temperature 0"):
        run(engine, made_up_reward(), qwen, 2, Sampling())
    with pytest.raises(ValueError, match="0 candidates"):
        run(engine, made_up_reward(), qwen, 0)
    with pytest.raises(ValueError, match="do not fit"):
        run(engine, made_up_reward(), qwen, 2, budget=Budget(190))
    assert engine.requests == []


def test_an_error_of_the_reward_model_is_raised_as_it_is(
    drawing: Any, broken_reward: Any, qwen: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="too long"):
        run(drawing(qwen["tokenizer"], 0.1, qwen["stops"]), broken_reward, qwen, 3)
