"""The form all demo problems share: a start, a list of operations, one elementary step an operation.

A family (modular chains, automata, ...) says how to draw an instance, how one operation changes the state, and how
the step is written down. Everything else, solving, slipping, jumping ahead and re-checking, is then the same for all
families (`s1repro.demo.teacher`). The number of operations is the difficulty dial: it sets the trace's length.

    family = MODULAR
    problem = draw(family, n=4, rng=random.Random(0))
    problem.text       # 'Start with 7. Modulo 10 apply a+5,b*3,c-4,d+9. Result?'
    problem.answer()   # '1'
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LABELS = "abcdefghijklmnopqrstuvwxyz"
"""Steps are lettered, so that the next step is found by its letter and not by counting."""

State = Any
"""A family's own state: an int, a string or a tuple. Compared with ==."""
Op = Any
"""A family's own operation."""


@dataclass(frozen=True)
class Family:
    """One kind of problem.

    `begin(rng, n)` draws (start, ops) with n ops; `fill(start, ops)` is what stands in place of each `{}` of a wording;
    `apply(state, op)` is one elementary step; `write(state, op, result)` puts it on paper, the operation first, as it
    stands in the question; `answer(states)` reads the answer off all states passed; `slip(state, rng)` is a plausible
    wrong value in place of `state` (None where a wrong value would change which steps are left). Documents take
    `shortcuts` in some families; `listed` families spell their operations out in the question.
    """

    name: str
    domain: str
    wordings: tuple[str, ...]
    begin: Callable[[random.Random, int], tuple[State, tuple[Op, ...]]]
    fill: Callable[[State, tuple[Op, ...]], tuple[str, ...]]
    apply: Callable[[State, Op], State]
    write: Callable[[State, Op, State], str]
    answer: Callable[[list[State]], str]
    slip: Callable[[State, random.Random], State] | None = None
    max_steps: int = 12
    shortcuts: bool = False
    listed: bool = True


@dataclass(frozen=True)
class Problem:
    """One instance: the text a solver sees, and what its family needs to solve it."""

    family: Family
    text: str
    start: State
    ops: tuple[Op, ...]

    def states(self) -> list[State]:
        """All states from the start on; `len(ops) + 1` of them."""
        states = [self.start]
        for op in self.ops:
            states.append(self.family.apply(states[-1], op))
        return states

    def answer(self) -> str:
        """The reference answer."""
        return self.family.answer(self.states())

    def line(self, index: int, state: State, result: State) -> str:
        """Step `index` as it is written: its letter, the operation, the state, the result: `a+5;7=2`."""
        return LABELS[index] + self.family.write(state, self.ops[index], result)


def chain(
    name: str,
    domain: str,
    wordings: tuple[str, ...],
    begin: Callable[[random.Random, int], tuple[State, tuple[Op, ...]]],
    apply: Callable[[State, Op], State],
    spell: Callable[[Op], str],
    slip: Callable[[State, random.Random], State],
    show: Callable[[State], str] = str,
    shortcuts: bool = False,
) -> Family:
    """The commonest family: a wording gives the start and the list of operations, and the last state is the answer.

    `spell` and `show` write an operation and a state, in the question as in the steps.
    """
    return Family(
        name=name,
        domain=domain,
        wordings=wordings,
        begin=begin,
        fill=lambda start, ops: (show(start), listing([spell(op) for op in ops])),
        apply=apply,
        write=lambda state, op, result: f"{spell(op)};{show(state)}={show(result)}",
        answer=lambda states: show(states[-1]),
        slip=slip,
        shortcuts=shortcuts,
    )


def other_digit(state: int, rng: random.Random) -> int:
    """A slip of a family whose states are digits."""
    return (state + rng.randrange(1, 10)) % 10


def listing(parts: list[str]) -> str:
    """Operations as one lettered list without blanks: one *word* to the n-gram test of the decontamination.

    With at most seven words before and after it, any eight words in a row of a question hold the list, so questions
    of one family do not pass for copies of each other.
    """
    return ",".join(f"{LABELS[i]}{part}" for i, part in enumerate(parts))


def draw(family: Family, n: int, rng: random.Random) -> Problem:
    """Draw an instance of `family` with `n` steps (1 <= n <= family.max_steps)."""
    start, ops = family.begin(rng, n)
    wording = rng.choice(family.wordings)
    return Problem(family, wording.format(*family.fill(start, ops)), start, ops)
