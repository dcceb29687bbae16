"""What a test-time method is: its settings, its points, how a sample is taken, what its bound is.

A method is one file beside this one with a dataclass that says these four; a YAML in `conf/method/` chooses it, and one
line in `s1repro.scaling.methods` lists it. The stages ask it and know no names.

    method = Forcing(budgets=[64, "auto"], waits=[0, 1])
    (cuts,) = method.traces(4096)                       # [Cut(64, 0), Cut(4096, 0), Cut(4096, 1)]: all from one trace
    take = method.start(engine)
    await take(Prompt(engine, ids, fmt, Sampling()), question, cuts)        # a `Forced` for each cut
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
from s1repro.settings.checks import require_at_least_one

AUTO = "auto"
"""A budget of all that fits: the model's length less prompt, what ends the thinking, and the answer's reserve."""


class Cut(NamedTuple):
    """A point of a method's curve: thinking tokens, and how often their end becomes a Wait.

    A budget of the model's whole length is `auto`: as much of it as a question leaves free.
    """

    budget: int
    waits: int = 0


Take = Callable[[Prompt, Question, Sequence[Cut]], Awaitable[list[Forced]]]
"""Takes samples: see `Method.take`."""


@dataclass
class Method:
    """What all methods are told: group `method/`. The class of a method adds its own settings."""

    name: ClassVar[str]
    """Its name in samples and tables."""
    table3: ClassVar[str] = ""
    """Its row in the paper's Table 3 (`data/paper.csv`), where the paper ran it."""
    greedy: ClassVar[bool] = True
    """Whether it can be taken at temperature 0."""
    joining: ClassVar[tuple[str, ...]] = ("budgets", "waits", "samples")
    """Settings that may differ between samples of one curve: further ones join it."""

    budgets: list[int | str] = MISSING
    """Thinking tokens: the cap, or what the model is told; `auto` is all that fits in the model. Each is a point of the
    curve."""
    final_string: str = "Final Answer:"
    """Starts the answer that a spent budget forces."""
    answer_reserve: int = 100
    """Tokens of the model's length that thinking leaves for the answer."""
    max_answer_tokens: int | None = None
    """Longest answer; null is all that is left of the model's length, as in the paper."""
    loop_repeats: int = 0
    """End a thinking that says the same block of tokens this often in a row; 0 lets it go on."""
    temperature: float = 0.0
    """0 is greedy, as in the paper."""
    top_p: float = 1.0
    """Above temperature 0: draw among the likeliest tokens alone that have this share together; 1 is all of them."""
    samples: int = 1
    """Samples a question."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        numbers = [budget for budget in self.budgets if budget != AUTO]
        if not self.budgets or any(not isinstance(number, int) or number < 1 for number in numbers):
            raise ValueError(
                f"method.budgets is {self.budgets}; give thinking tokens, 1 or more each, or auto: such as [1024,auto]"
            )
        require_at_least_one("method", self, "answer_reserve", "max_answer_tokens", "samples")
        if self.loop_repeats < 0 or self.loop_repeats == 1:
            raise ValueError(f"method.loop_repeats is {self.loop_repeats}; give 0 (off) or 2 and more")
        if not self.temperature >= 0:
            raise ValueError(f"method.temperature is {self.temperature}; give 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"method.top_p is {self.top_p}; give a share above 0, up to 1 (all tokens)")
        if self.top_p < 1 and self.temperature == 0:
            raise ValueError(
                f"method.top_p is {self.top_p}, and at temperature 0 nothing is drawn; set method.temperature above 0"
            )
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                "method.samples above 1 with temperature 0 repeats one answer; set method.temperature above 0"
            )

    def numbers(self, max_model_len: int) -> list[int]:
        """The budgets in tokens, each once, least first, on a model of that length."""
        return sorted({max_model_len if budget == AUTO else int(budget) for budget in self.budgets})

    def traces(self, max_model_len: int) -> list[list[Cut]]:
        """The points to measure, without repeats, cheapest first; those that come from one trace are together."""
        return [[Cut(number)] for number in self.numbers(max_model_len)]

    def prompt_ids(self, fmt: BoundFormat, question: Question, cut: Cut) -> list[int]:
        """What the model reads; the same for all points of one trace."""
        return fmt.prompt_ids(question.text)

    def budget(self, cut: Cut, max_model_len: int) -> Budget:
        """What is enforced at a point."""
        return Budget(capped(cut, max_model_len), **self.ending())

    def ending(self) -> dict[str, Any]:
        """What all points' budgets have in common: how thinking ends and how long the answer may be."""
        return {
            "final_string": self.final_string,
            "answer_reserve": self.answer_reserve,
            "max_answer_tokens": self.max_answer_tokens,
            "loop_repeats": self.loop_repeats,
        }

    @classmethod
    def bounds(cls, budgets: Sequence[int], default_tokens: float | None) -> list[tuple[float, float]] | None:
        """Between which mean thinking tokens each run keeps to its budget, for Control (section 3.2).

        `default_tokens` are those of the run that is neither told nor cut; None where nobody can say without it.
        """
        return [(0, budget) for budget in budgets]

    def identity(self) -> dict[str, object]:
        """What two samples must share to be points of one curve."""
        settings = {name: value for name, value in vars(self).items() if name not in self.joining}
        if self.top_p == 1:
            del settings["top_p"]  # so that samples from before there was such a setting are of this method too
        return {"name": self.name, **settings}

    def takes_what_is_left(self) -> bool:
        """Whether a longer model may give other samples at the same budgets, as `Budget.takes_what_is_left` says.

        `auto` does not count: its points are named by the model's length.
        """
        return self.budget(Cut(1), max_model_len=2).takes_what_is_left

    def start(self, engine: Engine, trust_remote_code: bool = False) -> Take:
        """What takes samples on `engine`; a method that needs a model beside it loads it here."""
        return self.take

    async def take(self, prompt: Prompt, question: Question, cuts: Sequence[Cut]) -> list[Forced]:
        """The samples of `question` at `cuts`, which come from one trace, in their order."""
        raise NotImplementedError


def capped(cut: Cut, max_model_len: int) -> int | None:
    """The cap of a point: none where it may have the model's whole length."""
    return None if cut.budget == max_model_len else cut.budget
