"""Best-of-N: independent forced samples, and a reward model says which one is kept.

The simplest of the parallel methods with a reward model (section 6.2): nothing is shared between the samples, and
traces are scored once, when they have ended. Growing traces by their scores is `s1repro.scaling.rebase`; votes without
a reward model need no method of their own, they are taken over plain samples (`s1repro.scaling.voting`).

    forced = await best_of_n(prompt, Budget(512), reward, candidates=16)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from s1repro.engines.base import Engine
from s1repro.engines.reward import RewardModel
from s1repro.records import Question
from s1repro.scaling.answer import Forced
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import Search, keep, nth, require_many, together
from s1repro.scaling.forcing import swept
from s1repro.scaling.method import Cut, Take
from s1repro.scaling.prompt import Prompt


async def best_of_n(prompt: Prompt, budget: Budget, reward: RewardModel, candidates: int) -> Forced:
    """The best-scored of `candidates` forced samples, the first of equals; the first one is `force` of `prompt`.

    All run at the same time, each with a seed of its own. Raises `ValueError`, before anything runs, for a budget that
    does not fit and for several candidates at temperature 0.
    """
    require_many(candidates, prompt.sampling, "candidates")

    async def candidate(index: int) -> tuple[float, Forced]:
        (forced,) = await swept(nth(prompt, index), [budget])
        return await reward.score(prompt.ids, forced.thinking_ids), forced

    scored = await together(candidate(index) for index in range(candidates))
    spent = sum(forced.drawn_tokens for _, forced in scored)
    _, best = max(scored, key=lambda pair: pair[0])  # `max` takes the first of equals
    return keep(best, tries=candidates, spent=spent)


@dataclass
class BestOfN(Search):
    """The best of several traces by a reward model."""

    name: ClassVar[str] = "best-of-n"

    def start(self, engine: Engine, trust_remote_code: bool = False) -> Take:
        """See `Method.start`."""
        reward = self.reward(engine, trust_remote_code)

        async def take(prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
            budgets = [self.budget(cut, prompt.engine.max_model_len) for cut in cuts]
            return [await best_of_n(prompt, budget, reward, self.candidates) for budget in budgets]

        return take
