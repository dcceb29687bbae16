"""From thinking to answer: how a thinking ends, what the model then says, and the account of both (section 3.1).

forced = await answer_to(prompt, thinking, budget)
forced.answer_ids[: forced.final_tokens]        # the final string, where the model did not end its thinking itself
"""

from __future__ import annotations

from dataclasses import dataclass

from s1repro.engines.base import Completion
from s1repro.records import Finish
from s1repro.scaling.budget import Budget
from s1repro.scaling.prompt import Prompt
from s1repro.scaling.trace import Thinking

_ANSWER_SEED = 500_009
"""Added to a sample's seed where the answer is drawn: the trace has used the seed itself."""


@dataclass(frozen=True)
class Forced:
    """A forced sample with its token accounts.

    `thinking_ids` are `sampled_tokens + injected_tokens` long and never longer than the budget. `answer_ids` begin
    with the `final_tokens` of the final string where it was forced (`finish` other than `natural` and `steps`).
    `discarded_tokens` were sampled and not kept: behind a loop (`Thinking`), and all that methods which choose among
    several traces (`tries`) drew in vain. `answer_cut` says that the answer had no room left to end.
    """

    thinking_ids: tuple[int, ...]
    sampled_tokens: int
    injected_tokens: int
    answer_ids: tuple[int, ...]
    waits_used: int
    finish: Finish
    tries: int = 1
    discarded_tokens: int = 0
    final_tokens: int = 0
    answer_cut: bool = False

    @property
    def drawn_tokens(self) -> int:
        """All that the model wrote for this one trace: thinking, what it discarded, and the answer."""
        return self.sampled_tokens + self.discarded_tokens + len(self.answer_ids) - self.final_tokens


async def answer_to(prompt: Prompt, thinking: Thinking, budget: Budget) -> Forced:
    """The answer that `thinking` leads to, begun with the final string where the model did not end it itself."""
    said = opened(prompt, thinking, budget)
    return forced(prompt, thinking, budget, await ask(prompt, said, answer_room(prompt, said, budget)))


def opened(prompt: Prompt, thinking: Thinking, budget: Budget) -> tuple[int, ...]:
    """The thinking, what ends it and what begins the answer."""
    fmt = prompt.fmt
    end_ids = fmt.closed_ids if thinking.closed else fmt.cut_ids
    return (*thinking.token_ids, *end_ids, *final_ids(prompt, thinking, budget))


def answer_room(prompt: Prompt, said: tuple[int, ...], budget: Budget) -> int:
    """The most tokens of an answer after the prompt and `said`: its cap, or all that is left of the model's length."""
    room = prompt.engine.max_model_len - len(prompt.ids) - len(said)
    return min(room, budget.max_answer_tokens or room)


async def ask(prompt: Prompt, said: tuple[int, ...], room: int) -> Completion:
    """What the model answers after the prompt and `said`, in at most `room` tokens."""
    return await prompt.reseeded(_ANSWER_SEED).complete(said, room)


def forced(prompt: Prompt, thinking: Thinking, budget: Budget, answer: Completion) -> Forced:
    """A thinking and what was answered after it, as a sample."""
    assert len(thinking.token_ids) == thinking.sampled_tokens + thinking.injected_tokens
    begun = final_ids(prompt, thinking, budget)
    return Forced(
        thinking_ids=thinking.token_ids,
        sampled_tokens=thinking.sampled_tokens,
        injected_tokens=thinking.injected_tokens,
        answer_ids=(*begun, *answer.token_ids),
        waits_used=thinking.waits_used,
        finish=thinking.finish,
        discarded_tokens=thinking.discarded_tokens,
        final_tokens=len(begun),
        answer_cut=answer.finish_reason == "length",
    )


def final_ids(prompt: Prompt, thinking: Thinking, budget: Budget) -> tuple[int, ...]:
    """What begins the answer: nothing where the model ended its thinking itself, were it by counting to 0."""
    return () if thinking.finish in ("natural", "steps") else prompt.fmt.piece_ids(budget.final_string)
