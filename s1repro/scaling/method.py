"""What a test-time method is: its settings, its points, how a sample is taken, what its bound is.

A method is one file beside this one with a dataclass that says these four; a YAML in `conf/method/` chooses it, and one
line in `s1repro.scaling` lists it. The stages ask it and know no names.

    method = Forcing(budgets=[64, 512], waits=[0, 1])
    method.traces()                                     # [[Cut(64, 0), Cut(512, 0), Cut(512, 1)]]: all from one trace
    take = method.start(engine)
    await take(Prompt(engine, ids, fmt, Sampling()), question, method.traces()[0])      # a `Forced` for each cut
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from omegaconf import MISSING

from s1repro.chat import BoundFormat
from s1repro.engines.base import Engine
from s1repro.records import Question
from s1repro.scaling.answer import Forced
from s1repro.scaling.budget import Budget
from s1repro.scaling.prompt import Prompt


class Cut(NamedTuple):
    """A point of a method's curve: thinking tokens, and how often their end becomes a Wait."""

    budget: int
    waits: int = 0


class Table3(NamedTuple):
    """A row of the paper's Table 3, s1-32B on AIME24, as printed there."""

    control: str
    scaling: str
    performance: str


Take = Callable[[Prompt, Question, Sequence[Cut]], Awaitable[list[Forced]]]
"""Takes samples: see `Method.take`."""


@dataclass
class Method:
    """What all methods are told: group `method/`. The class of a method adds its own settings."""

    name: ClassVar[str]
    """Its name in samples and tables."""
    table3: ClassVar[Table3 | None] = None
    """What the paper found, where it ran the method."""
    joining: ClassVar[tuple[str, ...]] = ("budgets", "waits", "samples")
    """Settings that may differ between samples of one curve: further ones join it."""

    budgets: list[int] = MISSING
    """Thinking tokens: the cap, or what the model is told. Each is a point of the curve."""
    final_string: str = "Final Answer:"
    """Starts the answer that a spent budget forces."""
    answer_tokens: int = 100
    """Tokens kept free for the answer."""
    loop_repeats: int = 0
    """End a thinking that says the same block of tokens this often in a row; 0 lets it go on."""
    temperature: float = 0.0
    """0 is greedy, as in the paper."""
    samples: int = 1
    """Samples a question."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        if not self.budgets or min(self.budgets) < 1:
            raise ValueError(f"method.budgets is {self.budgets}; give thinking tokens, 1 or more each, such as [1024]")
        for name in ("answer_tokens", "samples"):
            require_at_least_one(name, getattr(self, name))
        if self.loop_repeats < 0 or self.loop_repeats == 1:
            raise ValueError(f"method.loop_repeats is {self.loop_repeats}; give 0 (off) or 2 and more")
        if self.temperature < 0:
            raise ValueError(f"method.temperature is {self.temperature}; give 0 (greedy) or more")
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                "method.samples above 1 with temperature 0 repeats one answer; set method.temperature above 0"
            )

    def traces(self) -> list[list[Cut]]:
        """The points to measure, without repeats, cheapest first; those that come from one trace are together."""
        return [[Cut(budget)] for budget in sorted(set(self.budgets))]

    def prompt_ids(self, fmt: BoundFormat, question: Question, cut: Cut) -> list[int]:
        """What the model reads; the same for all points of one trace."""
        return fmt.prompt_ids(question.text)

    def budget(self, cut: Cut) -> Budget:
        """What is enforced at a point."""
        return Budget(cut.budget, **self.ending())

    def ending(self) -> dict[str, Any]:
        """What all points' budgets have in common: how thinking ends and how long the answer may be."""
        return {
            "final_string": self.final_string,
            "answer_tokens": self.answer_tokens,
            "loop_repeats": self.loop_repeats,
        }

    @classmethod
    def bound(cls, budget: int) -> tuple[float, float]:
        """Between which mean thinking tokens a run keeps to its budget, for Control (section 3.2)."""
        return 0, budget

    def identity(self) -> dict[str, object]:
        """What two samples must share to be points of one curve."""
        settings = {name: value for name, value in vars(self).items() if name not in self.joining}
        return {"name": self.name, **settings}

    def start(self, engine: Engine, trust_remote_code: bool = False) -> Take:
        """What takes samples on `engine`; a method that needs a model beside it loads it here."""
        return self.take

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """The samples of `question` at `cuts`, which come from one trace, in their order."""
        raise NotImplementedError


def require_at_least_one(name: str, count: int) -> None:
    """Raise `ValueError` for a count below 1."""
    if count < 1:
        raise ValueError(f"method.{name} is {count}; give 1 or more")
