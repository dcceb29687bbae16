"""The test-time methods by name: what the model is told, what its budget is, and who takes the sample (Table 3).

text, budget = request(config.method, question, budget=512, waits=1)
taken = await take(engine, tasks, fmt, config.method, reward=None)      # one `Forced` a task
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1repro.chat import ThinkingFormat
from s1repro.config import MethodConfig
from s1repro.control import instruct
from s1repro.engines.base import Engine, Sampling
from s1repro.evaluate.plan import Task
from s1repro.grading import grade
from s1repro.records import Question
from s1repro.scaling import Budget, Forced, best_of_n, force, rebase, reject, sweep

if TYPE_CHECKING:
    from s1repro.engines.reward import RewardModel


def request(method: MethodConfig, question: Question, budget: int, waits: int) -> tuple[str, Budget]:
    """What the model reads, and the budget that is enforced: none where the model is only told of one."""
    text = question.text
    if method.name.startswith("tcc"):
        text = instruct(text, "token", budget)
    elif method.name.startswith("scc"):
        text = instruct(text, "step", budget // method.tokens_per_step)
    elif method.name == "ccc":
        text = instruct(text, "class", "short" if budget == min(method.budgets) else "long")
    told_only = method.name in ("tcc", "scc", "ccc")
    return text, Budget(
        max_thinking_tokens=None if told_only else budget,
        waits=waits,
        wait_string=tuple(method.wait_strings),
        final_string=method.final_string,
        answer_tokens=method.answer_tokens,
        loop_repeats=method.loop_repeats,
    )


async def take(
    engine: Engine, tasks: Sequence[Task], fmt: ThinkingFormat, method: MethodConfig, reward: RewardModel | None
) -> list[tuple[list[int], Forced]]:
    """(prompt ids, sample) for each of `tasks`, which are one group of `by_trace`."""
    question, sampling = tasks[0].question, Sampling(method.temperature, seed=tasks[0].seed)
    requests = [request(method, question, task.key.budget, task.key.waits) for task in tasks]
    prompts = [fmt.prompt_ids(engine.tokenizer, text) for text, _ in requests]
    if method.name == "force":
        swept = await sweep(engine, prompts[0], [budget for _, budget in requests], fmt, sampling)
        return list(zip(prompts, swept, strict=True))
    assert len(tasks) == 1
    prompt_ids, budget = prompts[0], requests[0][1]
    if method.name == "rejection":
        return [(prompt_ids, await reject(engine, prompt_ids, budget, fmt, sampling, method.tries))]
    if method.name == "best-of-n":
        assert reward is not None
        return [(prompt_ids, await best_of_n(engine, reward, prompt_ids, budget, fmt, sampling, method.candidates))]
    if method.name == "rebase":
        assert reward is not None
        chosen = await rebase(
            engine,
            reward,
            prompt_ids,
            budget,
            fmt,
            sampling,
            trajectories=method.candidates,
            step_tokens=method.step_tokens,
            temperature=method.balance_temperature,
            extract=lambda answer: grade(answer, question.reference, question.kind).extracted,
        )
        return [(prompt_ids, chosen)]
    return [(prompt_ids, await force(engine, prompt_ids, budget, fmt, sampling))]
