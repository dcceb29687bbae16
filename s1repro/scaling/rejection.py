"""Rejection sampling (section 4.2): sample until a trace fits the budget by itself, and answer that one.

No trace is cut: one that reaches the cap is thrown away and another one is drawn, with a seed of its own. The paper
samples at temperature 1 and finds that it scales backwards: short traces are those that were right from the start. A
question for which no trace fits has no answer, so the tries are bounded; Waits have no meaning here.

    forced = await reject(engine, prompt_ids, Budget(512), fmt, Sampling(temperature=1.0), tries=16)
    forced.finish, forced.tries, forced.discarded_tokens      # ("rejected", 16, 8192) where none fitted
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.chat import ThinkingFormat
from s1repro.engines.base import Engine, Sampling
from s1repro.scaling.budget import Budget
from s1repro.scaling.candidates import keep, nth, require_many, sampled_answer_tokens
from s1repro.scaling.forcing import Forced, answer_to, thinking_cap
from s1repro.scaling.trace import Thinking, grow


async def reject(
    engine: Engine, prompt_ids: Sequence[int], budget: Budget, fmt: ThinkingFormat, sampling: Sampling, tries: int
) -> Forced:
    """The first of at most `tries` traces that ends by itself within `budget`, answered.

    Where none does, `finish` is "rejected", thinking and answer are empty, and all that was sampled is discarded. One
    try follows the other, each is stopped at the cap, and a loop (`budget.loop_repeats`) ends a try as the cap does.
    Raises `ValueError`, before anything runs, for a budget with Waits or one that does not fit, and for several tries
    at temperature 0.
    """
    if budget.waits:
        raise ValueError(f"{budget.waits} waits: rejection sampling takes traces as they are, so give 0")
    require_many(tries, sampling, "tries")
    cap = thinking_cap(engine, len(prompt_ids), budget, fmt)
    spent = 0
    for index in range(tries):
        drawn = nth(sampling, index)
        thinking = await _think(engine, prompt_ids, budget, cap, fmt, drawn)
        spent += thinking.sampled_tokens + thinking.discarded_tokens
        if thinking.finish in ("natural", "turn_end"):
            forced = await answer_to(engine, prompt_ids, thinking, budget, fmt, drawn)
            spent += sampled_answer_tokens(engine, forced, budget)
            return keep(forced, tries=index + 1, spent=spent, budget=budget, engine=engine)
    return Forced((), 0, 0, (), 0, "rejected", tries, spent)


async def _think(
    engine: Engine, prompt_ids: Sequence[int], budget: Budget, cap: int, fmt: ThinkingFormat, drawn: Sampling
) -> Thinking:
    """One trace of at most `cap` tokens."""
    ((_, thinking),) = [grown async for grown in grow(engine, prompt_ids, [budget], [cap], fmt, drawn)]
    return thinking
