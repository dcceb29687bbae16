"""Thinking formats: the sole owner of chat templates and delimiters.

Training text and evaluation prompts are put together here, from the same segments in the same order, so that an
evaluation prompt is an exact prefix of the ids the model was trained on. A format's own pieces are encoded with their
special tokens, text that comes from data without (`s1repro.encoding`). Where the tokens stop or how many there may be
is `s1repro.scaling`'s business.

    fmt = FORMATS["qwen"].bind(tokenizer)       # checked against the vocabulary, its fixed pieces encoded
    prompt, completion = fmt.example_ids("2+2?", "Two and two.", "4")
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from s1repro.control import Countdown
from s1repro.encoding import encode, plain_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPECIAL = re.compile(r"<[|｜][^|｜]+[|｜]>")
"""How special tokens are spelt in the formats; a model's vocabulary must have them."""

ANSWER_MARKER = "Answer:"
"""What an attempt must hold; `Answer: ` is put in front of one that does not (the public code's rule)."""


@dataclass(frozen=True)
class ThinkingFormat:
    """One way to write a question, a thinking trace and an attempt as a conversation (section 3.1 and appendix D).

    `thinking_opening` begins the model's turn: it is trained to write it, and it is put in the prompt where thinking is
    forced. `delimiter` ends thinking when the model writes it: a special token, or text that is one token in some
    vocabularies and many in others. `trace_end` is ordinary text that closes a trace in front of it: the model samples
    it itself when it stops by its own choice, and it is appended when thinking is cut. `turn_ends` end the answer;
    the first must be in the vocabulary, the others are used where they are. `step_opening` begins a step of a trace
    that counts them down, with `{left}` for how many are left: the delimiter comes first, as in the public code; empty
    where a format has no such form.
    """

    name: str
    before_question: str
    after_question: str
    thinking_opening: str
    trace_end: str
    delimiter: str
    answer_opening: str
    turn_ends: tuple[str, ...]
    step_opening: str = ""

    def bind(self, tokenizer: PreTrainedTokenizerBase) -> BoundFormat:
        """The format in the ids of `tokenizer`, which must not be changed any more.

        Raises `ValueError` unless every special token of the format is one token of `tokenizer`.
        """
        added: dict[str, int] = tokenizer.get_added_vocab()
        self._require(added, tokenizer)
        opening = encode(tokenizer, self.answer_opening, split_special=False)
        stop = added.get(self.delimiter)
        ends = {added[token] for token in self.turn_ends if token in added}
        if isinstance(tokenizer.eos_token_id, int):
            ends.add(tokenizer.eos_token_id)
        return BoundFormat(
            text=self,
            tokenizer=tokenizer,
            before_ids=encode(tokenizer, self.before_question, split_special=False),
            after_ids=encode(tokenizer, self.after_question, split_special=False),
            opening_ids=encode(tokenizer, self.thinking_opening, split_special=False),
            closed_ids=opening,
            cut_ids=(*plain_ids(tokenizer, self.trace_end), *opening),
            stop_ids=() if stop is None else (stop,),
            stop_strings=(self.delimiter,) if stop is None else (),
            turn_end_id=added[self.turn_ends[0]],
            turn_end_ids=tuple(sorted(ends - {stop})),
        )

    def _require(self, added: dict[str, int], tokenizer: PreTrainedTokenizerBase) -> None:
        pieces = (self.before_question, self.after_question, self.thinking_opening, self.answer_opening)
        template = "".join(pieces) + self.turn_ends[0]
        needed = sorted({*SPECIAL.findall(template), *SPECIAL.findall(self.delimiter)})
        missing = [token for token in needed if token not in added]
        if missing:
            raise ValueError(
                f"thinking format {self.name!r} needs the special token(s) {', '.join(missing)}, which the tokenizer "
                f"of {tokenizer.name_or_path or 'the model'} does not have: set model.format to one that suits the "
                f"model ({', '.join(FORMATS)})"
            )


@dataclass(frozen=True, eq=False)
class BoundFormat:
    """A format in the ids of one tokenizer: its fixed pieces are encoded, what comes from data is encoded by it.

    Thinking ends with one of `stop_ids` or `stop_strings`: the delimiter, where it is one token and where it is more.
    The turn ends with one of `turn_end_ids`: the format's own and the tokenizer's end of sequence.
    """

    text: ThinkingFormat
    tokenizer: PreTrainedTokenizerBase
    before_ids: tuple[int, ...]
    after_ids: tuple[int, ...]
    opening_ids: tuple[int, ...]
    closed_ids: tuple[int, ...]
    """What follows a trace whose `delimiter` the model wrote itself: `trace_end` is already there."""
    cut_ids: tuple[int, ...]
    """What follows a trace that is cut where it stands: `trace_end` comes first."""
    stop_ids: tuple[int, ...]
    stop_strings: tuple[str, ...]
    turn_end_id: int
    turn_end_ids: tuple[int, ...]
    spent_strings: tuple[str, ...] = ()
    """Those of `stop_strings` with which the model says that the steps it was told of are spent."""
    _pieces: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False, repr=False)

    @property
    def end_ids(self) -> tuple[int, ...]:
        """The single tokens that end thinking or an answer."""
        return (*self.stop_ids, *self.turn_end_ids)

    def question_ids(self, question: str) -> list[int]:
        """The ids up to where the model's turn begins."""
        return [*self.before_ids, *plain_ids(self.tokenizer, question), *self.after_ids]

    def prompt_ids(self, question: str) -> list[int]:
        """The prompt of a forced thinking: up to and including its opening."""
        return [*self.question_ids(question), *self.opening_ids]

    def counting(self, ends_at_zero: bool) -> BoundFormat:
        """The format for a model that counts its steps down: the delimiter opens them all, so thinking ends where the
        answer opens, or at "0 steps left" where that is forced (the public code's `until_thinking=<|im_start|>0`).

        Raises `ValueError` where the format has no form for such steps.
        """
        self._require_steps()
        spent = (f"{self.text.delimiter}0",) if ends_at_zero else ()
        return replace(
            self,
            opening_ids=self.stop_ids,
            stop_ids=(),
            stop_strings=(self.text.answer_opening.rstrip(), *spent),
            spent_strings=spent,
        )

    def example_ids(self, question: str, trace: str | Countdown, attempt: str) -> tuple[list[int], list[int]]:
        """A training example: (prompt ids, completion ids).

        The completion is the model's turn: the opening of thinking, the trace, the end of thinking, the attempt and the
        end of the turn; the loss is taken on it alone (section 4.1, and the response template of the public code's
        train/sft.py), so that the model thinks by itself where nothing is forced. `trace_end` is encoded together with
        the trace, as one text, because that is how the model samples it.
        """
        attempt = attempt.strip()
        if ANSWER_MARKER not in attempt:
            attempt = f"{ANSWER_MARKER} {attempt}"
        completion = [
            *self._thinking_ids(trace),
            *self.closed_ids,
            *plain_ids(self.tokenizer, attempt),
            self.turn_end_id,
        ]
        return self.question_ids(question), completion

    def _thinking_ids(self, trace: str | Countdown) -> list[int]:
        """The opening of thinking and the trace, as the model writes them; each step has an opening of its own."""
        if isinstance(trace, str):
            return [*self.opening_ids, *plain_ids(self.tokenizer, self.closed(trace))]
        self._require_steps()
        ids: list[int] = []
        for left, step in trace.numbered():
            ids += encode(self.tokenizer, self.text.step_opening.format(left=left), split_special=False)
            ids += plain_ids(self.tokenizer, self.closed(step))
        return ids

    def _require_steps(self) -> None:
        if not self.text.step_opening:
            able = ", ".join(name for name, fmt in FORMATS.items() if fmt.step_opening)
            raise ValueError(f"thinking format {self.text.name!r} has no form for counted steps; with one: {able}")

    def closed(self, trace: str) -> str:
        """The text of a trace that ends by itself, as the model writes it in front of the delimiter."""
        return trace.strip() + self.text.trace_end

    def piece_ids(self, text: str) -> tuple[int, ...]:
        """The ids of a fixed piece, such as a Wait or a final string: encoded when it is first asked for.

        Every request needs the same few, and a tokenizer takes longer over each than over starting the request.
        """
        if text not in self._pieces:
            self._pieces[text] = tuple(plain_ids(self.tokenizer, text))
        return self._pieces[text]


def _qwen(name: str, system: str) -> ThinkingFormat:
    """Qwen's ChatML, with thinking and answer as turns inside the assistant's turn, as s1 was trained."""
    return ThinkingFormat(
        name=name,
        before_question=f"{system}<|im_start|>user\n",
        after_question="<|im_end|>\n<|im_start|>assistant\n",
        thinking_opening="<|im_start|>think\n",
        trace_end="\n",
        delimiter="<|im_start|>",
        answer_opening="<|im_start|>answer\n",
        turn_ends=("<|im_end|>", "<|endoftext|>"),
        step_opening="<|im_start|>{left} steps left\n",
    )


_QWEN_SYSTEM = "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"

_LLAMA_BEGIN = "<|begin_of_text|>"
_LLAMA_SYSTEM = (
    "<|start_header_id|>system<|end_header_id|>\n\n"
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
)
"""What the template of Llama 3.1 and 3.2 writes without a system prompt, with the date that it falls back to."""
_LLAMA_USER = "<|start_header_id|>user<|end_header_id|>\n\n"
_LLAMA_ASSISTANT = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
_LLAMA_ENDS = ("<|eot_id|>", "<|end_of_text|>", "<|eom_id|>")


def _llama(name: str, system: str) -> ThinkingFormat:
    """Llama 3's headers, with thinking and answer as turns inside the assistant's turn."""
    return ThinkingFormat(
        name=name,
        before_question=f"{_LLAMA_BEGIN}{system}{_LLAMA_USER}",
        after_question=_LLAMA_ASSISTANT,
        thinking_opening="<|start_header_id|>think<|end_header_id|>\n\n",
        trace_end="",
        delimiter="<|start_header_id|>",
        answer_opening="<|start_header_id|>answer<|end_header_id|>\n\n",
        turn_ends=_LLAMA_ENDS,
        step_opening="<|start_header_id|>{left} steps left<|end_header_id|>\n\n",
    )


def _think(name: str, before_question: str, after_question: str, turn_ends: tuple[str, ...]) -> ThinkingFormat:
    """Thinking between `<think>` and `</think>`, as the R1 distillations and Qwen3 have it."""
    return ThinkingFormat(
        name=name,
        before_question=before_question,
        after_question=after_question,
        thinking_opening="<think>\n",
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
    _think("llama-think", f"{_LLAMA_BEGIN}{_LLAMA_SYSTEM}{_LLAMA_USER}", _LLAMA_ASSISTANT, _LLAMA_ENDS),
)

FORMATS: dict[str, ThinkingFormat] = {
    fmt.name: fmt
    for fmt in (
        _qwen("qwen", _QWEN_SYSTEM),
        _qwen("qwen-plain", ""),
        _llama("llama", _LLAMA_SYSTEM),
        _llama("llama-plain", ""),
        *_THINK,
    )
}
"""The formats by name: `qwen` (s1's own, with Qwen2.5's default system prompt, as the paper), `llama` (the same in
Llama 3's headers, with the system header that its template always writes), both without a system turn (`-plain`),
`llama-think` (`<think>` as text, many tokens in Llama 3), `qwen3` and `deepseek-r1` (`<think>`, one token there)."""
