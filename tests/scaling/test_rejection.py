"""Rejection sampling: the first trace that fits by itself, and an honest account of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.engines import Engine, Sampling, ScriptedEngine
from s1repro.scaling import Budget, Forced, Prompt, force, reject

Scripted = Callable[..., ScriptedEngine]
WARM = Sampling(temperature=1.0, seed=3)


def run(engine: Engine, qwen: dict[str, Any], budget: Budget, tries: int, sampling: Sampling = WARM) -> Forced:
    return asyncio.run(reject(Prompt(engine, tuple(qwen["prompt"]), qwen["fmt"], sampling), budget, tries))


def test_the_first_trace_that_ends_by_itself_is_kept(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted([40] * 99, [50] * 99, [41, 42, qwen["stop"]], [43, 44, qwen["end"]])
    forced = run(engine, qwen, Budget(5), tries=9)
    assert (forced.thinking_ids, forced.answer_ids, forced.finish) == ((41, 42), (43, 44), "natural")
    assert (forced.sampled_tokens, forced.injected_tokens, forced.tries, forced.discarded_tokens) == (2, 0, 3, 10)
    # A try stops at the cap and is not answered; only the last request is an answer's.
    assert [request.max_tokens for request in engine.requests] == [5, 5, 5, 200 - len(engine.requests[-1].prompt_ids)]
    assert [request.prompt_ids for request in engine.requests[:3]] == [tuple(qwen["prompt"])] * 3
    assert len({request.sampling.seed for request in engine.requests}) == 4
    assert {request.sampling.temperature for request in engine.requests} == {1.0}


def test_a_turn_that_ends_fits_too_and_gets_the_final_string(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted([40] * 99, [41, qwen["end"]], [43, qwen["end"]])
    forced = run(engine, qwen, Budget(5), tries=2)
    assert (forced.thinking_ids, forced.answer_ids) == ((41,), (*qwen["final"], 43))
    assert (forced.finish, forced.tries, forced.discarded_tokens) == ("turn_end", 2, 5)


def test_a_trace_that_needs_the_whole_cap_does_not_fit(scripted: Scripted, qwen: dict[str, Any]) -> None:
    # Its end would be one token too many; a trace of one token less fits.
    engine = scripted([40, 41, 42, qwen["stop"]], [40, 41, qwen["stop"]], [43, qwen["end"]])
    assert run(engine, qwen, Budget(3), tries=2).tries == 2


def test_out_of_tries_is_rejected(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted([40] * 99, [41] * 99, [42] * 99)
    assert run(engine, qwen, Budget(7), tries=3) == Forced((), 0, 0, (), 0, "rejected", 3, 21)
    assert len(engine.requests) == 3


def test_a_loop_does_not_fit(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted([40, 41] * 40, [41, qwen["stop"]], [43, qwen["end"]])
    forced = run(engine, qwen, Budget(48, loop_repeats=4), tries=2)
    # What was sampled behind the loop, to the cap, is in the account too.
    assert (forced.thinking_ids, forced.tries, forced.discarded_tokens) == ((41,), 2, 48)


def test_what_stops_behind_a_loop_is_discarded_with_it(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted([40, 41] * 18 + [qwen["stop"]], [42] * 99)
    forced = run(engine, qwen, Budget(48, loop_repeats=4), tries=2)
    assert forced == Forced((), 0, 0, (), 0, "rejected", 2, 37 + 48)


def test_what_makes_no_sense_is_refused_before_anything_runs(scripted: Scripted, qwen: dict[str, Any]) -> None:
    engine = scripted()
    with pytest.raises(ValueError, match="2 waits"):
        run(engine, qwen, Budget(5, waits=2), tries=2)
    with pytest.raises(ValueError, match="2 tries at temperature 0"):
        run(engine, qwen, Budget(5), 2, Sampling())
    with pytest.raises(ValueError, match="0 tries"):
        run(engine, qwen, Budget(5), 0)
    with pytest.raises(ValueError, match="do not fit"):
        run(engine, qwen, Budget(150), 2)
    assert engine.requests == []


def test_the_account_is_what_the_model_wrote(drawing: Any, qwen: dict[str, Any]) -> None:
    seen: set[tuple[str, bool]] = set()

    @given(
        cap=st.integers(1, 30),
        tries=st.integers(1, 6),
        stop_share=st.sampled_from([0.0, 0.02, 0.1, 0.5]),
        final_string=st.sampled_from(["Final Answer:", ""]),
        seed=st.integers(0, 2**31 - 1),
    )
    @settings(max_examples=150, deadline=None, derandomize=True)
    def check(cap: int, tries: int, stop_share: float, final_string: str, seed: int) -> None:
        engine = drawing(qwen["tokenizer"], stop_share, qwen["stops"])
        budget, sampling = Budget(cap, max_answer_tokens=9, final_string=final_string), Sampling(1.0, seed=seed)
        forced = run(engine, qwen, budget, tries, sampling)
        injected = 0 if forced.finish in ("natural", "rejected") else len(qwen["final"]) * bool(final_string)
        kept = forced.sampled_tokens + len(forced.answer_ids) - injected
        assert kept + forced.discarded_tokens == engine.written
        assert len(forced.thinking_ids) == forced.sampled_tokens <= cap
        assert forced.injected_tokens == forced.waits_used == 0
        assert 1 <= forced.tries <= tries
        if forced.finish == "rejected":
            assert (forced.tries, forced.discarded_tokens, forced.answer_ids) == (tries, tries * cap, ())
        else:
            assert forced.finish in ("natural", "turn_end")
            assert forced.discarded_tokens == (forced.tries - 1) * cap
        if forced.tries == 1 and forced.finish != "rejected":
            assert forced == asyncio.run(force(engine, qwen["prompt"], budget, qwen["fmt"], sampling))
        seen.add((forced.finish, forced.tries > 1))

    check()
    assert seen == {(finish, more) for finish in ("natural", "turn_end", "rejected") for more in (False, True)}
