"""An lm-eval model: forcing with any of our engines in lm-eval's own command line, on any generate-until task.

lm-eval does not look for models of other packages, so this module registers one, `s1repro`, and hands over to lm-eval.
Task lists, limits, caches, logged samples and results are lm-eval's; a point of the curve is the model's arguments
(`s1repro.evaluate.arguments`). Prompts, methods, engines and seeds are those of the stage `evaluate`, so the same
questions get the same answers. What a task makes of description, examples and question is the text of one user's turn,
which the checkpoint's thinking format opens and closes: --apply_chat_template adds nothing to it, and whatever would be
a second turn is refused. An answer is what is said behind the thinking.

Not covered: rankings by likelihood; leaving out questions for which no try of rejection sampling fitted (lm-eval takes
an empty answer for wrong); votes of `rebase` by mathematical equality; seeds like the stage's, where answers are
sampled and a question's id is not in the column `id`.

    python -m s1repro.evaluate.harness --model s1repro --tasks demo --include_path evals \\
        --model_args recipe=demo,checkpoint=data/demo/base,budget=512,waits=1 --log_samples --output_path runs/lm-eval
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from s1repro.chat import FORMATS
from s1repro.cli import one_line
from s1repro.config import Config
from s1repro.engines import load_engine
from s1repro.engines.metered import MeteredEngine
from s1repro.evaluate.arguments import ending, the_point, to_config
from s1repro.evaluate.plan import Task, sample_seed
from s1repro.evaluate.runner import Prompts, answer_all, require_all_fit
from s1repro.harness import Asked, run_command_line
from s1repro.pretrained import load_tokenizer, require_model
from s1repro.records import Question, SampleKey, Transcript
from s1repro.trained import require_format

NAME = "s1repro"
"""What it is called behind --model."""


class ForcedModel:
    """The model of `--model_args`; the engine starts with the first question, and only if all of them fit."""

    def __init__(
        self, batch_size: object = None, max_batch_size: object = None, device: object = None, **arguments: Any
    ) -> None:
        if str(batch_size) not in ("None", "1", "auto") or max_batch_size is not None:
            raise ValueError(
                "--batch_size: the engine makes its batches; engine.max_concurrency=N says how many at once"
            )
        if device not in (None, "cuda:0"):  # what lm-eval says where its user says nothing
            raise ValueError(f"--device {device}: the engine takes the device that it finds; leave it out")
        self.config = to_config(arguments)
        trusted, fmt = self.config.model.trust_remote_code, FORMATS[self.config.model.format]
        revision = self.config.checkpoint_revision
        require_model(self.config.checkpoint, self.config.engine.max_model_len, trusted, revision)
        if not self.config.model.other_format:
            require_format(self.config.checkpoint, fmt, revision)
        self._fmt = fmt.bind(load_tokenizer(self.config.checkpoint, "checkpoint", trusted, revision))
        self.name = self.config.checkpoint
        self.template = f"{fmt.before_question}{{question}}{fmt.after_question}"
        self._samples: list[Transcript] = []

    def turn(self, history: Sequence[Mapping[str, str]], open_turn: bool) -> str:
        """The text of the one turn that a conversation may have. Raises `ValueError` for more."""
        roles = [message["role"] for message in history]
        if roles != ["user"] or not open_turn:
            raise ValueError(
                f"--apply_chat_template makes a conversation of {', '.join(roles)}, and the thinking format has one "
                "user's turn: leave it out, and description, system instruction and examples stand in that turn"
            )
        return history[0]["content"]

    def answers(self, asked: Sequence[Asked], keep: Callable[[int, str], None]) -> list[str]:
        """An answer for each request, `keep` gets each as it comes. Raises `ValueError` before the engine starts."""
        endings = [ending(one.generation, one.task, self.config) for one in asked]
        tasks = _tasks(asked, self.config)
        questions: dict[str, list[Question]] = {}
        for task in tasks:
            questions.setdefault(task.key.benchmark, []).append(task.question)
        require_all_fit(self.config, self._fmt, questions)
        place = {task.key: index for index, task in enumerate(tasks)}
        texts = [""] * len(asked)

        def write(sample: Transcript) -> None:
            index = place[sample.key]
            texts[index] = _cut(sample.answer, endings[index][0])
            self._samples.append(sample)
            keep(index, texts[index])

        by_cap: dict[int | None, list[Task]] = {}
        for task, (_, cap) in zip(tasks, endings, strict=True):
            by_cap.setdefault(cap, []).append(task)
        asyncio.run(self._ask(by_cap, write))
        return texts

    def facts(self) -> dict[str, Any]:
        """The point that was measured, and the mean accounts of its samples."""
        cut = the_point(self.config)
        told: dict[str, Any] = {"method": self.config.method.name, "budget": cut.budget, "waits": cut.waits}
        if self._samples:
            for name in ("thinking_tokens", "sampled_tokens", "injected_tokens", "answer_tokens"):
                told[f"mean_{name}"] = fmean(getattr(sample, name) for sample in self._samples)
            told["thinking_ended"] = dict(Counter(sample.finish for sample in self._samples))
        return told

    async def _ask(self, by_cap: Mapping[int | None, Sequence[Task]], write: Callable[[Transcript], None]) -> None:
        """Run the engine on all tasks, those that share the longest answer together."""
        config = self.config
        trusted, revision = config.model.trust_remote_code, config.checkpoint_revision
        engine = MeteredEngine(load_engine(config.engine, config.checkpoint, trusted, revision))
        try:
            for cap, tasks in by_cap.items():
                method = replace(config.method, max_answer_tokens=cap)
                take = method.start(engine, trusted)
                prompts = Prompts(engine, self._fmt, method)
                await answer_all(prompts, take, [[task] for task in tasks], write, config.engine.max_concurrency)
        finally:
            await engine.close()


def _tasks(asked: Sequence[Asked], config: Config) -> list[Task]:
    """The requests as samples of the stage, with its seeds; repeats of a question are its samples in turn.

    The reference stays with lm-eval, whose metric grades.
    """
    cut, seen = the_point(config), Counter[tuple[str, str]]()
    tasks = []
    for one in asked:
        own = one.doc.get("id")
        name = f"{one.task}-{one.number}" if own is None else str(own)
        key = SampleKey(one.task, config.method.name, *cut, name, seen[one.task, name])
        seen[one.task, name] += 1
        tasks.append(Task(key, Question(name, one.text, "", "exact", ""), sample_seed(config.seed, key)))
    return tasks


def _cut(answer: str, until: Sequence[str]) -> str:
    """The answer up to the first of the strings."""
    return answer[: min((at for text in until if (at := answer.find(text)) >= 0), default=len(answer))]


def main() -> None:
    """lm-eval's command line on `sys.argv`; a mistake of the user's ends in one line."""
    with one_line(debug=os.environ.get("HYDRA_FULL_ERROR") == "1"):
        run_command_line(NAME, ForcedModel)


if __name__ == "__main__":
    main()
