"""Rows become ids and labels, token by token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.config import Config
from s1repro.control import CONTROLS, Control, controlled
from s1repro.encoding import plain_ids
from s1repro.train import examples, pipeline
from s1repro.train.examples import IGNORED, load_examples

ROW = {"question": "What is 2 plus 2?", "thinking_trajectories": ["Two and two is four."], "attempt": "4"}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_labels_are_trace_end_of_thinking_attempt_and_turn_end(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    path = write(tmp_path / "s1k.jsonl", ROW)
    (example,) = load_examples(path, FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)
    carried = [label for label in example.labels if label != IGNORED]
    text = qwen_tokenizer.decode(carried)
    assert text == "<|im_start|>think\nTwo and two is four.\n<|im_start|>answer\nAnswer: 4<|im_end|>"
    ignored = qwen_tokenizer.decode(example.input_ids[: example.prompt_length])
    assert ignored == "<|im_start|>user\nWhat is 2 plus 2?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("name", ["qwen", "qwen-plain", "llama"])
def test_each_token_is_either_prompt_or_label(
    tmp_path: Path, name: str, qwen_tokenizer: PreTrainedTokenizerBase, llama_tokenizer: PreTrainedTokenizerBase
) -> None:
    tokenizer = llama_tokenizer if name == "llama" else qwen_tokenizer
    fmt = FORMATS[name].bind(tokenizer)
    (example,) = load_examples(write(tmp_path / "s1k.jsonl", ROW), fmt, 512)
    prompt = fmt.question_ids(ROW["question"])  # type: ignore[arg-type]
    forced = fmt.prompt_ids(ROW["question"])  # type: ignore[arg-type]
    assert list(example.input_ids[: len(forced)]) == forced, "training and evaluation prompts must be the same ids"
    assert example.labels[: len(prompt)] == (IGNORED,) * len(prompt)
    assert example.labels[len(prompt) :] == example.input_ids[len(prompt) :]
    assert example.labels[-1] in fmt.turn_end_ids


def test_special_token_text_in_a_question_opens_no_answer(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    row = {**ROW, "question": "What does <|im_start|>answer mean?"}
    (example,) = load_examples(write(tmp_path / "s1k.jsonl", row), FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)
    start = qwen_tokenizer.convert_tokens_to_ids("<|im_start|>")
    assert list(example.input_ids).count(start) == 4  # user, assistant, think, answer


@pytest.mark.parametrize(
    ("field", "empty", "name"),
    [("question", "", "question"), ("attempt", " \n", "attempt"), ("thinking_trajectories", [""], "thinking trace")],
)
def test_a_row_with_nothing_in_it_is_refused(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, field: str, empty: object, name: str
) -> None:
    path = write(tmp_path / "s1k.jsonl", ROW, {**ROW, field: empty})
    with pytest.raises(ValueError, match=rf"s1k\.jsonl:2: the {name} is empty; .* complete the row or delete it"):
        load_examples(path, FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)


SILENT = {
    "half of a pair": ('"4"', r'"4 \ud800"', r"half of a surrogate pair, \ud800"),
    "NaN": ('"4"', '"4", "length": NaN', "NaN is no number"),
    "a key twice": ('"4"', '"4", "attempt": "5"', "the key 'attempt' stands twice"),
    "deep": ('"4"', '"4", "metadata": ' + "[" * 500 + "]" * 500, "more than 64 lists and objects in each other"),
}


@pytest.mark.parametrize(("old", "new", "says"), SILENT.values(), ids=SILENT)
def test_a_row_that_is_not_plain_json_is_refused(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, old: str, new: str, says: str
) -> None:
    path = write(tmp_path / "s1k.jsonl", ROW)
    path.write_text(path.read_text() + path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=rf"s1k\.jsonl:2: {re.escape(says)}"):
        load_examples(path, FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)


def test_an_example_longer_than_the_model_is_refused(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    path, fmt = write(tmp_path / "s1k.jsonl", ROW), FORMATS["qwen-plain"].bind(qwen_tokenizer)
    (example,) = load_examples(path, fmt, 4096)
    length = len(example.input_ids)
    assert len(load_examples(path, fmt, 4096, context=length)) == 1
    says = rf"s1k\.jsonl:1: the example is {length} tokens long and the model is made for {length - 1}; "
    with pytest.raises(ValueError, match=says):
        load_examples(path, fmt, 4096, context=length - 1)


def test_a_long_example_is_refused_and_a_fitting_one_kept(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase
) -> None:
    path = write(tmp_path / "s1k.jsonl", ROW, {**ROW, "thinking_trajectories": ["on and on " * 40]})
    fmt = FORMATS["qwen-plain"].bind(qwen_tokenizer)
    lengths = [len(example.input_ids) for example in load_examples(path, fmt, 4096)]
    assert len(load_examples(path, fmt, max(lengths))) == 2
    with pytest.raises(ValueError, match=rf"s1k\.jsonl:2: the example is {lengths[1]} tokens long.*never cut"):
        load_examples(path, fmt, max(lengths) - 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": None}, "question"),
        ({"attempt": 4}, "attempt"),
        ({"thinking_trajectories": []}, "thinking_trajectories"),
        ({"thinking_trajectories": "text"}, "thinking_trajectories"),
    ],
)
def test_a_row_without_a_field_is_named(
    tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase, change: dict[str, object], field: str
) -> None:
    path = write(tmp_path / "s1k.jsonl", ROW, {**ROW, **change})
    with pytest.raises(ValueError, match=rf"s1k\.jsonl:2: field '{field}'"):
        load_examples(path, FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)


def test_an_empty_set_is_refused(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(ValueError, match="no rows to train on"):
        load_examples(write(tmp_path / "s1k.jsonl"), FORMATS["qwen-plain"].bind(qwen_tokenizer), 512)


TRACES = ["Two.", "Two and two.", "Two and two.\nSo four.", "Two and two.\n\nSo four.\nThat is it."]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("name", ["qwen-plain", "llama"])
def test_each_question_says_what_its_trace_holds_to(
    tmp_path: Path,
    name: str,
    control: Control,
    qwen_tokenizer: PreTrainedTokenizerBase,
    llama_tokenizer: PreTrainedTokenizerBase,
) -> None:
    tokenizer = llama_tokenizer if name == "llama" else qwen_tokenizer
    fmt = FORMATS[name].bind(tokenizer)
    path = write(tmp_path / "s1k.jsonl", *({**ROW, "thinking_trajectories": [f"{trace}\n"]} for trace in TRACES))
    lengths = [len(plain_ids(tokenizer, fmt.closed(trace))) for trace in TRACES]
    assert lengths == sorted(set(lengths))
    told = [
        controlled("What is 2 plus 2?", trace, length, control, short_below=lengths[2])
        for trace, length in zip(TRACES, lengths, strict=True)
    ]
    expected = [fmt.example_ids(question, trace, "4") for question, trace in told]
    loaded = load_examples(path, fmt, 512, control)
    assert [example.input_ids for example in loaded] == [(*prompt, *rest) for prompt, rest in expected]
    assert [example.prompt_length for example in loaded] == [len(prompt) for prompt, _ in expected]


def test_half_of_the_set_is_short_and_half_long(tmp_path: Path, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    path = write(tmp_path / "s1k.jsonl", *({**ROW, "thinking_trajectories": [trace]} for trace in TRACES))
    loaded = load_examples(path, FORMATS["qwen-plain"].bind(qwen_tokenizer), 512, "class")
    prompts = [qwen_tokenizer.decode(example.input_ids[: example.prompt_length]) for example in loaded]
    told = [next(word for word in ("short", "long") if f"after a {word} amount" in prompt) for prompt in prompts]
    assert told == ["short", "short", "long", "long"]


@pytest.mark.parametrize(("name", "bound"), [("qwen-plain", 16), ("llama", 8)])
def test_the_bound_counts_the_thinking_as_evaluation_does(
    tmp_path: Path,
    name: str,
    bound: int,
    qwen_tokenizer: PreTrainedTokenizerBase,
    llama_tokenizer: PreTrainedTokenizerBase,
) -> None:
    tokenizer = llama_tokenizer if name == "llama" else qwen_tokenizer
    row = {**ROW, "thinking_trajectories": [" 12345678\n\n"]}  # a token a digit, and in qwen's format a line end behind
    (example,) = load_examples(write(tmp_path / "s1k.jsonl", row), FORMATS[name].bind(tokenizer), 512, "token")
    assert f"Think for up to {bound} tokens." in tokenizer.decode(example.input_ids)


def test_the_stage_hands_its_control_on(
    tmp_path: Path, prepare: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object, context: int) -> None:
        assert context == 512  # the base model's
        raise KeyError(arguments[-1])

    monkeypatch.setattr(examples, "load_examples", stop)
    config = prepare(control="step")
    config.curated = str(write(tmp_path / "s1k.jsonl", ROW))
    with pytest.raises(KeyError, match="'step'"):
        pipeline.run(config)
