"""One coroutine a sample: accounts, grading, concurrency, errors."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.engines import ScriptedEngine
from s1repro.engines.metered import MeteredEngine
from s1repro.evaluate.plan import plan
from s1repro.evaluate.runner import Prompts, answer_all, require_all_fit
from s1repro.grading import Grade
from s1repro.progress import Progress
from s1repro.records import Question, Sample
from s1repro.scaling.answer import Forced
from s1repro.scaling.method import Cut
from s1repro.scaling.prompt import Prompt

Load = Callable[..., ScriptedEngine]


def take_all(config: Config, questions: list[Question], engine: Any) -> list[Sample]:
    samples: list[Sample] = []
    prompts = Prompts(MeteredEngine(engine), FORMATS["qwen-plain"].bind(engine.tokenizer), config.method)
    groups = plan(config, {"toy": questions})
    take, concurrency = config.method.start(engine), config.engine.max_concurrency
    asyncio.run(answer_all(prompts, take, groups, samples.append, concurrency))
    return samples


def test_accounts_add_up_and_budgets_hold(
    config: Config, questions: list[Question], load: Load, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    fmt = FORMATS["qwen-plain"].bind(qwen_tokenizer)
    samples = take_all(config, questions, load(config.engine, ""))
    assert len(samples) == len({sample.key for sample in samples}) == 5 * 8
    for sample in samples:
        assert sample.thinking_tokens == sample.sampled_tokens + sample.injected_tokens <= sample.key.budget
        assert sample.waits_used <= sample.key.waits
        assert (sample.injected_tokens > 0) == (sample.waits_used > 0)
        assert sample.prompt == qwen_tokenizer.decode(fmt.prompt_ids(_text(questions, sample)))
        assert sample.answer.startswith("Final Answer:") == (sample.finish != "natural")
        assert sample.correct == (sample.extracted == sample.reference)
        assert sample.cut == (sample.thinking_tokens if sample.finish == "budget" else None)
        assert (sample.tries, sample.discarded_tokens) == (1, 0)
    assert any(sample.waits_used == 2 and "Wait" in sample.thinking for sample in samples)


def test_more_thinking_is_more_accurate_with_an_engine_built_so(
    config: Config, questions: list[Question], load: Load
) -> None:
    samples = take_all(config, questions, load(config.engine, ""))
    correct = {
        budget: sum(s.correct for s in samples if (s.key.budget, s.key.waits) == (budget, 0)) for budget in (4, 64)
    }
    assert correct[4] < correct[64]
    assert {s.finish for s in samples if s.key.budget == 4} >= {"budget"}


def test_tokens_are_drawn_as_the_method_says(config: Config, questions: list[Question], load: Load) -> None:
    config.method.temperature, config.method.top_p = 0.6, 0.95
    engine = load(config.engine, "")
    take_all(config, questions, engine)
    assert {(asked.sampling.temperature, asked.sampling.top_p) for asked in engine.requests} == {(0.6, 0.95)}


def test_no_more_traces_in_flight_than_asked_for(config: Config, questions: list[Question], load: Load) -> None:
    engine = load(config.engine, "")
    flying: set[str] = set()
    fmt = FORMATS["qwen-plain"].bind(engine.tokenizer)
    starts = {q.id: fmt.prompt_ids(q.text) for q in questions}
    most = 0
    complete = engine.complete

    async def counted(prompt_ids: list[int], **kwargs: Any) -> Any:
        nonlocal most
        (trace,) = [name for name, start in starts.items() if list(prompt_ids[: len(start)]) == start]
        flying.add(trace)
        most = max(most, len(flying))
        await asyncio.sleep(0)
        result = await complete(prompt_ids, **kwargs)
        flying.discard(trace)
        return result

    engine.complete = counted  # type: ignore[method-assign, assignment]
    take_all(config, questions, engine)
    assert 1 < most <= config.engine.max_concurrency == 5


def test_a_curve_costs_little_more_than_its_dearest_point(
    config: Config, questions: list[Question], load: Load
) -> None:
    curve, dearest = load(config.engine, ""), load(config.engine, "")
    config.method.budgets = [4, 8, 16, 32, 64]
    take_all(config, questions, curve)
    config.method.budgets, config.method.waits = [64], [2]
    take_all(config, questions, dearest)
    opening = FORMATS["qwen-plain"].bind(curve.tokenizer).closed_ids

    def traces(engine: ScriptedEngine) -> int:
        return sum(opening[0] not in request.prompt_ids[-20:] for request in engine.requests)

    assert traces(curve) == traces(dearest), "the traces are grown once; every other request is an answer"


def test_the_tokens_on_the_terminal_are_those_that_the_engine_sampled(
    config: Config, questions: list[Question], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Progress] = []

    def noted(*told: Any, **settings: Any) -> Progress:
        shown.append(Progress(*told, **settings))
        return shown[0]

    monkeypatch.setattr("s1repro.evaluate.runner.Progress", noted)
    engine = MeteredEngine(load(config.engine, ""))
    samples = take_all(config, questions, engine)
    assert len(shown) == 1 and shown[0].done == len(samples)
    assert shown[0].tokens == engine.sampled_tokens > 0
    accounts = sum(sample.sampled_tokens + sample.answer_tokens for sample in samples)
    assert shown[0].tokens < accounts, "the points of a curve share a trace"


def test_an_engine_error_comes_out_as_itself(config: Config, questions: list[Question], load: Load) -> None:
    engine = load(config.engine, "")

    async def broken(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("the engine is out of memory")

    engine.complete = broken  # type: ignore[method-assign]
    with pytest.raises(ValueError, match=r"^the engine is out of memory$"):
        take_all(config, questions, engine)


def test_what_is_in_flight_behind_an_error_is_kept_and_nothing_more_is_begun(
    config: Config, questions: list[Question], load: Load
) -> None:
    engine = load(config.engine, "")
    prompts = Prompts(MeteredEngine(engine), FORMATS["qwen-plain"].bind(engine.tokenizer), config.method)
    groups, kept, begun = plan(config, {"toy": questions}), list[Sample](), list[str]()
    whole = config.method.start(engine)

    async def take(prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        begun.append(question.id)
        if len(begun) == 2:
            raise ValueError("the server refuses this one")
        return await whole(prompt, question, cuts)

    with pytest.raises(ValueError, match=r"^the server refuses this one$"):
        asyncio.run(answer_all(prompts, take, groups, kept.append, 3))
    assert len(begun) == 3 and len(kept) == len(groups[0]) + len(groups[2])


def test_each_request_of_a_sample_has_its_own_seed(config: Config, questions: list[Question], load: Load) -> None:
    config.method.temperature = 1.0
    config.method.samples = 3
    engine = load(config.engine, "")
    samples = take_all(config, questions, engine)
    traces = {(sample.key.question, sample.key.sample): sample.seed for sample in samples}
    assert len(set(traces.values())) == len(traces) == 3 * 8, "one seed a trace, whatever the budget"
    assert {sample.seed for sample in samples} == set(traces.values())
    assert {request.sampling.temperature for request in engine.requests} == {1.0}
    assert set(traces.values()) <= {request.sampling.seed for request in engine.requests}


def test_what_does_not_fit_is_named_with_its_numbers(
    config: Config, questions: list[Question], qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    config.engine.max_model_len = 100
    long = Question("long", "why " * 60, "1", "exact", "")
    fmt = FORMATS["qwen-plain"].bind(qwen_tokenizer)
    require_all_fit(config, fmt, {})
    with pytest.raises(ValueError, match=r"^toy, question long: \d+ prompt tokens, 64 thinking tokens"):
        require_all_fit(config, fmt, {"toy": [long]})


def _text(questions: list[Question], sample: Sample) -> str:
    return next(question.text for question in questions if question.id == sample.key.question)


def test_a_slow_comparison_does_not_stop_the_event_loop(
    config: Config, questions: list[Question], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(config.engine, "")
    ticks = 0

    def slow(response: str, reference: str, kind: str) -> Grade:
        started = ticks
        while ticks < started + 3:  # for ever, if nothing else runs meanwhile
            time.sleep(0.001)
        return Grade("", False)

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    async def both() -> list[Sample]:
        ticking = asyncio.create_task(tick())
        samples: list[Sample] = []
        fmt = FORMATS["qwen-plain"].bind(engine.tokenizer)
        prompts = Prompts(MeteredEngine(engine), fmt, config.method)
        groups = plan(config, {"toy": questions})[:2]
        await asyncio.wait_for(answer_all(prompts, config.method.start(engine), groups, samples.append, 2), 60)
        ticking.cancel()
        return samples

    monkeypatch.setattr("s1repro.evaluate.runner.grade", slow)
    assert len(asyncio.run(both())) >= 2


def test_a_cancellation_loses_no_sample_that_was_taken(
    config: Config, questions: list[Question], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(config.engine, "")
    grading = threading.Event()

    def slow(response: str, reference: str, kind: str) -> Grade:
        grading.set()
        time.sleep(0.2)
        return Grade("", False)

    async def cancelled() -> list[Sample]:
        samples: list[Sample] = []
        prompts = Prompts(MeteredEngine(engine), FORMATS["qwen-plain"].bind(engine.tokenizer), config.method)
        groups = plan(config, {"toy": questions})[:1]
        answering = asyncio.create_task(answer_all(prompts, config.method.start(engine), groups, samples.append, 1))
        await asyncio.to_thread(grading.wait, 30)
        answering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answering
        assert len(samples) == len(groups[0])
        return samples

    monkeypatch.setattr("s1repro.evaluate.runner.grade", slow)
    assert asyncio.run(cancelled())
