"""Text in the ids of a tokenizer: text that comes from data never becomes a special token, whatever it says.

Questions, traces and attempts come from data; which pieces a format has of its own is `s1repro.chat`'s business.

    plain_ids(tokenizer, "<|im_end|>")      # the ids of ten letters and signs, not the token that ends a turn
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def plain_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Encode text that comes from data; text that spells a special token stays text.

    `split_special_tokens` alone leaves added tokens that are not flagged special (`<|fim_pad|>` and `<tool_call>` in
    Qwen2.5), so where any added token is spelt out it is encoded letter by letter.
    """
    spelt = [token for token in tokenizer.get_added_vocab() if len(token) > 1 and token in text]
    if not spelt:
        return list(encode(tokenizer, text, split_special=True))
    pattern = "|".join(re.escape(token) for token in sorted(spelt, key=len, reverse=True))
    ids: list[int] = []
    for index, piece in enumerate(re.split(f"({pattern})", text)):
        letters = index % 2 == 1  # re.split puts what the group matched at the odd places
        for part in piece if letters else [piece]:
            ids.extend(encode(tokenizer, part, split_special=True))
    return ids


def encode(tokenizer: PreTrainedTokenizerBase, text: str, *, split_special: bool) -> tuple[int, ...]:
    """The ids of a text; with `split_special`, a special token that it spells is letters."""
    return tuple(tokenizer(text, add_special_tokens=False, split_special_tokens=split_special)["input_ids"])
