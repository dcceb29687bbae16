"""The demo's reward model: its labels, token by token, and that it learns and is read by the engine's side."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from s1repro.artifacts import file_sha256
from s1repro.chat import FORMATS
from s1repro.demo import base as demo_base
from s1repro.demo import reward
from s1repro.demo.arithmetic import MODULAR
from s1repro.demo.problem import Family, Problem
from s1repro.engines.reward import HfRewardModel

SUM = Family(
    name="sum",
    domain="11",
    wordings=MODULAR.wordings,
    begin=MODULAR.begin,
    fill=MODULAR.fill,
    apply=lambda state, op: state + op,
    write=lambda state, op, result: f"{state}+{op}={result}",
    answer=lambda states: str(states[-1]),
)
PROBLEM = Problem(SUM, "Sum?", 1, (2, 3, 4))  # a1+2=3, b3+3=6, c6+4=10


@pytest.fixture
def base(
    tiny_shape: None, demo_tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A folder with a tiny random base model, and training that is as small."""
    monkeypatch.setattr(reward, "BATCH", 4)
    monkeypatch.setattr(reward, "HELD_OUT", 12)
    folder = tmp_path / "base"
    demo_base.make_model("qwen2", seed=0).save_pretrained(folder)
    demo_tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("trace", "right"),
    [
        ("a1+2=3\nb3+3=6\nc6+4=10\nResult: 10", "1111"),
        ("a1+2=3\nb3+3=7\nc7+4=11\nResult: 11", "1000"),
        ("a1+2=3\nb3+3=7\nc6+4=10\nResult: 10", "1000"),  # back on the path, but a step was wrong
        ("a1+2=3\nResult: 10", "11"),  # a guess that is right
        ("a1+2=3\nResult: 9", "10"),
        ("a1+2=3\nc6+4=10\nResult: 10", "100"),  # a step left out
        ("a1+2=3\nb3+3=7\nResult: 7\nWait, check.\na1+2=3\nb3+3=6\nc6+4=10\nResult: 10", "10011111"),
        ("Result: 1\nWait, check.\na1+2=4\nResult: 4\nWait, check.\nResult: 10", "010011"),
        ("a1+2=3\nb3+3=6\nc6+4=10\nd10+1=11\nResult: 10", "11100"),  # a step too many
        ("a1+2=3\nb3+", "10"),  # cut: not the line that should stand there
    ],
)
def test_lines_are_right_until_the_first_wrong_one_of_their_pass(trace: str, right: str) -> None:
    assert "".join(str(int(line)) for line in reward.judge(PROBLEM, trace)) == right


def test_every_token_has_the_label_of_its_line(demo_tokenizer: PreTrainedTokenizerFast) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)
    trace = "a1+2=3\nb3+3=7\nc7+4=11\nResult: 11\nWait, check.\na1+2=3\nb3+3=6"
    judged = reward.label(fmt, PROBLEM, trace)
    prompt = fmt.prompt_ids("Sum?")
    assert judged.ids[: len(prompt)] == prompt
    assert judged.labels[: len(prompt)] == [reward.IGNORED] * len(prompt)
    # What the model is trained on is what the fine-tuned policy writes, up to the end of its thinking.
    _, completion = fmt.example_ids("Sum?", trace, "Final Answer: 6")
    told = judged.ids[len(prompt) :]
    written = completion[len(fmt.opening_ids) :]
    assert written[: len(told)] == told
    assert written[len(told)] == fmt.closed_ids[0]

    pieces = [demo_tokenizer.decode([token]) for token in told]
    assert "".join(pieces) == trace + "\n"
    by_line: dict[int, set[int]] = {}
    text = ""
    for piece, label in zip(pieces, judged.labels[len(prompt) :], strict=True):
        by_line.setdefault(text.count("\n"), set()).add(label)
        text += piece
    assert by_line == {0: {1}, 1: {0}, 2: {0}, 3: {0}, 4: {1}, 5: {1}, 6: {1}}
    ends = [demo_tokenizer.decode(judged.ids[len(prompt) : end + 1]) for end in judged.ends]
    assert ends == [text[: at + 1] for at, letter in enumerate(text) if letter == "\n"]


def test_traces_are_the_teachers_and_every_second_one_is_wrong(demo_tokenizer: PreTrainedTokenizerFast) -> None:
    rng = Random(3)
    drawn = [reward.draw_trace(rng) for _ in range(600)]
    wrong = [not all(reward.judge(*pair)) for pair in drawn]
    slippery = [bad for bad, (problem, _) in zip(wrong, drawn, strict=True) if problem.family.slip]
    assert len(slippery) > 300
    assert abs(sum(slippery) / len(slippery) - reward.WRONG_SHARE) < 4 * 0.5 / math.sqrt(len(slippery))
    assert sum(wrong) == sum(slippery)
    assert [reward.draw_trace(again) for again in [Random(3)] for _ in range(20)] == drawn[:20]


def test_batches_are_whole_and_hold_no_question_that_is_measured(
    demo_tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)
    monkeypatch.setattr(reward, "BATCH", 4)
    held_out = {reward.draw_trace(rng)[0].text for rng in [Random(5)] for _ in range(4 * reward.POOLED)}
    texts = {demo_tokenizer.decode(fmt.prompt_ids(text)) for text in held_out}
    seen = []
    for batch in reward.batches(fmt, Random(5), 9, set(list(held_out)[:12])):
        assert len(batch) == 4
        seen += [demo_tokenizer.decode(judged.ids[: judged.labels.count(reward.IGNORED)]) for judged in batch]
    assert len(seen) == 36
    # The same seed draws the same questions first: those that are held out are left out, the others are there.
    hidden = {demo_tokenizer.decode(fmt.prompt_ids(text)) for text in list(held_out)[:12]}
    assert not hidden & set(seen)
    assert (texts - hidden) & set(seen)


def test_the_measure_counts_line_ends(demo_tokenizer: PreTrainedTokenizerFast) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)

    class Cynic(torch.nn.Module):
        """Says wrong from a place on."""

        def forward(self, input_ids: torch.Tensor, use_cache: bool) -> object:
            logits = torch.zeros(*input_ids.shape, 2)
            logits[:, :start, 1] = 1.0
            logits[:, start:, 0] = 1.0
            return type("Out", (), {"logits": logits})

    traces = [
        reward.label(fmt, PROBLEM, "a1+2=3\nb3+3=7\nc7+4=11\nResult: 11"),
        reward.label(fmt, PROBLEM, "a1+2=3\nb3+3=6\nc6+4=10\nResult: 10"),
    ]
    start = traces[0].ends[1]  # the end of the second line
    assert reward.measure(Cynic(), traces) == {  # type: ignore[arg-type]
        "lines": 8,
        "right_lines": 5,
        "accuracy": 0.625,
        "accuracy_where_right": 0.4,
        "accuracy_where_wrong": 1.0,
    }


def test_the_loss_is_taken_on_the_trace_alone(base: Path, demo_tokenizer: PreTrainedTokenizerFast) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)
    short, long = "a1+2=3\nb3+3=7", "a1+2=3\nb3+3=6\nc6+4=10\nResult: 10"
    batch = [reward.label(fmt, PROBLEM, trace) for trace in (short, long)]
    model = reward.load_untrained(base, seed=1).eval()
    together, labels = reward._logits(model, batch)
    alone, _ = reward._logits(model, batch[:1])
    assert torch.allclose(together[0, : len(batch[0].ids)], alone[0], atol=2e-2)  # padding changes nothing
    assert torch.equal(reward._logits(model.train(), batch)[0], together)  # nothing is dropped in training
    assert labels.tolist() == [
        judged.labels + [reward.IGNORED] * (len(batch[1].ids) - len(judged.ids)) for judged in batch
    ]
    assert torch.equal(model.score.weight, reward.load_untrained(base, seed=1).score.weight)
    body = load_file(base / "model.safetensors")
    assert torch.equal(model.model.embed_tokens.weight, body["model.embed_tokens.weight"])


def test_training_lowers_the_loss(base: Path, demo_tokenizer: PreTrainedTokenizerFast) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)
    batch = next(reward.batches(fmt, Random(2), 1, set()))
    losses = reward.train(reward.load_untrained(base, seed=0), iter([batch] * 60), 60)
    assert losses[0] == pytest.approx(math.log(2), abs=0.4)  # it knows nothing yet
    assert sum(losses[-5:]) / 5 < 0.5 * losses[0]


def test_the_command_makes_a_model_that_the_methods_can_ask(
    base: Path,
    demo_tokenizer: PreTrainedTokenizerFast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fmt = FORMATS["qwen-plain"].bind(demo_tokenizer)
    folder = tmp_path / "reward"
    command = ["reward", "--base", str(base), "--folder", str(folder), "--steps", "3", "--seed", "5"]
    monkeypatch.setattr(sys, "argv", command)
    reward.main()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert json.loads(capsys.readouterr().out) == manifest
    assert manifest["base_sha256"] == file_sha256(base / "model.safetensors")
    assert manifest["weights_sha256"] == file_sha256(folder / "model.safetensors")
    assert 0 <= manifest["held_out"]["accuracy"] <= 1
    assert manifest["held_out"]["lines"] > 24
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Qwen2ForTokenClassification"]
    first = file_sha256(folder / "model.safetensors")
    reward.main()
    assert file_sha256(folder / "model.safetensors") == first  # seeded

    asked = HfRewardModel(str(folder), demo_tokenizer)
    judged = reward.label(fmt, PROBLEM, "a1+2=3\nb3+3=7")
    start = judged.labels.count(reward.IGNORED)
    score = asyncio.run(asked.score(judged.ids[:start], judged.ids[start:]))
    logits, _ = reward._logits(asked._model, [judged])
    assert score == pytest.approx(logits[0, -1].softmax(dim=0)[1].item(), abs=1e-2)  # bfloat16 in training


def test_a_base_that_is_none_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reward", "--base", str(tmp_path), "--folder", str(tmp_path / "reward")])
    with pytest.raises(SystemExit):
        reward.main()
    assert f"--base: {tmp_path} holds no *.safetensors weights" in capsys.readouterr().err
    assert not (tmp_path / "reward").exists()
