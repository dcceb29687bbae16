"""The demo's teacher: writes the thinking traces of the pool, imperfectly, as the paper's teacher does.

It works one step a line. In some families it is hasty: it leaves out the last steps and guesses the result. Anywhere it
may slip, and the slip carries on. Sometimes, more often after long work, it looks again: a re-check begins with `Wait`,
takes every step one by one, and repairs what went wrong. The paper's teacher is right on 53.6 % of s1K (appendix C);
what this one reaches is measured when the pool is made, and written into its manifest.

    thought = think(problem, random.Random(0))
    thought.trace       # 'a+5;7=2\nb*3;2=6\nResult: 6'
    thought.attempt     # 'Final Answer: 6'
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from s1repro.demo.documents import CHECK, shortcut_length, worked
from s1repro.demo.problem import Problem, State

SLIP_SHARE = 0.15
"""Share of traces with a wrong step, of those with a step that can go wrong."""
HASTY = ("nim", "weekday")
"""Families in which the teacher leaves out the last steps and guesses."""
GUESS_WRONG_SHARE = 0.6
"""Share of a hasty family's guesses that are off."""
SECOND_CHECK_SHARE = 0.15
"""Share of the re-checked traces that are checked once more."""


@dataclass(frozen=True)
class Thought:
    """A trace, the attempt that follows it, and how often it was checked."""

    trace: str
    attempt: str
    checks: int


def check_share(steps: int, most: int) -> float:
    """How often a trace of `steps` steps is re-checked, in a family of at most `most`: 25 % of the longest, no others.

    Selection prefers long traces (Algorithm 1), and a re-check makes a trace long. Were short work re-checked too, the
    set would hold short problems only with a re-check, and the tuned model would never be caught without one.
    """
    return 0.25 if steps > 0.8 * most else 0.0


def think(problem: Problem, rng: random.Random) -> Thought:
    """Write one trace about `problem`."""
    result, lines = _first_pass(problem, rng)
    checks = 0
    if rng.random() < check_share(len(problem.ops), problem.family.max_steps):
        checks = 2 if rng.random() < SECOND_CHECK_SHARE else 1
        result = problem.answer()
    trace = "\n".join(lines) + f"\n{CHECK}{worked(problem)}" * checks
    return Thought(trace, f"Final Answer: {result}", checks)


def _first_pass(problem: Problem, rng: random.Random) -> tuple[str, list[str]]:
    """(result, lines): one step a line, with a slip that carries on or a guess at the end."""
    family, states = problem.family, problem.states()
    written = shortcut_length(problem) if family.name in HASTY else len(problem.ops)
    wrong_at = rng.randrange(1, written + 1) if family.slip and written and rng.random() < SLIP_SHARE else None
    if wrong_at is not None:
        states = _slip(problem, states, wrong_at, rng)
    lines = [problem.line(i, states[i], states[i + 1]) for i in range(written)]
    if family.name in HASTY and family.slip and rng.random() < GUESS_WRONG_SHARE:
        states = [*states[:-1], family.slip(states[-1], rng)]
    result = family.answer(states)
    return result, [*lines, f"Result: {result}"]


def _slip(problem: Problem, states: list[State], at: int, rng: random.Random) -> list[State]:
    """The states with a wrong one at index `at`, carried on to the end."""
    family = problem.family
    assert family.slip is not None
    carried = [*states[:at], family.slip(states[at], rng)]
    for op in problem.ops[at:]:
        carried.append(family.apply(carried[-1], op))
    return carried
