"""Answers the questions: one coroutine a trace, each sample written down the moment it is finished.

The engine batches whatever is in flight, so there are no rounds and nothing waits for the slowest sample. Which
samples there are is `plan`'s business, how one is taken `methods`', what is in already `journal`'s.

    await answer_all(engine, tasks, fmt, config, write=lambda sample: journal.append(sample.to_json()))
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from transformers import PreTrainedTokenizerBase

from s1repro.chat import ThinkingFormat, plain_ids
from s1repro.config import Config
from s1repro.engines.base import Engine
from s1repro.evaluate.methods import request, take
from s1repro.evaluate.plan import Task, by_trace
from s1repro.grading import grade
from s1repro.progress import Progress
from s1repro.records import Question, Sample
from s1repro.scaling import Forced, require_fits

if TYPE_CHECKING:
    from s1repro.engines.reward import RewardModel


def require_all_fit(
    config: Config,
    tokenizer: PreTrainedTokenizerBase,
    thinking_format: ThinkingFormat,
    questions: Mapping[str, Sequence[Question]],
) -> None:
    """Raise `ValueError`, naming the first question whose prompt, largest budget and answer exceed the engine."""
    for benchmark, asked in questions.items():
        for question in asked:
            text, budget = request(config.method, question, max(config.method.budgets), 0)
            markers = [
                *thinking_format.end_of_thinking_ids(tokenizer),
                *plain_ids(tokenizer, budget.final_string),
            ]
            prompt_ids = thinking_format.prompt_ids(tokenizer, text)
            try:
                require_fits(len(prompt_ids), budget, config.engine.max_model_len, len(markers))
            except ValueError as error:
                raise ValueError(f"{benchmark}, question {question.id}: {error}") from error


async def answer_all(
    engine: Engine,
    tasks: Sequence[Task],
    thinking_format: ThinkingFormat,
    config: Config,
    write: Callable[[Sample], None],
    reward: RewardModel | None = None,
) -> None:
    """Take all samples, `config.engine.max_concurrency` traces at a time; `write` gets each as it finishes.

    The first error stops everything that is in flight and is raised. So does a cancellation; what is written stays.
    """
    groups = by_trace(tasks)
    queue = iter(groups)
    progress = Progress(total=len(tasks), label="evaluate, samples")

    async def work() -> None:
        for group in queue:  # all workers draw from one iterator
            taken = await take(engine, group, thinking_format, config.method, reward)
            for task, (prompt_ids, forced) in zip(group, taken, strict=True):
                sample = graded(engine.tokenizer, task, prompt_ids, forced)
                write(sample)
                progress.step(tokens=sample.sampled_tokens + sample.answer_tokens)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(config.engine.max_concurrency, len(groups))):
                workers.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        progress.close()


def graded(tokenizer: PreTrainedTokenizerBase, task: Task, prompt_ids: Sequence[int], forced: Forced) -> Sample:
    """What was taken for `task`, with its texts, its accounts and its grade."""
    question = task.question

    def text(ids: Sequence[int]) -> str:
        decoded = tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        assert isinstance(decoded, str)
        return decoded

    answer_text = text(forced.answer_ids)
    grading = grade(answer_text, question.reference, question.kind)
    return Sample(
        key=task.key,
        prompt=text(prompt_ids),
        thinking=text(forced.thinking_ids),
        answer=answer_text,
        extracted=grading.extracted,
        reference=question.reference,
        correct=grading.correct,
        prompt_tokens=len(prompt_ids),
        thinking_tokens=len(forced.thinking_ids),
        sampled_tokens=forced.sampled_tokens,
        injected_tokens=forced.injected_tokens,
        answer_tokens=len(forced.answer_ids),
        waits_used=forced.waits_used,
        finish=forced.finish,
        cut=len(forced.thinking_ids) if forced.finish in ("budget", "loop") else None,
        tries=forced.tries,
        discarded_tokens=forced.discarded_tokens,
        seed=task.seed,
    )
