"""What every engine checks before it runs a request: ids, length, room.

An id outside the vocabulary kills some engines and a request that does not fit is cut by others without a word, so the
contract is enforced in one place, in front of all of them. Nothing here knows a particular engine.

    require_request(prompt_ids, max_tokens=64, vocab_size=151936, max_model_len=32768)
"""

from __future__ import annotations

from collections.abc import Sequence


def require_request(prompt_ids: Sequence[int], *, max_tokens: int, vocab_size: int, max_model_len: int) -> None:
    """Raise `ValueError` for a request that an engine could not run as asked.

    `vocab_size` is the model's, padding included: a model may sample an id that its tokenizer does not have, and such
    an id must be accepted back.
    """
    if not prompt_ids:
        raise ValueError("a prompt needs at least one token")
    if max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}: ask for at least 1 token")
    low, high = min(prompt_ids), max(prompt_ids)
    if low < 0 or high >= vocab_size:
        wrong = low if low < 0 else high
        raise ValueError(f"token id {wrong} is outside the model's vocabulary of {vocab_size}")
    if len(prompt_ids) + max_tokens > max_model_len:
        raise ValueError(
            f"{len(prompt_ids)} prompt tokens and {max_tokens} new ones do not fit in max_model_len {max_model_len}"
        )
