"""Answers the questions: one coroutine a sample, each written down the moment it is finished.

The engine batches whatever is in flight, so there are no rounds and nothing waits for the slowest sample. Which
samples there are is `plan`'s business, what is in already `journal`'s.

    await answer_all(engine, tasks, fmt, config, write=lambda sample: journal.append(sample.to_json()))
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from s1repro.chat import ThinkingFormat, plain_ids
from s1repro.config import Config, MethodConfig
from s1repro.engines.base import Engine, Sampling
from s1repro.evaluate.plan import Task
from s1repro.grading import grade
from s1repro.progress import Progress
from s1repro.records import Question, Sample
from s1repro.scaling import Budget, force, require_fits


@dataclass
class Telemetry:
    """What an evaluation cost, for `telemetry.jsonl`: everything that may differ from run to run."""

    samples: int = 0
    sampled_tokens: int = 0
    answer_tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, sample: Sample, cached_tokens: int) -> None:
        """Count one finished sample."""
        self.samples += 1
        self.sampled_tokens += sample.sampled_tokens
        self.answer_tokens += sample.answer_tokens
        self.prompt_tokens += sample.prompt_tokens
        self.cached_tokens += cached_tokens

    def to_json(self) -> dict[str, float]:
        """Counts, seconds, and generated tokens a second."""
        seconds = time.monotonic() - self.started
        counts = {name: value for name, value in vars(self).items() if name != "started"}
        rate = (self.sampled_tokens + self.answer_tokens) / max(seconds, 1e-9)
        return {**counts, "seconds": round(seconds, 3), "tokens_per_second": round(rate, 1)}


def budget_of(method: MethodConfig, budget: int, waits: int) -> Budget:
    """The method's budget at one point of the curve."""
    return Budget(
        max_thinking_tokens=budget,
        waits=waits,
        wait_string=method.wait_string,
        final_string=method.final_string,
        answer_tokens=method.answer_tokens,
    )


def require_all_fit(
    config: Config,
    tokenizer: PreTrainedTokenizerBase,
    thinking_format: ThinkingFormat,
    questions: Mapping[str, Sequence[Question]],
) -> None:
    """Raise `ValueError`, naming the first question whose prompt, largest budget and answer exceed the engine."""
    budget = budget_of(config.method, max(config.method.budgets), 0)
    markers = [*thinking_format.end_of_thinking_ids(tokenizer), *plain_ids(tokenizer, budget.final_string)]
    for benchmark, asked in questions.items():
        for question in asked:
            prompt_ids = thinking_format.prompt_ids(tokenizer, question.text)
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
    telemetry: Telemetry,
) -> None:
    """Take all samples, `config.engine.max_concurrency` at a time; `write` gets each as it finishes.

    The first error stops everything that is in flight and is raised. So does a cancellation; what is written stays.
    """
    queue = iter(tasks)
    progress = Progress(total=len(tasks), label="evaluate, samples")

    async def work() -> None:
        for task in queue:  # all workers draw from one iterator
            sample, cached_tokens = await answer(engine, task, thinking_format, config.method)
            write(sample)
            telemetry.add(sample, cached_tokens)
            progress.step(tokens=sample.sampled_tokens + sample.answer_tokens)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(config.engine.max_concurrency, len(tasks))):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        progress.close()


async def answer(
    engine: Engine, task: Task, thinking_format: ThinkingFormat, method: MethodConfig
) -> tuple[Sample, int]:
    """One graded sample, and how many of its prompt tokens came from the engine's cache."""
    tokenizer, key, question = engine.tokenizer, task.key, task.question
    prompt_ids = thinking_format.prompt_ids(tokenizer, question.text)
    budget = budget_of(method, key.budget, key.waits)
    forced = await force(engine, prompt_ids, budget, thinking_format, Sampling(method.temperature, seed=task.seed))
    assert len(forced.thinking_ids) <= key.budget, f"{key}: {len(forced.thinking_ids)} thinking tokens"

    def text(ids: Sequence[int]) -> str:
        decoded = tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        assert isinstance(decoded, str)
        return decoded

    answer_text = text(forced.answer_ids)
    graded = grade(answer_text, question.reference, question.kind)
    sample = Sample(
        key=key,
        prompt=text(prompt_ids),
        thinking=text(forced.thinking_ids),
        answer=answer_text,
        extracted=graded.extracted,
        reference=question.reference,
        correct=graded.correct,
        prompt_tokens=len(prompt_ids),
        thinking_tokens=len(forced.thinking_ids),
        sampled_tokens=forced.sampled_tokens,
        injected_tokens=forced.injected_tokens,
        answer_tokens=len(forced.answer_ids),
        waits_used=forced.waits_used,
        finish=forced.finish,
        seed=task.seed,
    )
    return sample, forced.cached_tokens
