"""Plain documents about the world: what the base model reads before anyone teaches it to think.

Four kinds, none of them in a chat or thinking format: look-ups in a question, bare results, worked solutions, and
shortcuts that jump over the last steps and are then checked. The paper holds that the ability to
reason is laid down in pre-training and that 1,000 examples only call it up (section 5.1); these documents are that
pre-training.

    document = draw_document(random.Random(0), max_steps=4)
    document.given, document.told     # the problem, and what follows it (the part that is learnt)
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from s1repro.demo.problem import Problem, draw
from s1repro.demo.worlds import FAMILIES

JUMP = 3
"""Steps that a shortcut leaves out at the end."""

DIRECT_PROMPT = "Problem: {question}\nResult:"
WORKED_PROMPT = "Problem: {question}\nSolution:\n"
LOOK_UP_PROMPT = "Problem: {question}\nLook up:"
SHORTCUT_PROMPT = "Problem: {question}\nShortcut:\n"


@dataclass(frozen=True)
class Document:
    """A document in two parts: what is given, and what is told about it."""

    given: str
    told: str


def worked(problem: Problem, upto: int | None = None) -> str:
    """The first `upto` steps one a line (all by default), then the result."""
    states = problem.states()
    count = len(problem.ops) if upto is None else upto
    lines = [problem.line(i, states[i], states[i + 1]) for i in range(count)]
    return "\n".join([*lines, f"Result: {problem.answer()}"])


def look_ups(problem: Problem, rng: random.Random) -> str:
    """Entries of the question's lists and tables in random order.

    To find an entry by its letter is what every step begins with. Without these documents a small model learns the
    sums long before the finding: after 500 steps of training it was right on 99 % of the results, and on 25 % of the
    operations copied from the question. Mixed in from the start they did not help in 300 steps; read first, they do.
    """
    entries = [part for word in problem.text.rstrip(".?").split() for part in word.split(",") if "," in word]
    entries = [entry.strip(".:;") for entry in entries if entry[:1].isalpha() and len(entry) > 1]
    return " " + ",".join(rng.sample(entries, len(entries)))


def shortcut_length(problem: Problem) -> int:
    """Steps that a hasty solver writes before it jumps to the result."""
    return max(0, len(problem.ops) - JUMP)


def draw_look_up(rng: random.Random, max_steps: int) -> Document:
    """Draw a look-up document about a problem of at most `max_steps` steps."""
    family = rng.choice([family for family in FAMILIES if family.listed])
    problem = draw(family, rng.randint(2, min(max_steps, family.max_steps)), rng)
    return Document(LOOK_UP_PROMPT.format(question=problem.text), look_ups(problem, rng) + "\n")


def draw_document(rng: random.Random, max_steps: int) -> Document:
    """Draw a document of any kind about a problem of at most `max_steps` (2 or more) steps."""
    kind = rng.random()
    if kind < 0.2:
        return draw_look_up(rng, max_steps)
    family = rng.choice(FAMILIES)
    problem = draw(family, rng.randint(1, min(max_steps, family.max_steps)), rng)
    if kind < 0.3:
        return Document(DIRECT_PROMPT.format(question=problem.text), f" {problem.answer()}\n")
    if kind < 0.8:
        return Document(WORKED_PROMPT.format(question=problem.text), worked(problem) + "\n")
    first = worked(problem, shortcut_length(problem) if family.shortcuts else None)
    return Document(SHORTCUT_PROMPT.format(question=problem.text), f"{first}\nCheck.\n{worked(problem)}\n")
