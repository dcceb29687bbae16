"""Every listed method: its points, what it tells the model, what it enforces, its bounds, and what it refuses."""

from __future__ import annotations

import asyncio
import sys
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.engines import Sampling
from s1repro.records import Question
from s1repro.scaling import Budget, Prompt, Tree, rebase
from s1repro.scaling.forcing import Forcing
from s1repro.scaling.method import Cut, Method
from s1repro.scaling.methods import METHODS
from s1repro.scaling.rebase import Rebase
from s1repro.scaling.rejection import Rejection

QUESTION = Question("q", "What is 2 plus 2?", "4", "exact", "11")
SEARCH = {"reward_model": "mine", "candidates": 3}
OWN: dict[str, dict[str, Any]] = {
    "scc": {"tokens_per_step": 16},
    "scc+bf": {"tokens_per_step": 16},
    "rejection": {"tries": 3},
    "best-of-n": SEARCH,
    "rebase": {**SEARCH, "step_tokens": 8},
}


SHORT = "\n\nAnswer after a short amount of thinking. Do not spend excessive time double-checking your work."
LONG = (
    "\n\nAnswer after a long amount of thinking. If you feel like you are finished early, spend the extra time trying "
    "to double-check your work until you are absolutely sure that you have the correct answer."
)
"""The words of the public code's prompts (lm_eval/tasks/aime/utils.py)."""


def make(name: str, **settings: Any) -> Method:
    """A method of two budgets."""
    return METHODS[name](**{"budgets": [32, 64], "max_answer_tokens": 9, **OWN.get(name, {}), **settings})


@pytest.mark.parametrize(
    ("name", "budget", "told", "cap"),
    [
        ("force", 64, "", 64),
        ("rejection", 64, "", 64),
        ("best-of-n", 64, "", 64),
        ("rebase", 64, "", 64),
        ("tcc", 64, "\n\nThink for up to 64 tokens.", None),
        ("tcc+bf", 64, "\n\nThink for up to 64 tokens.", 64),
        ("scc", 64, "\n\nThink for up to 4 steps.", None),
        ("scc+bf", 64, "\n\nThink for up to 4 steps.", None),
        ("ccc", 32, SHORT, None),
        ("ccc", 64, LONG, None),
    ],
)
def test_what_a_method_tells_the_model_and_what_it_enforces(
    qwen_tokenizer: PreTrainedTokenizerBase, name: str, budget: int, told: str, cap: int | None
) -> None:
    method, fmt = make(name, loop_repeats=3, max_answer_tokens=7), FORMATS["qwen-plain"].bind(qwen_tokenizer)
    enforced = method.budget(Cut(budget), 4096)
    opened = fmt.counting(ends_at_zero=False) if name.startswith("scc") else fmt
    assert method.prompt_ids(fmt, QUESTION, Cut(budget)) == opened.prompt_ids(QUESTION.text + told)
    assert (enforced.max_thinking_tokens, enforced.loop_repeats, enforced.max_answer_tokens) == (cap, 3, 7)


@pytest.mark.parametrize(
    ("budgets", "waits", "expected"),
    [
        ([64, 16], [0], [(16, 0), (64, 0)]),
        ([64, 16], [0, 1, 2], [(16, 0), (64, 0), (64, 1), (64, 2)]),
        ([64], [2], [(64, 2)]),
        ([16, 16], [0, 0], [(16, 0)]),
    ],
)
def test_forcing_has_one_trace_for_budgets_and_waits(
    budgets: list[int], waits: list[int], expected: list[tuple[int, int]]
) -> None:
    assert Forcing(budgets=budgets, waits=waits).traces(4096) == [expected]


@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"force"}))
def test_the_others_have_a_trace_a_budget(name: str) -> None:
    assert make(name, budgets=[64, 32, 64]).traces(4096) == [[(32, 0)], [(64, 0)]]


def test_wait_strings_are_taken_in_turn() -> None:
    method = Forcing(budgets=[64], waits=[2], wait_strings=["Wait", "Hmm"])
    assert method.budget(Cut(64, 2), 4096).wait_strings == ("Wait", "Hmm")


@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"ccc"}))
def test_a_run_keeps_to_its_budget_up_to_the_budget(name: str) -> None:
    assert METHODS[name].bounds([64, 8], None) == [(0, 64), (0, 8)]


def test_a_class_is_kept_beside_the_run_that_is_told_nothing() -> None:
    assert METHODS["ccc"].bounds([64, 8], None) is None
    assert METHODS["ccc"].bounds([64, 8], 50.5) == [(50.5, inf), (0, 50.5)]


def test_auto_is_the_whole_length_and_enforces_what_fits() -> None:
    method = Forcing(budgets=[64, "auto"], waits=[0, 1])
    method.check()
    assert method.traces(4096) == [[(64, 0), (4096, 0), (4096, 1)]]
    assert method.budget(Cut(4096, 1), 4096).max_thinking_tokens is None
    assert method.budget(Cut(64), 4096).max_thinking_tokens == 64
    with pytest.raises(ValueError, match="tcc tells the model a number, so not auto"):
        make("tcc", budgets=[64, "auto"]).check()


@pytest.mark.parametrize(
    ("name", "settings", "takes"),
    [
        ("force", {}, False),
        ("force", {"budgets": [64, "auto"]}, False),
        ("force", {"max_answer_tokens": None}, True),
        ("force", {"max_answer_tokens": 100}, False),
        ("force", {"max_answer_tokens": 101}, True),  # 100 are kept free
        ("rejection", {}, False),
        ("tcc", {}, True),
        ("tcc+bf", {}, False),
        ("scc", {}, True),
        ("scc+bf", {}, True),
        ("ccc", {}, True),
        ("plain", {"max_answer_tokens": None}, False),
    ],
)
def test_what_nothing_else_ends_takes_what_is_left_of_the_model_s_length(
    name: str, settings: dict[str, Any], takes: bool
) -> None:
    assert make(name, **settings).takes_what_is_left() == takes


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("force", {"budgets": [1]}, {"waits": [0, 3], "samples": 1}, True),
        ("force", {"wait_strings": ["Hmm"]}, {}, False),
        ("force", {"temperature": 1.0, "top_p": 0.9}, {"temperature": 1.0}, False),
        ("rejection", {"tries": 3}, {"tries": 4}, False),
        ("ccc", {"budgets": [1, 2]}, {"budgets": [1, 3]}, False),
        ("tcc", {"budgets": [1, 2]}, {"budgets": [1, 3]}, True),
    ],
)
def test_further_points_join_a_curve_and_other_settings_do_not(
    name: str, one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    assert (make(name, **one).identity() == make(name, **other).identity()) == same


@pytest.mark.parametrize("name", ["force", "rejection", "plain"])
def test_samples_from_before_there_was_a_top_p_are_of_the_method_without_one(name: str) -> None:
    assert "top_p" not in make(name).identity()
    assert make(name, temperature=1.0, top_p=0.9).identity()["top_p"] == 0.9


def test_a_reward_model_is_known_by_its_files(tiny_qwen: Path) -> None:
    identity = make("rebase", reward_model=str(tiny_qwen)).identity()
    assert len(str(identity["reward_model"])) == 16


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("force", {"budgets": []}, r"method.budgets is \[\]"),
    ("force", {"budgets": [64, 0]}, "method.budgets is .*1 or more"),
    ("force", {"budgets": ["all"]}, "1 or more each, or auto"),
    ("force", {"answer_reserve": 0}, "method.answer_reserve is 0"),
    ("force", {"waits": [-1]}, "method.waits is"),
    ("force", {"waits": []}, "method.waits is empty"),
    ("force", {"waits": [1, 2]}, r"budgets is \[32, 64\].* give method.waits=\[0,1,2\], or one budget"),
    ("force", {"wait_strings": []}, "method.wait_strings is empty"),
    ("force", {"loop_repeats": 1}, "method.loop_repeats is 1"),
    ("force", {"max_answer_tokens": 0}, "method.max_answer_tokens is 0"),
    ("force", {"temperature": -1.0}, "method.temperature is -1.0"),
    ("force", {"temperature": nan}, "method.temperature is nan"),
    ("force", {"temperature": 1.0, "top_p": 0.0}, "method.top_p is 0.0; give a share above 0, up to 1"),
    ("force", {"temperature": 1.0, "top_p": 1.5}, "method.top_p is 1.5; give"),
    ("force", {"temperature": 1.0, "top_p": nan}, "method.top_p is nan; give"),
    ("force", {"top_p": 0.9}, "method.top_p is 0.9, and at temperature 0 nothing is drawn; set method.temperature"),
    ("force", {"samples": 2}, "repeats one answer"),
    ("ccc", {"budgets": [1, 2, 3]}, "ccc has two classes"),
    ("scc", {"tokens_per_step": 100}, "a step of scc is method.tokens_per_step=100; give budgets of whole steps"),
    ("scc", {"budgets": [32, 40]}, r"budgets is \[32, 40\], but a step of scc is method.tokens_per_step=16; give"),
    ("rejection", {"temperature": 0.0}, "rejection draws several traces"),
    ("rejection", {"tries": 0}, "method.tries is 0"),
    ("rebase", {"temperature": 0.0}, "rebase draws several traces"),
    ("rebase", {"reward_model": ""}, "method.reward_model is empty"),
    ("rebase", {"balance_temperature": 0.0}, "balance_temperature is 0.0; give more than 0"),
    ("rebase", {"balance_temperature": nan}, "balance_temperature is nan; give more than 0"),
    ("best-of-n", {"candidates": 0}, "method.candidates is 0"),
]


@pytest.mark.parametrize(("name", "settings", "reason"), WRONG)
def test_what_makes_no_sense_is_refused(name: str, settings: dict[str, Any], reason: str) -> None:
    make(name).check()
    with pytest.raises(ValueError, match=reason):
        make(name, **settings).check()


SAMPLED = sorted(METHODS.keys() - {"rebase", "best-of-n", "plain"})


@pytest.mark.parametrize("name", SAMPLED)
def test_a_method_takes_a_sample_for_each_cut(name: str, drawing: Any, qwen: dict[str, Any]) -> None:
    method, engine = make(name), drawing(qwen["tokenizer"], 0.1, qwen["stops"])
    take = method.start(engine)
    for cuts in method.traces(200):
        ids = method.prompt_ids(qwen["fmt"], QUESTION, cuts[0])
        prompt = Prompt(engine, tuple(ids), qwen["fmt"], Sampling(1.0, seed=3))
        taken = asyncio.run(take(prompt, QUESTION, cuts))
        assert len(taken) == len(cuts)
        assert all(forced.tries <= 3 for forced in taken)


@pytest.mark.parametrize("name", ["best-of-n", "rebase"])
def test_a_search_chooses_by_its_reward_model(
    name: str, drawing: Any, made_up_reward: Any, qwen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    method, engine, reward = make(name), drawing(qwen["tokenizer"], 0.1, qwen["stops"]), made_up_reward()
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        "s1repro.scaling.candidates.HfRewardModel", lambda model, _, trust: asked.append((model, trust)) or reward
    )
    take = method.start(engine, trust_remote_code=True)
    prompt = Prompt(engine, tuple(qwen["prompt"]), qwen["fmt"], Sampling(1.0, seed=3))
    (forced,) = asyncio.run(take(prompt, QUESTION, [Cut(32)]))
    assert asked == [("mine", True)] and forced.tries == 3 and reward.asked


def test_rebase_grows_the_tree_that_is_asked_for(
    drawing: Any, made_up_reward: Any, qwen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Tree] = []

    async def noted(prompt: Prompt, budget: Budget, reward: Any, tree: Tree, *reading: Any) -> Any:
        asked.append(tree)
        return await rebase(prompt, budget, reward, tree, *reading)

    monkeypatch.setattr(sys.modules["s1repro.scaling.rebase"], "rebase", noted)  # the package has a function so named
    monkeypatch.setattr("s1repro.scaling.candidates.HfRewardModel", lambda *_: made_up_reward())
    engine = drawing(qwen["tokenizer"], 0.1, qwen["stops"])
    method = Rebase(budgets=[16], reward_model="mine", candidates=2, step_tokens=5, balance_temperature=0.7)
    prompt = Prompt(engine, tuple(qwen["prompt"]), qwen["fmt"], Sampling(1.0, seed=3))
    asyncio.run(method.start(engine)(prompt, QUESTION, [Cut(16)]))
    assert asked == [Tree(2, 5, 0.7)]


def test_names_are_those_of_the_options() -> None:
    options = {path.stem for path in (Path(__file__).parents[2] / "conf" / "method").glob("*.yaml")}
    assert {name.replace("+", "-") for name in METHODS} <= options
    assert Rejection(budgets=[1]).temperature == 1.0
