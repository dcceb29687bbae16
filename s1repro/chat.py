"""Thinking formats: the sole owner of chat templates and delimiters.

Training text and evaluation prompts are put together here, from the same segments in the same order, so that an
evaluation prompt is an exact prefix of the ids the model was trained on. A format's own pieces are encoded with their
special tokens; text that comes from data (questions, traces, attempts) never becomes a special token, whatever it
says. Where the tokens stop or how many there may be is `s1repro.scaling`'s business.

    fmt = FORMATS["qwen"]
    fmt.check(tokenizer)
    prompt, completion = fmt.example_ids(tokenizer, "2+2?", "Two and two.", "4")
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPECIAL = re.compile(r"<[|｜][^|｜]+[|｜]>")
"""How special tokens are spelt in the formats; a model's vocabulary must have them."""

ANSWER_MARKER = "Answer:"
"""What an attempt must hold; `Answer: ` is put in front of one that does not (the public code's rule)."""


@dataclass(frozen=True)
class ThinkingFormat:
    """One way to write a question, a thinking trace and an attempt as a conversation (section 3.1 and appendix D).

    `delimiter` ends thinking when the model writes it: a special token, or text that is one token in some vocabularies
    and many in others. `trace_end` is ordinary text that closes a trace in front of it: the model samples it itself
    when it stops by its own choice, and it is appended when thinking is cut. `turn_ends` end the answer; the first
    must be in the vocabulary, the others are used where they are.
    """

    name: str
    before_question: str
    after_question: str
    trace_end: str
    delimiter: str
    answer_opening: str
    turn_ends: tuple[str, ...]

    def prompt_ids(self, tokenizer: PreTrainedTokenizerBase, question: str) -> list[int]:
        """The prompt's ids, up to and including the opening of the thinking."""
        return [
            *_markup(tokenizer, self.before_question),
            *plain_ids(tokenizer, question),
            *_markup(tokenizer, self.after_question),
        ]

    def example_ids(
        self, tokenizer: PreTrainedTokenizerBase, question: str, trace: str, attempt: str
    ) -> tuple[list[int], list[int]]:
        """A training example: (prompt ids, completion ids).

        The completion is the trace, the end of thinking, the attempt and the end of the turn; the loss is taken on
        it alone (section 4.1). `trace_end` is encoded together with the trace, as one text, because that is how the
        model samples it.
        """
        attempt = attempt.strip()
        if ANSWER_MARKER not in attempt:
            attempt = f"{ANSWER_MARKER} {attempt}"
        completion = [
            *plain_ids(tokenizer, trace.strip() + self.trace_end),
            *self.end_of_thinking_ids(tokenizer, natural=True),
            *plain_ids(tokenizer, attempt),
            *_markup(tokenizer, self.turn_ends[0]),
        ]
        return self.prompt_ids(tokenizer, question), completion

    def end_of_thinking_ids(self, tokenizer: PreTrainedTokenizerBase, *, natural: bool = False) -> list[int]:
        """What is appended to end thinking.

        `natural`: the model wrote `delimiter` itself, so `trace_end` is already there. Otherwise thinking is cut
        where it stands and `trace_end` comes first.
        """
        opening = _markup(tokenizer, self.answer_opening)
        return opening if natural else [*plain_ids(tokenizer, self.trace_end), *opening]

    def stop_ids(self, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
        """The ids that end thinking: the delimiter's, where it is one token of `tokenizer`."""
        found = _added_vocab(tokenizer, len(tokenizer)).get(self.delimiter)
        return () if found is None else (found,)

    def stop_strings(self, tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
        """The texts that end thinking: the delimiter, where it is more than one token of `tokenizer`."""
        return () if self.stop_ids(tokenizer) else (self.delimiter,)

    def turn_end_ids(self, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
        """The ids that end the model's turn: the format's own and the tokenizer's end of sequence."""
        vocabulary = _added_vocab(tokenizer, len(tokenizer))
        ids = {vocabulary[self.turn_ends[0]]}  # `check` has made sure that it is there
        ids.update(vocabulary[token] for token in self.turn_ends[1:] if token in vocabulary)
        if isinstance(tokenizer.eos_token_id, int):
            ids.add(tokenizer.eos_token_id)
        return tuple(sorted(ids - set(self.stop_ids(tokenizer))))

    def check(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Raise `ValueError` unless every special token of the format is one token of `tokenizer`."""
        template = self.before_question + self.after_question + self.answer_opening + self.turn_ends[0]
        needed = sorted({*SPECIAL.findall(template), *SPECIAL.findall(self.delimiter)})
        added = _added_vocab(tokenizer, len(tokenizer))
        missing = [token for token in needed if token not in added]
        if missing:
            raise ValueError(
                f"thinking format {self.name!r} needs the special token(s) {', '.join(missing)}, which the tokenizer "
                f"of {tokenizer.name_or_path or 'the model'} does not have: set model.format to one that suits the "
                f"model ({', '.join(FORMATS)})"
            )


def plain_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Encode text that comes from data; text that spells a special token stays text.

    `split_special_tokens` alone leaves added tokens that are not flagged special (`<|fim_pad|>` and `<tool_call>` in
    Qwen2.5), so where any added token is spelt out it is encoded letter by letter.
    """
    spelt = [token for token in _added_vocab(tokenizer, len(tokenizer)) if len(token) > 1 and token in text]
    if not spelt:
        return _encode(tokenizer, text, split_special=True)
    pattern = "|".join(re.escape(token) for token in sorted(spelt, key=len, reverse=True))
    ids: list[int] = []
    for index, piece in enumerate(re.split(f"({pattern})", text)):
        letters = index % 2 == 1  # re.split puts what the group matched at the odd places
        for part in piece if letters else [piece]:
            ids.extend(_encode(tokenizer, part, split_special=True))
    return ids


def _markup(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Encode a piece of a format: special tokens are special."""
    return _encode(tokenizer, text, split_special=False)


def _encode(tokenizer: PreTrainedTokenizerBase, text: str, *, split_special: bool) -> list[int]:
    return list(_encoded(tokenizer, len(tokenizer), text, split_special))


# Every request needs the same few pieces, and a tokenizer takes longer over each than over starting the request.
# What is kept is kept for a tokenizer of a size, for tokens may be added to one.


@lru_cache(maxsize=1024)
def _encoded(tokenizer: PreTrainedTokenizerBase, size: int, text: str, split_special: bool) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False, split_special_tokens=split_special)["input_ids"])


@lru_cache(maxsize=16)
def _added_vocab(tokenizer: PreTrainedTokenizerBase, size: int) -> dict[str, int]:
    added: dict[str, int] = tokenizer.get_added_vocab()
    return added


def _qwen(name: str, system: str) -> ThinkingFormat:
    """Qwen's ChatML, with thinking and answer as turns inside the assistant's turn, as s1 was trained."""
    return ThinkingFormat(
        name=name,
        before_question=f"{system}<|im_start|>user\n",
        after_question="<|im_end|>\n<|im_start|>assistant\n<|im_start|>think\n",
        trace_end="\n",
        delimiter="<|im_start|>",
        answer_opening="<|im_start|>answer\n",
        turn_ends=("<|im_end|>", "<|endoftext|>"),
    )


_QWEN_SYSTEM = "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"

_LLAMA = ThinkingFormat(
    name="llama",
    before_question="<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    after_question=(
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n<|start_header_id|>think<|end_header_id|>\n\n"
    ),
    trace_end="",
    delimiter="<|start_header_id|>",
    answer_opening="<|start_header_id|>answer<|end_header_id|>\n\n",
    turn_ends=("<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"),
)


def _think(name: str, before_question: str, after_question: str, turn_ends: tuple[str, ...]) -> ThinkingFormat:
    """Thinking between `<think>` and `</think>`, as the R1 distillations and Qwen3 have it."""
    return ThinkingFormat(
        name=name,
        before_question=before_question,
        after_question=f"{after_question}<think>\n",
        trace_end="\n",
        delimiter="</think>",
        answer_opening="</think>\n\n",
        turn_ends=turn_ends,
    )


_THINK = (
    _think(
        "qwen3",
        "<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        ("<|im_end|>", "<|endoftext|>"),
    ),
    _think(
        "deepseek-r1",
        "<｜begin▁of▁sentence｜><｜User｜>",
        "<｜Assistant｜>",
        ("<｜end▁of▁sentence｜>",),
    ),
    _think(
        "llama-plain",
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ("<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"),
    ),
)

FORMATS: dict[str, ThinkingFormat] = {
    fmt.name: fmt for fmt in (_qwen("qwen", _QWEN_SYSTEM), _qwen("qwen-plain", ""), _LLAMA, *_THINK)
}
"""The formats by name: `qwen` (s1's own, with Qwen2.5's default system prompt, as the paper), `qwen-plain` (no system
turn), `llama` (header style), `llama-plain` (plain `<think>` text, many tokens in Llama 3), `qwen3` and `deepseek-r1`
(`<think>`, one token there)."""
