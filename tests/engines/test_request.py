"""The checks in front of every engine."""

from __future__ import annotations

import pytest

from s1repro.engines.request import require_request


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
def test_what_no_engine_could_run_is_refused(prompt: list[int], max_tokens: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_request(prompt, max_tokens=max_tokens, vocab_size=100, max_model_len=10)


def test_the_limits_themselves_are_allowed() -> None:
    require_request([0, 99], max_tokens=8, vocab_size=100, max_model_len=10)
