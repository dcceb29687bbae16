"""A made evaluation of realistic shape: traces that are cut, Waits that change answers, mathematics, long texts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from s1repro.records import Sample
from tests.toy import make_sample

STEPS = (
    "Let me read the question again and write down what is known.",
    "If $x^2 - 5x + 6 = 0$ then $(x-2)(x-3) = 0$, so $x = 2$ or $x = 3$.",
    "The sum is $$\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$$ which I can use here.",
    "Modulo 10 only the last digit matters, so 7 times 8 leaves 6.",
    "That does not look right, the sign of the second term is wrong.",
    "So the area is \\(\\frac{1}{2} \\cdot 3 \\cdot 4 = 6\\) and the perimeter is 12.",
)
BUDGETS = (64, 128, 256, 512, 1024, 2048)
BEFORE, AFTER = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"


def made_run(
    questions: int,
    budgets: Sequence[int] = BUDGETS,
    waits: Sequence[int] = (1, 2),
    benchmark: str = "toy",
    skill: float = 1.0,
    seed: int = 0,
) -> list[Sample]:
    """The samples of a run: `questions` times the budgets, and the Waits at the largest of them."""
    random_ = random.Random(seed)
    return [
        sample
        for number in range(questions)
        for sample in _question(f"{benchmark}-{number}", random_, budgets, waits, benchmark, skill)
    ]


def _question(
    name: str, random_: random.Random, budgets: Sequence[int], waits: Sequence[int], benchmark: str, skill: float
) -> list[Sample]:
    reference = str(random_.randrange(1, 100))
    asked = f"Problem {name}: a triangle has sides $a$, $b$ and $c$ with $a^2 + b^2 = c^2$. How large is $a + b$?"
    steps = [random_.choice(STEPS) for _ in range(random_.randrange(6, 60))]
    words = "\n\n".join(steps).split(" ")
    needs = 64 * 2 ** random_.uniform(0, 6) / skill
    rounds = [" ".join(words)]
    for _ in waits:
        rounds.append(f"{rounds[-1]}Wait, {random_.choice(STEPS)} {random_.choice(STEPS)}")
    common = {"prompt": f"{BEFORE}{asked}{AFTER}", "reference": reference, "benchmark": benchmark}
    made = []
    for budget, wait in [*((budget, 0) for budget in budgets), *((budgets[-1], wait) for wait in waits)]:
        spoken = rounds[wait].split(" ")
        cut = len(spoken) * 2 > budget
        kept = " ".join(spoken[: budget // 2]) if cut else rounds[wait]
        used = kept.count("Wait, ")
        correct = budget > needs * random_.uniform(0.6, 1.5) or (wait > 0 and random_.random() < 0.2)
        said = reference if correct and not (wait > 1 and random_.random() < 0.1) else str(random_.randrange(100, 120))
        answer = f"{'Final Answer: ' if cut else ''}It is $a + b = {said}$."
        tokens = min(budget, 2 * len(kept.split(" ")))
        made.append(_sample(name, budget, wait, common, kept, answer, said, tokens, used, cut))
    return made


def _sample(
    name: str, budget: int, wait: int, common: dict[str, str], kept: str, answer: str, said: str, tokens: int,
    used: int, cut: bool,
) -> Sample:  # fmt: skip
    sample = make_sample(
        name,
        budget,
        wait,
        prompt=common["prompt"],
        thinking=kept,
        answer=answer,
        extracted=said,
        reference=common["reference"],
        correct=said == common["reference"],
        prompt_tokens=42,
        thinking_tokens=tokens,
        sampled_tokens=tokens - used,
        injected_tokens=used,
        answer_tokens=14,
        waits_used=used,
        finish="budget" if cut else "natural",
        cut=tokens if cut else None,
    )
    return replace(sample, key=replace(sample.key, benchmark=common["benchmark"]))
