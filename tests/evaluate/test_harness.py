"""lm-eval's command line with our model: the runner's answers and accuracy, its usual files, refusals in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lm_eval.tasks import TaskManager

from s1repro.config import Config
from s1repro.engines import Engine
from s1repro.evaluate import harness
from s1repro.evaluate.harness import ForcedModel
from s1repro.evaluate.pipeline import run as evaluate
from s1repro.harness import Asked
from tests.evaluate.conftest import SessionEngine

REPO = Path(__file__).resolve().parents[2]
METRIC = """\
generation_kwargs: {until: ["<|im_end|>"], do_sample: false}
metric_list:
  - {metric: !function scoring.exact_match, kind: exact, aggregation: mean, higher_is_better: true}
"""
LIKELIHOOD = """\
task: ranked
dataset_path: json
dataset_kwargs: {data_files: {test: toy.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: question
doc_to_choice: ["0", "2"]
doc_to_target: 0
"""
Load = Any
CommandLine = Callable[..., int]


@pytest.fixture
def arguments(config: Config, tiny_qwen: Path) -> dict[str, Any]:
    """`--model_args` that mean `config`, at one point of its curve, and tasks beside it that lm-eval can score."""
    config.checkpoint = str(tiny_qwen)
    toy = Path("evals/toy.yaml")
    toy.write_text(toy.read_text() + METRIC)
    Path("evals/ranked.yaml").write_text(LIKELIHOOD)
    shutil.copy(REPO / "evals" / "scoring.py", "evals")
    return {
        "recipe": "demo",
        "checkpoint": config.checkpoint,
        "engine.max_model_len": 512,
        "method.max_answer_tokens": 20,
        "budget": 64,
        "waits": 1,
    }


@pytest.fixture
def command_line(load: Load, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """`command_line({"budget": 64}, "--tasks", "toy")`: the exit code of the module as `python -m` runs it."""

    def start(arguments: dict[str, Any], *words: str) -> int:
        told = ",".join(f"{name}={value}" for name, value in arguments.items())
        argv = ["lm_eval", "run", "--model", "s1repro", "--model_args", told, "--include_path", "evals", *words]
        monkeypatch.setattr("sys.argv", argv)
        try:
            harness.main()
        except SystemExit as leaving:
            return int(str(leaving.code))
        return 0

    monkeypatch.setattr(harness, "load_engine", load)
    # lm-eval's own tasks, thousands of files, are indexed anew each time.
    monkeypatch.setattr("lm_eval.tasks.TaskManager", partial(TaskManager, include_defaults=False))
    return start


def test_with_and_without_lm_eval_the_answers_and_the_accuracy_are_the_same(
    config: Config, load: Load, arguments: dict[str, Any], command_line: CommandLine
) -> None:
    point, results = with_and_without(config, load, arguments, command_line)
    assert 0 < sum(sample["correct"] for sample in point.values()) < len(point) == 8
    facts = results["config"]
    assert (facts["model"], facts["method"], facts["budget"], facts["waits"]) == ("s1repro", "force", 64, 1)
    assert facts["mean_thinking_tokens"] == sum(s["thinking_tokens"] for s in point.values()) / 8


@pytest.mark.slow
def test_so_they_are_on_the_real_engine(
    config: Config,
    arguments: dict[str, Any],
    command_line: CommandLine,
    vllm_engine: Engine,
    run: Callable[[Coroutine[Any, Any, Any]], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config.engine.max_model_len = arguments["engine.max_model_len"] = vllm_engine.max_model_len

    def load(*_: object) -> SessionEngine:
        return SessionEngine(vllm_engine, run)

    monkeypatch.setattr(harness, "load_engine", load)
    point, results = with_and_without(config, load, arguments, command_line)
    assert len({sample["answer"] for sample in point.values()}) > 1
    assert results["config"]["mean_sampled_tokens"] == sum(s["sampled_tokens"] for s in point.values()) / 8


def with_and_without(
    config: Config, load: Load, arguments: dict[str, Any], command_line: CommandLine
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All points by the stage and one by lm-eval, which must agree: the stage's samples there, lm-eval's results."""
    evaluate(config, load)
    ours = [json.loads(line) for line in Path("runs/toy/evaluate/samples.jsonl").read_text().splitlines()]
    point = {sample["question"]: sample for sample in ours if (sample["budget"], sample["waits"]) == (64, 1)}
    assert command_line(arguments, "--tasks", "toy", "--log_samples", "--output_path", "out") == 0
    (results,) = (json.loads(path.read_text()) for path in Path("out").rglob("results_*.json"))
    (logged,) = Path("out").rglob("samples_toy_*.jsonl")
    theirs = {line["doc"]["id"]: line for line in map(json.loads, logged.read_text().splitlines())}
    assert theirs.keys() == point.keys()
    for question, sample in point.items():
        assert theirs[question]["resps"] == [[sample["answer"]]]
        assert theirs[question]["exact_match"] == sample["correct"]
    assert results["results"]["toy"]["exact_match,none"] == sum(s["correct"] for s in point.values()) / len(point)
    return point, results


@pytest.mark.parametrize(
    ("changes", "words", "parts"),
    [
        ({"waist": 1}, ["--tasks", "toy"], ["waist is no argument", "budget, waits"]),
        ({}, ["--tasks", "ranked"], ["task ranked: ", "likelihood", "generate_until"]),
        ({}, ["--tasks", "toy", "--gen_kwargs", "max_gen_toks=64"], ["task toy: ", "max_gen_toks is 64"]),
    ],
)
def test_a_mistake_on_lm_eval_s_command_line_ends_in_one_line(
    arguments: dict[str, Any],
    command_line: CommandLine,
    load: Load,
    changes: dict[str, Any],
    words: list[str],
    parts: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command_line(arguments | changes, *words) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert all(part in line for part in parts), line
    assert load.started == [], "no engine was started for it"


def asked(text: str, number: int = 0, **generation: Any) -> Asked:
    return Asked("toy", number, {"id": f"q{number}"}, text, generation)


def test_answers_are_in_the_order_of_the_requests_and_end_where_the_task_says(
    arguments: dict[str, Any], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "load_engine", load)
    model, kept = ForcedModel(**arguments), dict[int, str]()
    requests = [asked(f"What is {i} plus {i}?", i) for i in range(8)]
    whole = model.answers(requests, kept.__setitem__)
    assert kept == dict(enumerate(whole))
    assert all(text == "Final Answer: 0" or text == f"Answer: {2 * i}" for i, text in enumerate(whole))
    cut = model.answers([asked(one.text, i, until=["wer:", "r: "]) for i, one in enumerate(requests)], lambda *_: None)
    assert [text + "wer:" + rest.partition("wer:")[2] for text, rest in zip(cut, whole, strict=True)] == whole


def test_a_task_s_most_tokens_hold_thinking_and_answer(
    arguments: dict[str, Any], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "load_engine", load)
    model = ForcedModel(**arguments)
    model.answers([asked("What is 1 plus 1?", 0, max_gen_toks=66), asked("What is 1 plus 1?", 1)], lambda *_: None)
    (engine,) = load.started
    assert sorted({request.max_tokens for request in engine.requests if request.max_tokens <= 20}) == [2, 20]


def test_repeats_are_samples_with_seeds_of_their_own(
    arguments: dict[str, Any], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "load_engine", load)
    model = ForcedModel(**arguments, **{"method.temperature": 1})
    assert len(model.answers([asked("What is 1 plus 1?", temperature=1)] * 3, lambda *_: None)) == 3
    assert len({request.sampling.seed for request in load.started[0].requests}) >= 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"batch_size": 8}, r"--batch_size: .*engine\.max_concurrency"),
        ({"max_batch_size": 8}, "--batch_size"),
        ({"device": "cuda:1"}, "--device cuda:1"),
        ({"checkpoint": "./nowhere"}, r"no model in \./nowhere"),
        ({"engine.max_model_len": 4096}, "made for 512 tokens"),
        ({"format": "llama"}, r"<\|start_header_id\|>"),
    ],
)
def test_what_the_model_cannot_be_is_refused(arguments: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ForcedModel(**arguments | changes)


def test_a_question_that_does_not_fit_is_named_before_the_engine_starts(
    arguments: dict[str, Any], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "load_engine", load)
    with pytest.raises(ValueError, match=r"^toy, question q1: .* do not fit in max_model_len 512"):
        ForcedModel(**arguments).answers([asked("What?"), asked("What? " * 300, 1)], lambda *_: None)
    assert load.started == []


def test_a_conversation_is_one_turn_or_refused(arguments: dict[str, Any]) -> None:
    model = ForcedModel(**arguments)
    user = {"role": "user", "content": "What is 1 plus 1?"}
    assert model.turn([user], open_turn=True) == user["content"]
    for history in ([{"role": "system", "content": "Be kind."}, user], [user, {**user, "role": "assistant"}, user]):
        with pytest.raises(ValueError, match=r"^--apply_chat_template makes a conversation of .*leave it out"):
            model.turn(history, open_turn=True)
    with pytest.raises(ValueError, match="--apply_chat_template"):
        model.turn([user], open_turn=False)
