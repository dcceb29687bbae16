"""What the head learns from: the checkpoint's own thinking and answers, forced as they will be when it is measured.

A head is asked to go on wherever the checkpoint is: behind a Wait, behind `Final Answer:`, greedily and sampled. So
each question is taken through the recipe's own method at points drawn from its curve, once greedily and once sampled
(a method that draws several traces sampled alone), and a row is all that the engine was given and said, to the end of
the answer; of several traces it is the longest. No benchmark question is among them.

    plans = plan(config, questions)
    await write_rows(engine, fmt, config, plans, keep)      # keep(row) for each, as it is finished
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from s1repro.chat import BoundFormat
from s1repro.config import Config
from s1repro.crowd import each
from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.progress import Progress
from s1repro.records import Question
from s1repro.scaling.method import Cut
from s1repro.scaling.prompt import Prompt


@dataclass(frozen=True)
class Plan:
    """A row to be: a question, the point of the curve it is taken at, and how it is sampled."""

    question: Question
    cut: Cut
    sampling: Sampling

    @property
    def key(self) -> str:
        """Its name in the journal."""
        greedy = "greedy" if self.sampling.temperature == 0 else "sampled"
        return f"{self.question.id} {self.cut.budget} {self.cut.waits} {greedy}"


@dataclass(frozen=True)
class Row:
    """A whole sequence: the first `prompt_tokens` of `ids` are the question's, the rest thinking and answer."""

    key: str
    prompt_tokens: int
    ids: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"key": self.key, "prompt_tokens": self.prompt_tokens, "ids": list(self.ids)}


def plan(config: Config, questions: Sequence[Question]) -> list[Plan]:
    """Which rows there will be, those of one question together. Raises `ValueError` where there are no questions."""
    if not questions:
        raise ValueError(f"{config.curated}: no questions to draft for; run the curate stage again")
    cuts = [cut for trace in config.method.traces(config.engine.max_model_len) for cut in trace]
    plans = []
    for question in questions[: config.draft.questions]:
        rng = random.Random(f"{config.seed} {question.id}")
        for cut in rng.sample(cuts, min(config.draft.draws, len(cuts))):
            seed = rng.randrange(2**31)
            samplings = [Sampling()] if config.method.greedy else []
            samplings.append(Sampling(config.draft.temperature, config.method.top_p, seed))
            plans += [Plan(question, cut, sampling) for sampling in samplings]
    return plans


class _Listening:
    """`engine`, of which the longest sequence that it was given and said is kept."""

    def __init__(self, engine: Engine) -> None:
        self.tokenizer = engine.tokenizer
        self.max_model_len = engine.max_model_len
        self.longest: tuple[int, ...] = ()
        self._engine = engine

    @property
    def under_way(self) -> int:
        """As the engine inside."""
        return self._engine.under_way

    async def complete(
        self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling
    ) -> Completion:
        """As the engine inside."""
        completion = await self._engine.complete(prompt_ids, max_tokens=max_tokens, stop=stop, sampling=sampling)
        said = (*prompt_ids, *completion.token_ids, *completion.stop_ids)
        self.longest = max(self.longest, said, key=len)
        return completion

    async def close(self) -> None:
        """The engine inside is closed by who started it."""


async def write_rows(
    engine: Engine, fmt: BoundFormat, config: Config, plans: Sequence[Plan], keep: Callable[[Row], None]
) -> None:
    """Take each of `plans` on `engine` and hand its row to `keep`, in the order in which they are finished."""
    ask = config.method.start(engine, config.model.trust_remote_code)  # once: it may load a reward model

    async def take(one: Plan) -> None:
        listening = _Listening(engine)
        ids = tuple(config.method.prompt_ids(fmt, one.question, one.cut))
        await ask(Prompt(listening, ids, fmt, one.sampling), one.question, [one.cut])
        keep(Row(one.key, len(ids), listening.longest))
        progress.step(tokens=len(listening.longest) - len(ids))

    with Progress(len(plans), "draft: rows", early=len(plans) // 10) as progress:
        async with progress.watching(lambda: engine.under_way):
            await each(plans, take, config.engine.max_concurrency)
