"""Reward models: how likely is the reasoning so far right?

What best-of-N and REBASE choose by (section 6.2). `RewardModel` is all they know; `HfRewardModel` is any token- or
sequence-classification model of Hugging Face's, run with transformers in this process. Which of the two it is, its
config says. Models with code of their own around another class (a value head on a language model, say) are not covered.

    reward = HfRewardModel("runs/demo-reward", engine.tokenizer)
    await reward.score(prompt_ids, thinking_ids)        # 0.93

Calls that come at the same time are run together: the first one to find no run going starts one with all that are
waiting, and those that come meanwhile go into the next. The work is done in a thread, so the engine is never held up.
On a GPU the model takes its room beside the engine's: lower `engine.gpu_memory_utilization` for it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from s1repro.pretrained import load_tokenizer, require_model
from s1repro.reasons import first_line

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_NAME = "reward model"
"""How messages call it."""


class RewardModel(Protocol):
    """Scores a trace that may still grow."""

    async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
        """How likely the reasoning so far is right, 0 to 1. The ids are the policy's."""
        ...


class HfRewardModel:
    """A `RewardModel` over `AutoModelForTokenClassification` or `AutoModelForSequenceClassification`.

    With one label the score is its sigmoid, with two the second one's share; a token classifier is read at the last
    token. `policy_tokenizer` is the one the ids are of: where the reward model has another, their text is encoded anew.
    At most `max_batch` traces are run together. Raises `ValueError` in one line for what is no such model.
    """

    def __init__(
        self,
        model: str,
        policy_tokenizer: PreTrainedTokenizerBase,
        trust_remote_code: bool = False,
        *,
        max_batch: int = 16,
    ) -> None:
        try:
            config = require_model(model, 1, trust_remote_code)
        except ValueError as error:
            raise ValueError(f"{_NAME}: {error}") from error
        self._per_token = _reads_tokens(config, model)
        self._tokenizer = load_tokenizer(model, _NAME, trust_remote_code)
        if not self._tokenizer.tokenize("1"):  # what transformers makes up where there is none
            raise ValueError(f"{_NAME}: {model} has no tokenizer; copy its files into the folder")
        # Equal vocabularies are enough: then an id is the same text in both, however each would split it.
        same = self._tokenizer.get_vocab() == policy_tokenizer.get_vocab()
        self._policy_tokenizer = None if same else policy_tokenizer
        self._model = _load_model(model, self._per_token, trust_remote_code)
        self._max_batch = max_batch
        self._waiting: list[tuple[list[int], asyncio.Future[float]]] = []
        self._run: asyncio.Task[None] | None = None

    async def score(self, prompt_ids: Sequence[int], thinking_ids: Sequence[int]) -> float:
        """See `RewardModel.score`. Raises `ValueError` for more tokens than the model is made for."""
        ids = self._own_ids([*prompt_ids, *thinking_ids])
        config = self._model.config.get_text_config()
        longest = getattr(config, "max_position_embeddings", None) or math.inf
        if len(ids) > longest:
            raise ValueError(f"{_NAME}: a trace of {len(ids)} tokens is longer than the {longest} it is made for")
        if max(ids) >= config.vocab_size:
            raise ValueError(f"{_NAME}: token id {max(ids)} is outside its vocabulary of {config.vocab_size}")
        result = asyncio.get_running_loop().create_future()
        self._waiting.append((ids, result))
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._run_all())
        score: float = await result
        return score

    def _own_ids(self, ids: list[int]) -> list[int]:
        """The policy's ids as the reward model's."""
        if self._policy_tokenizer is None:
            return ids
        own: list[int] = self._tokenizer(
            self._policy_tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        ).input_ids
        return own

    async def _run_all(self) -> None:
        """Score what is waiting until nothing is; an error goes to those whose run it was."""
        while self._waiting:
            batch, self._waiting = self._waiting[: self._max_batch], self._waiting[self._max_batch :]
            try:
                scores = await asyncio.to_thread(self._scores, [ids for ids, _ in batch])
            except Exception as error:
                for _, result in batch:
                    if not result.done():
                        result.set_exception(error)
            else:
                for (_, result), score in zip(batch, scores, strict=True):
                    if not result.done():  # cancelled meanwhile
                        result.set_result(score)

    def _scores(self, batch: list[list[int]]) -> list[float]:
        import torch

        pad = self._pad_id(batch)
        self._model.config.get_text_config().pad_token_id = pad
        width = max(len(ids) for ids in batch)
        ids = torch.tensor([row + [pad] * (width - len(row)) for row in batch])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in batch])
        with torch.inference_mode():
            logits = self._model(ids.to(self._model.device), attention_mask=mask.to(self._model.device)).logits.float()
        if self._per_token:
            logits = logits[torch.arange(len(batch)), mask.sum(dim=1) - 1]
        scores = [float(score) for score in _right_share(logits)]
        if not all(math.isfinite(score) for score in scores):
            raise ValueError(f"{_NAME}: its score is not a number; are its weights whole?")
        return scores

    def _pad_id(self, batch: list[list[int]]) -> int:
        """The tokenizer's own padding, or an id that is nowhere in the batch.

        transformers takes a text's last token for the last one that is not padding, so a text must not end in it.
        """
        own = self._tokenizer.pad_token_id
        if isinstance(own, int) and all(ids[-1] != own for ids in batch):
            return own
        return next(i for i in itertools.count() if all(i not in ids for ids in batch))


def _right_share(logits: torch.Tensor) -> torch.Tensor:
    """One score a row: the sigmoid of one label, or the second one's share of two."""
    return logits[:, 0].sigmoid() if logits.shape[1] == 1 else logits.softmax(dim=1)[:, 1]


def _reads_tokens(config: PretrainedConfig, model: str) -> bool:
    """Whether it labels every token, or the whole text; `ValueError` where it does neither, or has other labels."""
    names = config.architectures or []
    per_token = any(name.endswith("ForTokenClassification") for name in names)
    if not per_token and not any(name.endswith("ForSequenceClassification") for name in names):
        raise ValueError(
            f"{_NAME}: {model} is a {' or '.join(names) or 'model of no class'}; give a model for token classification "
            "or sequence classification"
        )
    if config.num_labels not in (1, 2):
        raise ValueError(f"{_NAME}: {model} has {config.num_labels} labels; give one with 1 or 2 (wrong, right)")
    return per_token


def _load_model(model: str, per_token: bool, trust_remote_code: bool) -> PreTrainedModel:
    """The weights: in float32 on a CPU, as they are on a GPU."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

    loader: Any = AutoModelForTokenClassification if per_token else AutoModelForSequenceClassification
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        loaded, info = loader.from_pretrained(
            model,
            dtype=torch.float32 if device == "cpu" else "auto",
            use_safetensors=True,  # other formats are unpickled, which can run code
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: weights of other shapes
        raise ValueError(f"{_NAME}: cannot load {model}: {first_line(error)}") from error
    if info["missing_keys"]:
        raise ValueError(f"{_NAME}: the weights of {model} lack {', '.join(sorted(info['missing_keys'])[:3])}")
    result: PreTrainedModel = loaded.eval().to(device)
    return result
