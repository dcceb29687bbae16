"""A prompt put to a model: what all requests of one sample have in common.

A method asks for a trace, forks answers from it and draws more traces; engine, format and sampling stay the same while
it does, and only what has been said since the prompt, the tokens asked for and the seed change.

    prompt = Prompt(engine, tuple(fmt.prompt_ids("2+2?")), fmt, Sampling())
    completion = await prompt.complete(said, max_tokens=64)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1repro.chat import BoundFormat
from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.scaling.budget import Budget, require_fits


@dataclass(frozen=True)
class Prompt:
    """`ids` end with the opening of the thinking; `fmt` is bound to the engine's tokenizer."""

    engine: Engine
    ids: tuple[int, ...]
    fmt: BoundFormat
    sampling: Sampling

    async def complete(self, said: Sequence[int], max_tokens: int, min_tokens: int = 0) -> Completion:
        """Go on after the prompt and `said`, to an end of thinking or turn that comes behind `min_tokens` or later."""
        return await self.engine.complete(
            [*self.ids, *said],
            max_tokens=max_tokens,
            stop=Stop(self.fmt.end_ids, self.fmt.stop_strings, min_tokens),
            sampling=self.sampling,
        )

    def reseeded(self, step: int) -> Prompt:
        """The same with the seed moved on by `step`: an engine starts every request's random stream at its seed."""
        return replace(self, sampling=replace(self.sampling, seed=(self.sampling.seed + step) % 2**31))

    def thinking_cap(self, budget: Budget) -> int:
        """The most thinking tokens a sample may have: the budget's cap, or what fits in the model where it has none.

        Raises `ValueError` with the numbers where the budget does not fit.
        """
        return require_fits(len(self.ids), budget, self.engine.max_model_len, marker_tokens(self.fmt, budget))


def marker_tokens(fmt: BoundFormat, budget: Budget) -> int:
    """Tokens that end a thinking from outside and begin its answer."""
    return len(fmt.cut_ids) + len(fmt.piece_ids(budget.final_string))
