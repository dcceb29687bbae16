"""The model as it is: its own chat template and free generation, nothing forced (the baselines of Table 1).

A budget caps the whole generation. Where the model marks its thinking, in the way of the format, thinking and answer
are told apart; where it does not, all that it says is the answer. Majority votes of a base model are taken over samples
of this method (`method.samples=64 method.temperature=1`).

    fmt = FORMATS["qwen"].bind(tokenizer)
    ids = Plain(budgets=["auto"]).prompt_ids(fmt, question, Cut(32768))
    forced = await generate(Prompt(engine, tuple(ids), fmt, Sampling()), max_tokens=32000)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from s1repro.chat import BoundFormat
from s1repro.engines.base import Stop
from s1repro.engines.stopping import find_stop
from s1repro.records import Question
from s1repro.scaling.answer import Forced
from s1repro.scaling.budget import Budget
from s1repro.scaling.method import Cut, Method, capped
from s1repro.scaling.prompt import Prompt


async def generate(prompt: Prompt, max_tokens: int) -> Forced:
    """One generation of at most `max_tokens` tokens, to the end of the turn; what marks the thinking is kept in it."""
    stop = Stop(prompt.fmt.turn_end_ids)
    completion = await prompt.engine.complete(prompt.ids, max_tokens=max_tokens, stop=stop, sampling=prompt.sampling)
    ids, whole = completion.token_ids, completion.finish_reason == "stop"
    thought = thinking_length(prompt.fmt, ids)
    closed = whole or thought < len(ids)
    return Forced(
        thinking_ids=ids[:thought],
        sampled_tokens=thought,
        injected_tokens=0,
        answer_ids=ids[thought:],
        waits_used=0,
        finish="natural" if closed else "budget",
        answer_cut=not whole,
    )


def thinking_length(fmt: BoundFormat, ids: Sequence[int]) -> int:
    """How many of the ids are thinking: from its opening up to its delimiter, all where it was not closed, or none.

    A chat template may have put the opening into the prompt; then a delimiter that is not the opening's own tells.
    """
    opening = len(fmt.opening_ids)
    opened = tuple(ids[:opening]) == fmt.opening_ids
    start = opening if opened else 0
    if fmt.stop_strings:
        found = find_stop(fmt.tokenizer, ids[start:], fmt.stop_strings)
        closing = start + found.kept if found else None
    else:
        closing = next((at for at in range(start, len(ids)) if ids[at] in fmt.stop_ids), None)
    if opened:
        return len(ids) if closing is None else closing
    answered = closing is not None and tuple(ids[closing : closing + len(fmt.closed_ids)]) == fmt.closed_ids
    return closing if answered and closing is not None else 0


@dataclass
class Plain(Method):
    """The model's own chat template and free generation; `budgets` cap all that it says."""

    name: ClassVar[str] = "plain"

    def prompt_ids(self, fmt: BoundFormat, question: Question, cut: Cut) -> list[int]:
        """See `Method.prompt_ids`: the tokenizer's template, or the format's where it has none."""
        if not fmt.tokenizer.chat_template:
            return fmt.question_ids(question.text)
        turns = [{"role": "user", "content": question.text}]
        ids = fmt.tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
        return cast("list[int]", ids)

    def budget(self, cut: Cut, max_model_len: int) -> Budget:
        """See `Method.budget`: nothing is kept free for an answer."""
        return Budget(capped(cut, max_model_len), final_string="", answer_reserve=1)

    def takes_what_is_left(self) -> bool:
        """See `Method.takes_what_is_left`: a budget caps the answer too."""
        return False

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """See `Method.take`."""
        length = prompt.engine.max_model_len
        caps = [capped(cut, length) or length - len(prompt.ids) for cut in cuts]
        return [await generate(prompt, cap) for cap in caps]
