"""Budget forcing (section 3.1): end thinking at the budget, or replace its end by "Wait". One budget, or many at once.

One sample is one coroutine over `Engine.complete`, in token ids from end to end: nothing is decoded and encoded again,
so the accounts are exact. `sweep` takes many budgets from one trace (`s1repro.scaling.trace`), and answers are forked
from it as the budgets are settled, each while the trace still grows for the others. `force` is the sweep of one
budget, so under greedy decoding the two agree id for id. The public code's defects are not repeated: a Wait draws on
the same budget, a spent budget always ends in the final string, and a Wait that no longer fits ends the thinking
instead of overrunning it.

    fmt = FORMATS["qwen"].bind(engine.tokenizer)
    forced = await force(engine, fmt.prompt_ids(question), Budget(512, waits=1), fmt, Sampling())
    assert len(forced.thinking_ids) <= 512
    curve = await sweep(engine, prompt_ids, [Budget(64), Budget(512), Budget(512, waits=1)], fmt, Sampling())
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from s1repro.chat import BoundFormat
from s1repro.engines.base import Completion, Engine, Sampling
from s1repro.records import Question
from s1repro.scaling.answer import Forced, answer_room, ask, forced, opened
from s1repro.scaling.budget import Budget
from s1repro.scaling.method import Cut, Method, capped
from s1repro.scaling.prompt import Prompt
from s1repro.scaling.trace import Thinking, grow


async def force(
    engine: Engine, prompt_ids: Sequence[int], budget: Budget, fmt: BoundFormat, sampling: Sampling
) -> Forced:
    """Think within `budget` after `prompt_ids`, which end with the opening of the thinking, then answer.

    Raises `ValueError`, before anything runs, where prompt, budget and answer do not fit in the model.
    """
    return (await sweep(engine, prompt_ids, [budget], fmt, sampling))[0]


async def sweep(
    engine: Engine, prompt_ids: Sequence[int], budgets: Sequence[Budget], fmt: BoundFormat, sampling: Sampling
) -> list[Forced]:
    """One trace for all `budgets`, and the answer that each of them leads to, in the order of `budgets`.

    Budgets that end the trace at the same token share one answer. Every account says what its budget takes alone.
    Raises `ValueError` as `force` does, without budgets, and where they differ in their `wait_string` or
    `loop_repeats`.
    """
    return await swept(Prompt(engine, tuple(prompt_ids), fmt, sampling), budgets)


async def swept(prompt: Prompt, budgets: Sequence[Budget]) -> list[Forced]:
    """`sweep` of a prompt."""
    caps = [prompt.thinking_cap(budget) for budget in budgets]
    answers: dict[tuple[tuple[int, ...], int], asyncio.Task[Completion]] = {}
    thinkings: dict[int, Thinking] = {}
    answer_of: dict[int, asyncio.Task[Completion]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            async for index, thinking in grow(prompt, budgets, caps):
                assert len(thinking.token_ids) <= caps[index]
                said = opened(prompt, thinking, budgets[index])
                key = (said, answer_room(prompt, said, budgets[index]))
                if key not in answers:
                    answers[key] = group.create_task(ask(prompt, *key))
                thinkings[index], answer_of[index] = thinking, answers[key]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [forced(prompt, thinkings[i], budget, answer_of[i].result()) for i, budget in enumerate(budgets)]


@dataclass
class Swept(Method):
    """A method whose cuts are budgets of one trace."""

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """See `Method.take`."""
        return await swept(prompt, [self.budget(cut, prompt.engine.max_model_len) for cut in cuts])


@dataclass
class Forcing(Swept):
    """Budget forcing: caps on thinking, and Waits beyond the largest one. All of a curve comes from one trace."""

    name: ClassVar[str] = "force"
    table3: ClassVar[str] = "BF"

    waits: list[int] = field(default_factory=lambda: [0])
    """How often the end of thinking becomes a Wait; counts above 0 are measured at the largest budget, 0 at each."""
    wait_strings: list[str] = field(default_factory=lambda: ["Wait"])
    """Appended in place of the end of thinking; several are taken in turn."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        if not self.waits:
            raise ValueError("method.waits is empty; use [0] to measure the budgets without Waits")
        if min(self.waits) < 0:
            raise ValueError(f"method.waits is {self.waits}; counts are 0 or more")
        if 0 not in self.waits and len(set(self.budgets)) > 1:
            both = ",".join(map(str, [0, *self.waits]))
            raise ValueError(
                f"method.budgets is {self.budgets} and method.waits {self.waits}, but Waits are taken at the largest "
                f"budget alone; give method.waits=[{both}], or one budget"
            )
        if not self.wait_strings:
            raise ValueError("method.wait_strings is empty; give at least one string, such as [Wait]")

    def traces(self, max_model_len: int) -> list[list[Cut]]:
        """One trace for all points: the budgets without Waits, and the Waits at the largest budget (section 3.1)."""
        numbers = self.numbers(max_model_len)
        plain = [Cut(number) for number in numbers] if 0 in self.waits else []
        return [sorted({*plain, *(Cut(numbers[-1], waits) for waits in self.waits if waits > 0)})]

    def budget(self, cut: Cut, max_model_len: int) -> Budget:
        """See `Method.budget`."""
        cap, strings = capped(cut, max_model_len), tuple(self.wait_strings)
        return Budget(cap, waits=cut.waits, wait_string=strings, **self.ending())
