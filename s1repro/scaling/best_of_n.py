"""Best-of-N: independent forced samples, and a reward model says which one is kept.

The simplest of the parallel methods with a reward model (section 6.2): nothing is shared between the samples, and
traces are scored once, when they have ended. Growing traces by their scores is `s1repro.scaling.rebase`; votes without
a reward model need no method of their own, they are taken over plain samples (`s1repro.scaling.voting`).

    forced = await best_of_n(engine, reward, prompt_ids, Budget(512), fmt, Sampling(temperature=1.0), candidates=16)
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.chat import ThinkingFormat
from s1repro.engines.base import Engine, Sampling
from s1repro.engines.reward import RewardModel
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import keep, nth, require_many, sampled_answer_tokens, together
from s1repro.scaling.forcing import Forced, force


async def best_of_n(
    engine: Engine,
    reward: RewardModel,
    prompt_ids: Sequence[int],
    budget: Budget,
    fmt: ThinkingFormat,
    sampling: Sampling,
    candidates: int,
) -> Forced:
    """The best-scored of `candidates` forced samples, the first of equals; the first one is `force` with `sampling`.

    All run at the same time, each with a seed of its own. Raises `ValueError`, before anything runs, for a budget that
    does not fit and for several candidates at temperature 0.
    """
    require_many(candidates, sampling, "candidates")

    async def candidate(index: int) -> tuple[float, Forced]:
        forced = await force(engine, prompt_ids, budget, fmt, nth(sampling, index))
        return await reward.score(prompt_ids, forced.thinking_ids), forced

    scored = await together(candidate(index) for index in range(candidates))
    spent = sum(
        forced.sampled_tokens + forced.discarded_tokens + sampled_answer_tokens(engine, forced, budget)
        for _, forced in scored
    )
    _, best = max(scored, key=lambda pair: pair[0])  # `max` takes the first of equals
    return keep(best, tries=candidates, spent=spent, budget=budget, engine=engine)
