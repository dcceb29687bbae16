"""Plain documents about the world: what the base model reads before anyone teaches it to think.

Some kinds, none of them in a chat or thinking format: look-ups in a question, answers at once, worked solutions, and
shortcuts, which in some families jump over the last steps, and are then checked once or twice. The paper holds that
the ability to reason is laid down in pre-training and that 1,000 examples only call it up (section 5.1); these
documents are that pre-training.

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
SECOND_CHECK_SHARE = 0.25
"""Share of the shortcuts that are checked twice."""
CHECK = "Wait, check.\n"

DIRECT_PROMPT = "Problem: {question}\nFinal Answer:"
WORKED_PROMPT = "Problem: {question}\nSolution:\n"
SHORTCUT_PROMPT = "Problem: {question}\nShortcut:\n"
LOOK_UP_PROMPT = "Problem: {question}\nLook up:"

ODD_SHARE = 0.5
"""Share of the documents that put something else around the question."""
WORDS = ("user", "assistant", "system", "think", "answer", "Note", "Page", "Exercise")
ODDMENTS = (*"#@~|%&$", *("\n",) * 7, *(f"{word}\n" for word in WORDS))
"""What they put there. A base that has met its questions in one setting alone is lost in any other, a chat's too: shown
the right steps so far it then wrote none of ten 6-step solutions without an error, where before it wrote all."""
MOST_ODDMENTS = 8
AT_ONCE_SHARE = 0.7
"""Share of bare questions, those with nothing behind them that asks for a kind of document, that are answered at once:
so the base does not think at length unless it is asked to, and fine-tuning has something to teach."""


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
    return Document(_given(LOOK_UP_PROMPT, problem, rng), look_ups(problem, rng) + "\n")


def draw_document(rng: random.Random, max_steps: int) -> Document:
    """Draw a document of any kind about a problem of at most `max_steps` (2 or more) steps."""
    kind = rng.random()
    if kind < 0.15:
        return draw_look_up(rng, max_steps)
    family = rng.choice(FAMILIES)
    problem = draw(family, rng.randint(1, min(max_steps, family.max_steps)), rng)
    final = f"Final Answer: {problem.answer()}\n"
    if kind < 0.22:
        return Document(_given(DIRECT_PROMPT, problem, rng), f" {problem.answer()}\n")
    if kind < 0.34:
        at_once = rng.random() < AT_ONCE_SHARE
        return Document(_among_oddments(problem, rng), final if at_once else f"{worked(problem)}\n{final}")
    if kind < 0.78:
        return Document(_given(WORKED_PROMPT, problem, rng), f"{worked(problem)}\n{final}")
    first = worked(problem, shortcut_length(problem) if family.shortcuts else None)
    checks = 2 if rng.random() < SECOND_CHECK_SHARE else 1
    told = first + f"\n{CHECK}{worked(problem)}" * checks + f"\n{final}"
    return Document(_given(SHORTCUT_PROMPT, problem, rng), told)


def _given(prompt: str, problem: Problem, rng: random.Random) -> str:
    """The question in its usual setting, or among oddments; what asks for a kind of document stays behind it."""
    if rng.random() >= ODD_SHARE:
        return prompt.format(question=problem.text)
    return _among_oddments(problem, rng) + prompt.partition("{question}\n")[2]


def _among_oddments(problem: Problem, rng: random.Random) -> str:
    """The question with oddments before and after it."""
    before, after = ("".join(rng.choices(ODDMENTS, k=rng.randint(0, MOST_ODDMENTS))) for _ in range(2))
    return f"{before}{problem.text}\n{after}\n"
