"""What stands in front of every engine, and behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.engines import Completion, Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled, cut

GREEDY = Sampling()


class Repeats(CheckedEngine):
    """Says 7 as often as it is asked to."""

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        return Sampled((7,) * max_tokens, cached_tokens=1)

    async def close(self) -> None:
        """Nothing to give back."""


def ask(
    tokenizer: PreTrainedTokenizerBase, prompt: list[int], max_tokens: int, sampling: Sampling = GREEDY
) -> Completion:
    engine = Repeats(tokenizer, vocab_size=100, max_model_len=10)
    return asyncio.run(engine.complete(prompt, max_tokens=max_tokens, stop=Stop(), sampling=sampling))


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "message"),
    [
        ([], 1, "at least one token"),
        ([1], 0, "max_tokens is 0"),
        ([1, 100], 1, "token id 100 is outside the model's vocabulary of 100"),
        ([-1, 5], 1, "token id -1 is outside"),
        ([1] * 8, 3, "8 prompt tokens and 3 new ones do not fit in max_model_len 10"),
    ],
)
def test_what_no_engine_could_run_is_refused(
    qwen_tokenizer: PreTrainedTokenizerBase, prompt: list[int], max_tokens: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ask(qwen_tokenizer, prompt, max_tokens)


def test_the_limits_themselves_are_allowed(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    assert ask(qwen_tokenizer, [0, 99], 8) == Completion((7,) * 8, "length", cached_tokens=1)


@pytest.mark.parametrize("sampling", [Sampling(temperature=-1.0), Sampling(top_p=0.0), Sampling(top_p=1.1)])
def test_a_sampling_that_makes_no_sense_is_refused(qwen_tokenizer: PreTrainedTokenizerBase, sampling: Sampling) -> None:
    with pytest.raises(ValueError, match=r"the temperature is|top_p is"):
        ask(qwen_tokenizer, [5], 3, sampling)


def test_the_stop_is_cut_off_and_reported(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    stop = Stop((9,), ("42",))
    assert cut(Sampled((7, 8, 9)), stop, qwen_tokenizer) == Completion((7, 8), "stop", stop_token=9, stop_ids=(9,))
    assert cut(Sampled((7, 8)), stop, qwen_tokenizer) == Completion((7, 8), "length")
    spelt = tuple(qwen_tokenizer("42")["input_ids"])  # type: ignore[arg-type]
    expected = Completion((7,), "stop", stop_string="42", stop_ids=spelt)
    assert cut(Sampled((7, *spelt)), stop, qwen_tokenizer) == expected
    assert cut(Sampled((7, *spelt, 9)), stop, qwen_tokenizer) == expected  # the first stop is the one that counts
