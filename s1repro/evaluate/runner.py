"""Answers the questions: one coroutine a trace, each sample written down the moment it is finished.

The engine batches whatever is in flight, so there are no rounds and nothing waits for the slowest sample. Which
samples there are is `plan`'s business, how one is taken the method's, what is in already `journal`'s.

    await answer_all(prompts, take, groups, write=lambda sample: journal.append(sample.to_json()), concurrency=256)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from s1repro.chat import BoundFormat
from s1repro.config import Config
from s1repro.crowd import each
from s1repro.engines.base import Sampling
from s1repro.engines.metered import MeteredEngine
from s1repro.engines.stopping import text_of
from s1repro.evaluate.plan import Task
from s1repro.grading import grade
from s1repro.progress import Progress
from s1repro.records import Question, Transcript
from s1repro.scaling.answer import Forced
from s1repro.scaling.budget import require_fits
from s1repro.scaling.method import Cut, Method, Take
from s1repro.scaling.prompt import Prompt, marker_tokens


def require_all_fit(config: Config, fmt: BoundFormat, questions: Mapping[str, Sequence[Question]]) -> None:
    """Raise `ValueError`, naming the first question whose prompt, largest budget and answer exceed the engine."""
    method, length = config.method, config.engine.max_model_len
    longest = Cut(method.numbers(length)[-1])
    budget = method.budget(longest, length)
    for benchmark, asked in questions.items():
        for question in asked:
            prompt_ids = method.prompt_ids(fmt, question, longest)
            try:
                require_fits(len(prompt_ids), budget, length, marker_tokens(fmt, budget))
            except ValueError as error:
                raise ValueError(f"{benchmark}, question {question.id}: {error}") from error


@dataclass(frozen=True)
class Prompts:
    """Makes the prompt of a task: what the method has the model read, on one engine in one format."""

    engine: MeteredEngine
    fmt: BoundFormat
    method: Method

    def of(self, task: Task) -> Prompt:
        """The same for all tasks of one trace."""
        ids = self.method.prompt_ids(self.fmt, task.question, task.cut)
        sampling = Sampling(self.method.temperature, self.method.top_p, task.seed)
        return Prompt(self.engine, tuple(ids), self.fmt, sampling)


async def answer_all(
    prompts: Prompts,
    take: Take,
    groups: Sequence[Sequence[Task]],
    write: Callable[[Transcript], None],
    concurrency: int,
    below: Callable[[], Sequence[str]] = list,
) -> None:
    """Take all samples, `concurrency` traces at a time; `write` gets each as it finishes, `below` stands with progress.

    Behind an error no further trace is begun; those in flight come to their end and are written before it is raised. A
    cancellation stops them; what is written stays.
    """

    told = prompts.engine.sampled_tokens

    def keep(samples: Sequence[Transcript]) -> None:
        nonlocal told
        for sample in samples:
            write(sample)
            # Not the samples' own accounts: those of one trace all hold it.
            sampled = prompts.engine.sampled_tokens
            progress.step(tokens=sampled - told)
            told = sampled

    async def answer(group: Sequence[Task]) -> None:
        prompt = prompts.of(group[0])
        taken = await take(prompt, group[0].question, [task.cut for task in group])
        # Beside the event loop: a slow comparison must not stop it.
        grading = asyncio.create_task(asyncio.to_thread(_graded_all, prompt, group, taken))
        try:
            keep(await asyncio.shield(grading))
        except asyncio.CancelledError:
            keep(await grading)  # what was sampled is not lost
            raise

    def growing() -> int:
        return prompts.engine.sampled_tokens - told + prompts.engine.under_way

    total = sum(map(len, groups))
    with Progress(total, "evaluate, samples", below=below, early=total // 10) as progress:
        async with progress.watching(growing):
            await each(groups, answer, concurrency)


def _graded_all(prompt: Prompt, group: Sequence[Task], taken: Sequence[Forced]) -> list[Transcript]:
    return [graded(prompt, task, forced) for task, forced in zip(group, taken, strict=True)]


def graded(prompt: Prompt, task: Task, forced: Forced) -> Transcript:
    """What was taken for `task`, with its texts, its accounts and its grade."""
    question, tokenizer = task.question, prompt.fmt.tokenizer
    answer_text = text_of(tokenizer, forced.answer_ids)
    grading = grade(answer_text, question.reference, question.kind)
    return Transcript(
        key=task.key,
        prompt=text_of(tokenizer, prompt.ids),
        thinking=text_of(tokenizer, forced.thinking_ids),
        answer=answer_text,
        extracted=grading.extracted,
        reference=question.reference,
        correct=grading.correct,
        prompt_tokens=len(prompt.ids),
        thinking_tokens=len(forced.thinking_ids),
        sampled_tokens=forced.sampled_tokens,
        injected_tokens=forced.injected_tokens,
        answer_tokens=len(forced.answer_ids),
        waits_used=forced.waits_used,
        finish=forced.finish,
        cut=len(forced.thinking_ids) if forced.finish in ("budget", "loop") else None,
        answer_cut=forced.answer_cut,
        tries=forced.tries,
        discarded_tokens=forced.discarded_tokens,
        seed=task.seed,
    )
