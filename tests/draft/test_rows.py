"""The rows are whole sequences as the method forces them, at points drawn from its curve, greedy and sampled."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.draft.pipeline import read_questions
from s1repro.draft.rows import Row, plan, write_rows
from s1repro.engines import ScriptedEngine
from s1repro.records import Question
from s1repro.scaling.best_of_n import BestOfN
from s1repro.scaling.forcing import Forcing
from s1repro.settings.drafting import DraftConfig
from tests.toy import make_config

METHOD = Forcing(budgets=[8, 40], waits=[0, 1, 2], max_answer_tokens=5)
CONFIG = make_config(method=METHOD, draft=DraftConfig(questions=6, draws=2), engine={"max_model_len": 400})
QUESTIONS = [Question(f"q{i}", f"What is {i} plus {i}?", "", "exact", "") for i in range(9)]


def test_each_question_is_taken_greedily_and_sampled_at_the_points_drawn() -> None:
    plans = plan(CONFIG, QUESTIONS)
    assert len(plans) == 6 * 2 * 2 == len({one.key for one in plans})
    assert [one.sampling.temperature for one in plans] == [0.0, 1.0] * 12
    assert {(one.cut.budget, one.cut.waits) for one in plans} == {(8, 0), (40, 0), (40, 1), (40, 2)}
    assert plan(CONFIG, QUESTIONS) == plans
    narrow = replace(CONFIG, method=replace(METHOD, temperature=0.6, top_p=0.95))
    assert [one.sampling.top_p for one in plan(narrow, QUESTIONS)] == [1.0, 0.95] * 12
    with pytest.raises(ValueError, match="unused: no questions to draft for"):
        plan(CONFIG, [])


def test_a_method_that_draws_several_traces_is_taken_sampled_alone() -> None:
    searching = replace(CONFIG, method=BestOfN(budgets=[8], reward_model="unused"))
    assert [one.sampling.temperature for one in plan(searching, QUESTIONS)] == [1.0] * 6


def test_a_row_is_the_whole_sequence_with_what_was_forced(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    fmt = FORMATS["qwen-plain"].bind(qwen_tokenizer)

    def script(ids: tuple[int, ...]) -> Iterator[int]:
        return itertools.chain([33, 34, 35], itertools.repeat(fmt.stop_ids[0]))

    engine, rows = ScriptedEngine(qwen_tokenizer, script, 400), list[Row]()
    asyncio.run(write_rows(engine, fmt, CONFIG, plan(CONFIG, QUESTIONS), rows.append))
    assert len(rows) == 24
    for row in rows:
        _, budget, waits, _ = row.key.split()
        question = next(one for one in QUESTIONS if one.id == row.key.split()[0])
        prompt = fmt.prompt_ids(question.text)
        said = qwen_tokenizer.decode(list(row.ids[len(prompt) :]))
        assert (list(row.ids[: len(prompt)]), row.prompt_tokens) == (prompt, len(prompt))
        assert said.count("Wait") == int(waits), said
        assert row.ids[-1] == fmt.stop_ids[0] or budget == "8"


def test_a_reward_model_is_loaded_once_for_all_rows(
    qwen_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    class Reward:
        def __init__(self, model: str, *_: object) -> None:
            loaded.append(model)

        async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
            return 0.5

    monkeypatch.setattr("s1repro.scaling.candidates.HfRewardModel", Reward)
    fmt, rows = FORMATS["qwen-plain"].bind(qwen_tokenizer), list[Row]()
    method = BestOfN(budgets=[8], reward_model="right", candidates=2, max_answer_tokens=5)
    searching = replace(CONFIG, method=method)
    engine = ScriptedEngine(qwen_tokenizer, lambda _: itertools.repeat(33), 400)
    asyncio.run(write_rows(engine, fmt, searching, plan(searching, QUESTIONS), rows.append))
    assert (len(rows), loaded) == (6, ["right"])


def test_questions_of_a_curated_set(tmp_path: Path) -> None:
    path = tmp_path / "s1k.jsonl"
    path.write_text('{"id": "a", "question": "Why?"}\n{"question": " "}\n')
    with pytest.raises(ValueError, match=r"s1k\.jsonl:2: field 'question' must be a string"):
        read_questions(path)
    path.write_text('{"id": "a", "question": "Why?"}\n')
    assert [(one.id, one.text) for one in read_questions(path)] == [("a", "Why?")]
    path.write_text('{"id": null, "question": "Why?"}\n{"question": "What?"}\n')
    assert [one.id for one in read_questions(path)] == ["1", "2"]
    path.write_text('{"id": "a", "question": "Why?"}\n\n{"id": "a", "question": "What?"}\n')
    with pytest.raises(ValueError, match=r"s1k\.jsonl:3: id 'a' is taken by line 1; give each row its own id"):
        read_questions(path)


@pytest.mark.parametrize(
    ("key", "value"), [("questions", 0), ("tokens", 0), ("temperature", 0.0), ("learning_rate", 0.0), ("held_out", 1.0)]
)
def test_settings_that_make_no_sense_are_refused(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"draft\.{key} is {value}; give"):
        DraftConfig(**{key: value}).check()
