"""Each method's words and budgets, and who takes its samples."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import pytest

from s1repro.chat import FORMATS
from s1repro.config import METHODS, Config, MethodConfig, check
from s1repro.engines import ScriptedEngine
from s1repro.evaluate.methods import request
from s1repro.evaluate.plan import plan
from s1repro.evaluate.runner import answer_all
from s1repro.records import Question, Sample
from s1repro.scaling import Forced, rebase

FORMAT = FORMATS["qwen-plain"]
QUESTION = Question("q", "What is 2 plus 2?", "4", "exact", "11")
Load = Callable[..., ScriptedEngine]


class LongestIsBest:
    """A reward that grows with the trace."""

    async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
        return len(thinking_ids) / 1000


@pytest.mark.parametrize(
    ("name", "budget", "told", "cap"),
    [
        ("force", 64, "", 64),
        ("rejection", 64, "", 64),
        ("best-of-n", 64, "", 64),
        ("rebase", 64, "", 64),
        ("tcc", 64, " Think for up to 64 tokens.", None),
        ("tcc+bf", 64, " Think for up to 64 tokens.", 64),
        ("scc", 64, " Think for up to 4 steps.", None),
        ("scc+bf", 64, " Think for up to 4 steps.", 64),
        ("ccc", 32, " Answer after a short amount of thinking.", None),
        ("ccc", 64, " Answer after a long amount of thinking.", None),
    ],
)
def test_what_a_method_tells_the_model_and_what_it_enforces(name: str, budget: int, told: str, cap: int | None) -> None:
    method = MethodConfig(name=name, budgets=[32, 64], tokens_per_step=16, loop_repeats=3, answer_tokens=7)
    text, enforced = request(method, QUESTION, budget, 0)
    assert text == QUESTION.text + told
    assert (enforced.max_thinking_tokens, enforced.loop_repeats, enforced.answer_tokens) == (cap, 3, 7)


def test_wait_strings_are_taken_in_turn() -> None:
    method = MethodConfig(name="force", budgets=[64], waits=[2], wait_strings=["Wait", "Hmm"])
    assert request(method, QUESTION, 64, 2)[1].wait_strings == ("Wait", "Hmm")


OWN: dict[str, dict[str, Any]] = {
    "scc": {"tokens_per_step": 16},
    "scc+bf": {"tokens_per_step": 16},
    "rejection": {"tries": 3},
    "best-of-n": {"candidates": 3, "reward_model": "some"},
    "rebase": {"candidates": 3, "step_tokens": 8, "reward_model": "some"},
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_runs_to_graded_samples(name: str, config: Config, questions: list[Question], load: Load) -> None:
    config.method = MethodConfig(
        name=name,
        budgets=[16, 64],
        temperature=1.0 if name in ("rejection", "best-of-n", "rebase") else 0.0,
        answer_tokens=20,
        **OWN.get(name, {}),
    )
    check_method(config)
    engine, samples = load(config.engine, ""), list[Sample]()
    # The scripted engine knows its questions by their prompts, which an instruction changes.
    asked = [q for q in questions if name in ("force", "rejection", "best-of-n", "rebase")]
    tasks = plan(config, {"toy": asked})
    asyncio.run(answer_all(engine, tasks, FORMAT, config, samples.append, LongestIsBest()))
    assert {sample.key for sample in samples} == {task.key for task in tasks}
    for sample in samples:
        assert sample.thinking_tokens == sample.sampled_tokens + sample.injected_tokens <= sample.key.budget
        assert sample.tries == {"force": 1, "best-of-n": 3, "rebase": 3}.get(name, sample.tries)
        assert 1 <= sample.tries <= 3
        if sample.finish == "rejected":
            assert (sample.tries, sample.answer, sample.correct, sample.thinking_tokens) == (3, "", False, 0)
            assert sample.discarded_tokens > 0


def test_rebase_shares_out_at_the_temperature_that_is_asked_for(
    config: Config, questions: list[Question], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def noted(*arguments: Any, temperature: float, **options: Any) -> Forced:
        asked.append(temperature)
        return await rebase(*arguments, temperature=temperature, **options)

    monkeypatch.setattr("s1repro.evaluate.methods.rebase", noted)
    config.method = MethodConfig(
        name="rebase", budgets=[16], temperature=1.0, candidates=2, reward_model="some", balance_temperature=0.7
    )
    check_method(config)
    tasks = plan(config, {"toy": questions[:1]})
    engine, samples = load(config.engine, ""), list[Sample]()
    asyncio.run(answer_all(engine, tasks, FORMAT, config, samples.append, LongestIsBest()))
    assert (asked, len(samples)) == ([0.7], 1)


def check_method(config: Config) -> None:
    config.model.base = "unused"
    check(config)


def test_what_a_method_needs_is_told_before_it_runs(config: Config) -> None:
    searched = {"temperature": 1.0, "reward_model": "mine"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "tcc", "waits": [0, 1]}, "only force has Waits"),
        ({"name": "rejection"}, "rejection draws several traces"),
        ({"name": "rebase", "temperature": 1.0}, "method.reward_model is ''"),
        ({"name": "force", "reward_model": "mine"}, "method.reward_model is 'mine'"),
        ({"name": "ccc", "budgets": [1, 2, 3]}, "ccc has two classes"),
        ({"name": "scc", "budgets": [64], "tokens_per_step": 100}, "a step of scc is method.tokens_per_step=100"),
        ({"name": "force", "wait_strings": []}, "method.wait_strings is empty"),
        ({"name": "force", "loop_repeats": 1}, "method.loop_repeats is 1"),
        ({"name": "force", "balance_temperature": 0.2}, "balance_temperature is 0.2, but force has no such setting"),
        ({"name": "tcc", "tokens_per_step": 16}, "tokens_per_step is 16, .* or choose method=scc or method=scc-bf"),
        ({"name": "rejection", "temperature": 1.0, "candidates": 4}, "candidates is 4, but rejection has no such"),
        ({"name": "best-of-n", **searched, "step_tokens": 8}, "leave it at 256, or choose method=rebase"),
        ({"name": "ccc", "wait_strings": ["Hmm"]}, "wait_strings is .*, but ccc has no such setting"),
        ({"name": "rebase", **searched, "balance_temperature": 0.0}, "balance_temperature is 0.0; give more than 0"),
        ({"name": "rebase", **searched, "balance_temperature": nan}, "balance_temperature is nan; give more than 0"),
    ]
    for settings, reason in wrong:
        config.method = MethodConfig(**{"budgets": [64], **settings})
        with pytest.raises(ValueError, match=reason):
            check(config)
