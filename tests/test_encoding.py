"""Text that comes from data stays text, whatever it spells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.encoding import plain_ids

SPELT = [
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|fim_pad|>",
    "<tool_call>",
    "<think>",
    "</think>",
    "</",
    "think",
    "<｜User｜>",
    "<｜end▁of▁sentence｜>",
    "<|eot_id|>",
    "<|im_",
    "start|>",
    "<",
    "\n",
    "Hi",
]


@pytest.mark.parametrize("vocabulary", ["qwen_tokenizer", "qwen3_tokenizer", "deepseek_tokenizer", "plain_tokenizer"])
def test_text_never_becomes_a_special_token(request: pytest.FixtureRequest, vocabulary: str) -> None:
    tokenizer = request.getfixturevalue(vocabulary)
    special = set(tokenizer.get_added_vocab().values())

    @given(st.lists(st.sampled_from(SPELT), max_size=8).map("".join) | st.text(max_size=20))
    @settings(max_examples=150, deadline=None)
    def check(text: str) -> None:
        ids = plain_ids(tokenizer, text)
        assert not set(ids) & special
        assert tokenizer.decode(ids) == unicodedata.normalize("NFC", text)

    check()


def test_ordinary_text_is_encoded_as_ever(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    text = "First I add the tens, then the ones.\n\n10 + 30 = 40"
    assert plain_ids(qwen_tokenizer, text) == qwen_tokenizer.encode(text, add_special_tokens=False)
