"""Rejection sampling (section 4.2): sample until a trace fits the budget by itself, and answer that one.

No trace is cut: one that reaches the cap is thrown away and another one is drawn, with a seed of its own. The paper
samples at temperature 1 and finds that it scales backwards: short traces are those that were right from the start. A
question for which no trace fits has no answer, so the tries are bounded; Waits have no meaning here.

    forced = await reject(prompt, Budget(512), tries=16)
    forced.finish, forced.tries, forced.discarded_tokens      # ("rejected", 16, 8192) where none fitted
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from s1repro.records import Question
from s1repro.scaling.answer import Forced, answer_to
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import Drawing, keep, nth, require_many
from s1repro.scaling.method import Cut
from s1repro.scaling.prompt import Prompt
from s1repro.scaling.trace import Thinking, grow
from s1repro.settings.checks import require_at_least_one


async def reject(prompt: Prompt, budget: Budget, tries: int) -> Forced:
    """The first of at most `tries` traces that ends by itself within `budget`, answered.

    Where none does, `finish` is "rejected", thinking and answer are empty, and all that was sampled is discarded. One
    try follows the other, each is stopped at the cap, and a loop (`budget.loop_repeats`) ends a try as the cap does.
    Raises `ValueError`, before anything runs, for a budget with Waits or one that does not fit, and for several tries
    at temperature 0.
    """
    if budget.waits:
        raise ValueError(f"{budget.waits} waits: rejection sampling takes traces as they are, so give 0")
    require_many(tries, prompt.sampling, "tries")
    cap = prompt.thinking_cap(budget)
    spent = 0
    for index in range(tries):
        drawn = nth(prompt, index)
        thinking = await _think(drawn, budget, cap)
        if thinking.finish in ("natural", "turn_end"):
            forced = await answer_to(drawn, thinking, budget)
            return keep(forced, tries=index + 1, spent=spent + forced.drawn_tokens)
        spent += thinking.sampled_tokens + thinking.discarded_tokens
    return Forced((), 0, 0, (), 0, "rejected", tries, spent)


async def _think(prompt: Prompt, budget: Budget, cap: int) -> Thinking:
    """One trace of at most `cap` tokens."""
    ((_, thinking),) = [grown async for grown in grow(prompt, [budget], [cap])]
    return thinking


@dataclass
class Rejection(Drawing):
    """Rejection sampling: draw traces until one fits the budget by itself."""

    name: ClassVar[str] = "rejection"
    table3: ClassVar[str] = "RS"

    tries: int = 16
    """Traces sampled at most until one fits."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        require_at_least_one("method", self, "tries")

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """See `Method.take`."""
        return [await reject(prompt, self.budget(cut, prompt.engine.max_model_len), self.tries) for cut in cuts]
