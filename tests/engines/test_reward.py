"""Reward models: scores are the model's own, alone or in a batch, whichever class and tokenizer it has."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerBase,
    Qwen2Config,
    Qwen2ForSequenceClassification,
    Qwen2ForTokenClassification,
)

from s1repro.chat import FORMATS
from s1repro.encoding import plain_ids
from s1repro.engines.reward import HfRewardModel, RewardModel

VOCABULARY = 450
CLASSES: dict[str, Any] = {"token": Qwen2ForTokenClassification, "sequence": Qwen2ForSequenceClassification}
SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make(qwen_tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`make("token", labels=2)`: a folder with a tiny random reward model, made once."""
    made: dict[tuple[str, int], Path] = {}

    def write(kind: str, labels: int) -> Path:
        config = Qwen2Config(
            vocab_size=VOCABULARY, num_key_value_heads=1, num_labels=labels, max_position_embeddings=128, **SMALL
        )
        folder = tmp_path_factory.mktemp("reward")
        with torch.random.fork_rng():
            torch.manual_seed(labels)
            model = CLASSES[kind](config)
            torch.nn.init.normal_(model.score.weight, std=0.2)  # else every score is about a half
        model.save_pretrained(folder)
        qwen_tokenizer.save_pretrained(folder)
        return folder

    return lambda kind, labels: made.get((kind, labels)) or made.setdefault((kind, labels), write(kind, labels))


def traces(tokenizer: PreTrainedTokenizerBase) -> list[tuple[list[int], list[int]]]:
    """Prompts and traces of many lengths; some traces are empty, one ends in the padding."""
    fmt = FORMATS["qwen-plain"].bind(tokenizer)
    found = []
    for index in range(7):
        prompt = fmt.prompt_ids("What is 12 + 30?"[: 4 + 2 * index])
        found.append((prompt, plain_ids(tokenizer, "First I add the tens. " * index)))
    assert isinstance(tokenizer.pad_token_id, int)
    return [*found, (found[2][0], [41, tokenizer.pad_token_id])]


def score_all(reward: RewardModel, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[float]:
    async def together() -> list[float]:
        return list(await asyncio.gather(*(reward.score(*pair) for pair in pairs)))

    return asyncio.run(together())


def expected(folder: Path, kind: str, ids: list[int]) -> float:
    """One trace by itself, without padding."""
    loader: Any = AutoModelForTokenClassification if kind == "token" else AutoModelForSequenceClassification
    with torch.inference_mode():
        logits = loader.from_pretrained(folder).eval()(torch.tensor([ids])).logits
    last = logits[0, -1] if kind == "token" else logits[0]
    right = last.sigmoid()[0] if len(last) == 1 else (last[1].exp() / last.exp().sum())
    return float(right)


@pytest.mark.parametrize("labels", [1, 2])
@pytest.mark.parametrize("kind", CLASSES)
def test_scores_are_the_models_own(make: Make, qwen_tokenizer: PreTrainedTokenizerBase, kind: str, labels: int) -> None:
    folder, pairs = make(kind, labels), traces(qwen_tokenizer)
    reward = HfRewardModel(str(folder), qwen_tokenizer)
    together = score_all(reward, pairs)
    # The last trace ends in the padding, which a sequence classifier could take for the end of the one before.
    assert together == pytest.approx([expected(folder, kind, [*p, *t]) for p, t in pairs], abs=1e-5)
    assert [score_all(reward, [pair])[0] for pair in pairs] == pytest.approx(together, abs=1e-5)
    assert len({round(score, 4) for score in together}) > 4
    assert all(0 < score < 1 for score in together)


def test_calls_that_come_together_run_together(make: Make, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    reward = HfRewardModel(str(make("token", 2)), qwen_tokenizer, max_batch=3)
    sizes: list[int] = []
    threads: set[int] = set()
    inner = reward._scores

    def counted(batch: list[list[int]]) -> list[float]:
        sizes.append(len(batch))
        threads.add(threading.get_ident())
        return inner(batch)

    reward._scores = counted  # type: ignore[method-assign]
    pairs = traces(qwen_tokenizer)
    scores = score_all(reward, pairs)
    assert sizes == [3, 3, 2]
    assert threading.get_ident() not in threads  # the event loop goes on meanwhile
    assert score_all(reward, pairs[::-1]) == pytest.approx(scores[::-1], abs=1e-5)  # on another event loop
    assert sizes == [3, 3, 2] * 2


def test_another_tokenizer_gets_the_text(
    make: Make, qwen_tokenizer: PreTrainedTokenizerBase, llama_tokenizer: PreTrainedTokenizerBase
) -> None:
    folder = make("token", 2)
    fmt = FORMATS["llama-plain"].bind(llama_tokenizer)
    prompt = [*fmt.before_ids, *plain_ids(llama_tokenizer, "What is 12 + 30?")]
    thinking = plain_ids(llama_tokenizer, "First I add the tens, then the ones.\n")
    text = llama_tokenizer.decode([*prompt, *thinking])
    ids = qwen_tokenizer(text)["input_ids"]
    assert ids != [*prompt, *thinking]
    (score,) = score_all(HfRewardModel(str(folder), llama_tokenizer), [(prompt, thinking)])
    assert score == pytest.approx(expected(folder, "token", ids), abs=1e-5)  # type: ignore[arg-type]
    (wrong,) = score_all(HfRewardModel(str(folder), qwen_tokenizer), [(prompt, thinking)])
    assert abs(score - wrong) > 1e-3


def test_a_model_of_another_architecture(qwen_tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    config = BertConfig(vocab_size=VOCABULARY, num_labels=1, max_position_embeddings=128, **SMALL)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    qwen_tokenizer.save_pretrained(tmp_path)
    pairs = traces(qwen_tokenizer)[:7]
    scores = score_all(HfRewardModel(str(tmp_path), qwen_tokenizer), pairs)
    assert scores == pytest.approx([expected(tmp_path, "sequence", [*p, *t]) for p, t in pairs], abs=1e-5)


def test_what_is_no_reward_model_is_refused_in_one_line(
    make: Make, tiny_qwen: Path, qwen_tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    torch_only, headless, tokenizerless = (tmp_path / name for name in ("torch", "headless", "tokenizerless"))
    torch_only.mkdir()
    shutil.copy(make("token", 2) / "config.json", torch_only)
    torch.save({}, torch_only / "pytorch_model.bin")
    shutil.copytree(tiny_qwen, headless)
    told = (headless / "config.json").read_text()
    (headless / "config.json").write_text(told.replace("Qwen2ForCausalLM", "Qwen2ForTokenClassification"))
    shutil.copytree(make("token", 2), tokenizerless, ignore=shutil.ignore_patterns("tokenizer*"))
    for folder, reason in (
        (tiny_qwen, "is a Qwen2ForCausalLM; give a model for token classification or sequence classification"),
        (make("sequence", 3), "has 3 labels; give one with 1 or 2"),
        (torch_only, r"holds no weights \(\*.safetensors\)"),
        (tmp_path / "nowhere", "there is no model in"),
        (headless, "the weights of .* lack .*score.weight"),
        (tokenizerless, "has no tokenizer"),
    ):
        with pytest.raises(ValueError, match=f"^reward model: .*{reason}") as refused:
            HfRewardModel(str(folder), qwen_tokenizer)
        assert "\n" not in str(refused.value)


def test_what_the_model_cannot_read_is_refused(make: Make, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    reward = HfRewardModel(str(make("token", 2)), qwen_tokenizer)
    with pytest.raises(ValueError, match="129 tokens is longer than the 128"):
        score_all(reward, [([41] * 100, [42] * 29)])
    with pytest.raises(ValueError, match="token id 450 is outside its vocabulary of 450"):
        score_all(reward, [([41], [VOCABULARY])])
    assert len(score_all(reward, [([41] * 100, [VOCABULARY - 1] * 28)])) == 1


def test_broken_weights_are_an_error_of_those_who_asked(make: Make, qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    reward = HfRewardModel(str(make("token", 2)), qwen_tokenizer)
    pairs = traces(qwen_tokenizer)[:2]
    good = score_all(reward, pairs)
    whole = reward._model.score.weight.clone()
    with torch.no_grad():
        reward._model.score.weight.fill_(torch.nan)
        with pytest.raises(ValueError, match="not a number"):
            score_all(reward, pairs)
        reward._model.score.weight.copy_(whole)
    assert score_all(reward, pairs) == good
