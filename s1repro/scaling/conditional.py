"""Conditional length control (section 3.2): the model is told how long to think, in tokens, steps or a class.

The words are those that `s1repro.control` puts into training questions. Each of the three comes in two forms: told
alone, which shows whether the model listens, and told and forced as well (`+bf`): cut at the tokens it was told, or
ended where the model's own count reaches 0 steps left.

    TokenControl(budgets=[1024, 2048])          # "Think for up to 1024 tokens.", and nothing is enforced
    ForcedTokenControl(budgets=[1024, 2048])    # the same, and cut at 1,024
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from s1repro.chat import BoundFormat
from s1repro.control import instruct
from s1repro.records import Question
from s1repro.scaling.answer import Forced
from s1repro.scaling.budget import Budget
from s1repro.scaling.forcing import Swept
from s1repro.scaling.method import AUTO, Cut
from s1repro.scaling.prompt import Prompt
from s1repro.settings.checks import require_at_least_one


@dataclass
class Told(Swept):
    """A method that tells the model its budget; `forced` says whether it is held to it."""

    forced: ClassVar[bool] = False

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        if AUTO in self.budgets:
            raise ValueError(f"method.budgets is {self.budgets}; {self.name} tells the model a number, so not auto")

    def told_budgets(self) -> list[int]:
        """The budgets, which are numbers."""
        return [int(budget) for budget in self.budgets]

    def told(self, question: str, budget: int) -> str:
        """The question with what it says about thinking."""
        raise NotImplementedError

    def prompt_ids(self, fmt: BoundFormat, question: Question, cut: Cut) -> list[int]:
        """See `Method.prompt_ids`."""
        return fmt.prompt_ids(self.told(question.text, cut.budget))

    def budget(self, cut: Cut, max_model_len: int) -> Budget:
        """See `Method.budget`: none where the model is only told of one."""
        return Budget(cut.budget if self.forced else None, **self.ending())


@dataclass
class TokenControl(Told):
    """Token-conditional control: how many tokens the model may think. Train with `sft.control=token`."""

    name: ClassVar[str] = "tcc"
    table3: ClassVar[str] = "TCC"

    def told(self, question: str, budget: int) -> str:
        """See `Told.told`."""
        return instruct(question, "token", budget)


@dataclass
class ForcedTokenControl(TokenControl):
    """Token-conditional control, and forced to keep to it."""

    name: ClassVar[str] = "tcc+bf"
    table3: ClassVar[str] = "TCC + BF"
    forced: ClassVar[bool] = True


@dataclass
class StepControl(Told):
    """Step-conditional control: how many steps the model may think. Train with `sft.control=step`.

    Its thinking opens with a step in place of the format's opening. Forced, it ends at 0 steps left, not at a number of
    tokens, as in the public code; the tokens are Control's bound alone.
    """

    name: ClassVar[str] = "scc"
    table3: ClassVar[str] = "SCC"

    tokens_per_step: int = 100
    """A budget is told as this many tokens a step (the paper's bound)."""

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        require_at_least_one("method", self, "tokens_per_step")
        if any(budget % self.tokens_per_step for budget in self.told_budgets()):
            raise ValueError(  # rounded down, two budgets could be one prompt
                f"method.budgets is {self.budgets}, but a step of {self.name} is method.tokens_per_step="
                f"{self.tokens_per_step}; give budgets of whole steps, or other steps"
            )

    def told(self, question: str, budget: int) -> str:
        """See `Told.told`."""
        return instruct(question, "step", budget // self.tokens_per_step)

    def prompt_ids(self, fmt: BoundFormat, question: Question, cut: Cut) -> list[int]:
        """See `Method.prompt_ids`."""
        return super().prompt_ids(fmt.counting(self.forced), question, cut)

    def budget(self, cut: Cut, max_model_len: int) -> Budget:
        """See `Method.budget`: all that fits in the model."""
        return Budget(None, **self.ending())

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """See `Method.take`."""
        return await super().take(replace(prompt, fmt=prompt.fmt.counting(self.forced)), question, cuts)


@dataclass
class ForcedStepControl(StepControl):
    """Step-conditional control, and forced to keep to it."""

    name: ClassVar[str] = "scc+bf"
    table3: ClassVar[str] = "SCC + BF"
    forced: ClassVar[bool] = True


@dataclass
class ClassControl(Told):
    """Class-conditional control: the model is told to think for a short or a long time. A prompt for any model, which
    the paper puts to s1-32B untrained; `budgets` name the two points."""

    name: ClassVar[str] = "ccc"
    table3: ClassVar[str] = "CCC"
    joining: ClassVar[tuple[str, ...]] = ("samples",)  # a third budget would change the classes of the two

    def check(self) -> None:
        """See `Method.check`."""
        super().check()
        if len(set(self.budgets)) != 2:
            raise ValueError(f"method.budgets is {self.budgets}; ccc has two classes: give a short and a long budget")

    def told(self, question: str, budget: int) -> str:
        """See `Told.told`."""
        return instruct(question, "class", "short" if budget == min(self.told_budgets()) else "long")

    @classmethod
    def bounds(cls, budgets: Sequence[int], default_tokens: float | None) -> list[tuple[float, float]] | None:
        """See `Method.bounds`: shorter, and longer, than the run that is told nothing."""
        if default_tokens is None:
            return None
        short = min(budgets)
        return [(0, default_tokens) if budget == short else (default_tokens, math.inf) for budget in budgets]
