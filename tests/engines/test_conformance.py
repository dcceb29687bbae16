"""One contract for every engine: exact lengths, stops, forcing, company, cancelling, caches, refusals.

What an engine says is its model's affair; everything here follows from its own greedy continuation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from s1repro.chat import FORMATS
from s1repro.engines import Completion, Engine, Sampling, ScriptedEngine, Stop
from s1repro.engines.server import ServerEngine
from s1repro.engines.transformers import TransformersEngine
from s1repro.engines.vllm import VllmEngine
from s1repro.scaling import Budget, force, sweep
from tests.engines.completion_server import toy
from tests.engines.conftest import vocabulary_of

Run = Callable[[Coroutine[Any, Any, Any]], Any]
GREEDY = Sampling()
ENDLESS = Stop()
PROMPT = [5, 6, 7]
WHOLE = 60


async def complete(engine: Engine, max_tokens: int, stop: Stop = ENDLESS, prompt: list[int] = PROMPT) -> Completion:
    return await engine.complete(prompt, max_tokens=max_tokens, stop=stop, sampling=GREEDY)


@pytest.mark.parametrize("max_tokens", [1, 2, WHOLE, 256 - len(PROMPT)])
def test_without_a_stop_it_is_as_long_as_asked(any_engine: Engine, run: Run, max_tokens: int) -> None:
    whole = run(complete(any_engine, max_tokens))
    assert (len(whole.token_ids), whole.finish_reason) == (max_tokens, "length")
    assert (whole.stop_token, whole.stop_string, whole.stop_ids) == (None, None, ())


def test_a_shorter_one_is_its_beginning_and_a_continued_one_goes_on(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE)).token_ids
    assert run(complete(any_engine, 11)).token_ids == whole[:11]
    assert run(complete(any_engine, WHOLE - 20, prompt=[*PROMPT, *whole[:20]])).token_ids == whole[20:]


def test_a_stop_token_is_cut_off_and_told(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE)).token_ids
    for stop in (whole[0], whole[9], whole[-1]):
        place = whole.index(stop)
        stopped = run(complete(any_engine, WHOLE, Stop((stop,))))
        assert (stopped.token_ids, stopped.finish_reason) == (whole[:place], "stop")
        assert (stopped.stop_token, stopped.stop_ids) == (stop, (stop,))
        assert run(complete(any_engine, place + 1, Stop((stop,)))) == stopped
        if place:
            assert run(complete(any_engine, place, Stop((stop,)))).finish_reason == "length"


def test_a_stop_is_held_back_for_as_many_tokens_as_told(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE)).token_ids
    place = next(place for place in range(1, WHOLE) if whole[place] not in whole[:place])
    for kept in (0, place):
        first = Stop((whole[kept],), min_tokens=kept)
        assert run(complete(any_engine, WHOLE, first)).token_ids == whole[:kept], "it was allowed there"
        held = run(complete(any_engine, WHOLE, Stop((whole[kept],), min_tokens=kept + 1)))
        assert held.token_ids[:kept] == whole[:kept] and held.token_ids[kept] != whole[kept]
        said = held.token_ids[: kept + 1]
        rest = run(complete(any_engine, WHOLE - len(said), Stop((whole[kept],)), prompt=[*PROMPT, *said]))
        assert (held.token_ids, held.stop_ids) == (said + rest.token_ids, rest.stop_ids), "a stop again behind it"
    assert len(run(complete(any_engine, 1, Stop((whole[0],), min_tokens=2))).token_ids) == 1


def test_a_stop_that_never_comes_stops_nothing(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE))
    never = next(token for token in range(200) if token not in whole.token_ids)
    assert run(complete(any_engine, WHOLE, Stop((never,), ("no such text",)))).token_ids == whole.token_ids


def test_a_stop_string_over_several_tokens_is_cut_off_and_told(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE)).token_ids
    text = across(any_engine, whole)
    stopped = run(complete(any_engine, WHOLE, Stop((), (text,))))
    kept = len(stopped.token_ids)
    assert (stopped.stop_string, stopped.finish_reason) == (text, "stop")
    assert stopped.token_ids + stopped.stop_ids == whole[: kept + len(stopped.stop_ids)]
    assert text in any_engine.tokenizer.decode(list(stopped.stop_ids))
    assert text not in any_engine.tokenizer.decode(list(stopped.token_ids))


def across(engine: Engine, ids: Sequence[int]) -> str:
    """A text that two tokens spell together, in the midst of `ids`."""
    texts = (engine.tokenizer.decode(list(ids[place : place + 2])) for place in range(3, len(ids) - 2))
    return next(text for text in texts if text.isascii() and text.isprintable() and len(text) >= 3)


def test_the_stop_that_comes_first_counts(any_engine: Engine, run: Run) -> None:
    whole = run(complete(any_engine, WHOLE)).token_ids
    text = across(any_engine, whole)
    end = next(count for count in range(WHOLE) if text in any_engine.tokenizer.decode(list(whole[:count])))
    later = next(token for token in whole[end:] if token not in whole[:end])
    assert run(complete(any_engine, WHOLE, Stop((later,), (text,)))).stop_string == text
    early = run(complete(any_engine, WHOLE, Stop((whole[1],), (text,))))
    assert (early.stop_token, early.stop_string) == (whole[1], None)


def test_budgets_of_one_sweep_are_those_of_each_alone(any_engine: Engine, run: Run) -> None:
    fmt = FORMATS["qwen-plain"].bind(any_engine.tokenizer)
    prompt = fmt.prompt_ids("2+2?")
    budgets = [Budget(cap, max_answer_tokens=9, answer_reserve=9) for cap in (1, 8, 40)]
    budgets += [Budget(60, waits=waits, max_answer_tokens=9, answer_reserve=9) for waits in (1, 2)]
    budgets += [Budget(None, max_answer_tokens=9, answer_reserve=9)]

    async def both() -> tuple[Any, Any]:
        together = await sweep(any_engine, prompt, budgets, fmt, GREEDY)
        return together, [await force(any_engine, prompt, budget, fmt, GREEDY) for budget in budgets]

    together, alone = run(both())
    assert together == alone
    for budget, forced in zip(budgets, together, strict=True):
        assert len(forced.thinking_ids) <= (budget.max_thinking_tokens or 256)
        assert len(forced.answer_ids) - forced.final_tokens <= 9


def test_sixty_four_at_once_are_what_each_is_alone(any_engine: Engine, run: Run) -> None:
    prompts = [[5 + i % 40, 7, i % 30 + 1] for i in range(64)]

    async def at_once() -> list[Completion]:
        return await asyncio.gather(*(complete(any_engine, 12, prompt=prompt) for prompt in prompts))

    together = [one.token_ids for one in run(at_once())]
    assert together[:8] == [run(complete(any_engine, 12, prompt=prompt)).token_ids for prompt in prompts[:8]]


def test_greedy_ids_are_those_of_vllm_in_this_process(
    any_engine: Engine, vllm_engine: Engine, tiny_qwen: Path, run: Run
) -> None:
    """On the same weights; a stand-in's model is a toy, and has none."""
    if run(complete(any_engine, 2, prompt=[5, 6])).token_ids[0] == toy([5, 6], vocabulary_of(tiny_qwen)):
        pytest.skip("a toy")

    async def all_of_them(engine: Engine) -> list[tuple[int, ...]]:
        said = await asyncio.gather(*(complete(engine, 40, prompt=[5 + i, 7, 30 - i]) for i in range(16)))
        return [one.token_ids for one in said]

    assert run(all_of_them(any_engine)) == run(all_of_them(vllm_engine))


def test_what_is_under_way_is_told_while_it_is_and_no_longer(any_engine: Engine, run: Run) -> None:
    async def watched() -> int:
        task, most = asyncio.create_task(complete(any_engine, 250)), 0
        while not task.done():
            most = max(most, any_engine.under_way)
            await asyncio.sleep(0)
        await task
        doomed = asyncio.create_task(complete(any_engine, 250))
        await asyncio.sleep(0.05)
        doomed.cancel()
        await asyncio.gather(doomed, return_exceptions=True)
        await complete(any_engine, 2)  # on transformers a batch ends with the token that it is at
        return most

    most = run(watched())
    assert (0 < most <= 250) == isinstance(any_engine, VllmEngine | TransformersEngine)
    assert any_engine.under_way == 0


def test_cancelled_requests_disturb_no_other(any_engine: Engine, run: Run) -> None:
    async def some() -> list[Completion]:
        tasks = [asyncio.create_task(complete(any_engine, WHOLE, prompt=[5, i + 1])) for i in range(16)]
        await asyncio.sleep(0.005)
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return [one for one in done[1::2] if isinstance(one, Completion)]

    rest = run(some())
    assert [len(one.token_ids) for one in rest] == [WHOLE] * 8
    assert rest[0].token_ids == run(complete(any_engine, WHOLE, prompt=[5, 2])).token_ids


def test_what_was_said_before_comes_from_the_cache(any_engine: Engine, run: Run) -> None:
    if not isinstance(any_engine, VllmEngine | ServerEngine):
        pytest.skip("this engine has no prefix cache")
    prompt = [9 + i % 50 for i in range(100)]
    first = run(complete(any_engine, 4, prompt=prompt))
    again = run(complete(any_engine, 1, prompt=[*prompt, *first.token_ids, 5]))
    assert again.cached_tokens >= 96


def test_a_bad_request_is_refused_and_the_engine_goes_on(any_engine: Engine, run: Run) -> None:
    outside = 10_000
    with pytest.raises(ValueError, match=f"token id {outside} is outside the model's vocabulary"):
        run(complete(any_engine, 1, prompt=[5, outside]))
    with pytest.raises(ValueError, match="do not fit in max_model_len 256"):
        run(complete(any_engine, 254))
    with pytest.raises(ValueError, match="max_tokens is 0"):
        run(complete(any_engine, 0))
    assert len(run(complete(any_engine, 3)).token_ids) == 3


def test_an_id_that_only_the_model_has_is_taken_back(any_engine: Engine, tiny_qwen: Path, run: Run) -> None:
    size = vocabulary_of(tiny_qwen)
    assert size > len(any_engine.tokenizer)
    assert len(run(complete(any_engine, 3, prompt=[5, size - 1])).token_ids) == 3
    with pytest.raises(ValueError, match=f"token id {size} is outside the model's vocabulary"):
        run(complete(any_engine, 1, prompt=[5, size]))


def test_a_drawn_sample_is_in_the_vocabulary_and_stops_where_it_is_told(any_engine: Engine, run: Run) -> None:
    if isinstance(any_engine, ScriptedEngine):
        pytest.skip("the script decides")
    eos = any_engine.tokenizer.eos_token_id
    for one in run(drawn(any_engine, Stop((eos,)))):
        assert eos not in one.token_ids
        assert (one.finish_reason == "stop") == (len(one.token_ids) < 40)


async def drawn(engine: Engine, stop: Stop = ENDLESS) -> list[Completion]:
    """Samples of eight seeds."""
    hot = [Sampling(temperature=1.5, seed=seed) for seed in range(8)]
    return await asyncio.gather(*(engine.complete([5], max_tokens=40, stop=stop, sampling=one) for one in hot))


def test_a_seed_draws_the_same_again_and_another_seed_something_else(
    any_engine: Engine, run: Run, request: pytest.FixtureRequest
) -> None:
    if isinstance(any_engine, ScriptedEngine):
        pytest.skip("the script decides")
    if request.node.callspec.params["any_engine"] == "vllm-server-drafting":
        pytest.skip("on a CPU vLLM checks drafts at a temperature that nobody has set: s1repro/engines/vllm.py")
    once, again = run(drawn(any_engine)), run(drawn(any_engine))
    assert [one.token_ids for one in once] == [one.token_ids for one in again]
    assert len({one.token_ids for one in once}) == 8
