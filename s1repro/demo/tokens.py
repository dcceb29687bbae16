"""The demo's tokenizer: byte-level BPE in which an operation, a digit and a step letter are one token each.

Words of the world become one token each; digits of numbers never merge, so that arithmetic looks the same everywhere.
The same vocabulary carries Qwen's chat tokens or Llama's header tokens, at the same ids.

    tokenizer = make_tokenizer(texts, "qwen2")
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Literal

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

Architecture = Literal["qwen2", "llama"]

SPECIAL_TOKENS: dict[Architecture, tuple[str, ...]] = {
    "qwen2": ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_pad|>", "<|fim_prefix|>", "<|fim_suffix|>"),
    "llama": (
        "<|end_of_text|>",
        "<|start_header_id|>",
        "<|eot_id|>",
        "<|finetune_right_pad_id|>",
        "<|end_header_id|>",
        "<|begin_of_text|>",
    ),
}
"""In the same order, so that a token and its counterpart have the same id. The first ends a document."""

CHAT_WORDS = """user
assistant
system
think
answer
Final Answer: 7
Wait, check.
Alternatively,
Hmm,
Think for up to 2048 tokens. Think for up to 16 steps. 15 steps left
Answer after a short amount of thinking. Answer after a long amount of thinking.
"""
"""Words of the thinking formats and of the paper's prompts: one token each, though the base model reads few of them."""

PIECES = Regex(r" ?\p{Lu}?\p{Ll}{2,}|[-+*^<A-Z]\p{N}|\p{L}|\p{N}|[^\s\p{L}\p{N}]|\s")
"""Words; an operation with its digit, so that copying one is a single step; every other character by itself."""


def make_tokenizer(texts: Iterable[str], architecture: Architecture, vocab_size: int = 1000) -> PreTrainedTokenizerFast:
    """Train the tokenizer on `texts` and the chat words; at most `vocab_size` tokens, the special ones first."""
    special = SPECIAL_TOKENS[architecture]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(PIECES, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        itertools.chain(texts, [CHAT_WORDS]),
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=list(special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=special[0],
        pad_token=special[3],
        additional_special_tokens=[*special[1:3], *special[4:]],
    )
