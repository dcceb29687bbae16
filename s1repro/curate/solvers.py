"""The difficulty filter's solvers: which models try the questions, how they are asked, and when an answer is right.

The paper asks Qwen2.5-7B-Instruct and Qwen2.5-32B-Instruct at temperature 0.05 (section 2.2) and has a language model
judge their answers; here `s1repro.grading` compares. A solver that cannot be asked, for its model or for a question's
length, is found out before any is. Who is asked when is `s1repro.curate.difficulty`'s business.

    solvers = line_up(config)                       # of selection.solvers
    solvers[0].ask("What is 2 plus 2?")
    solved(row, solvers[0], "It is \\boxed{4}.")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from s1repro.artifacts import fingerprint
from s1repro.config import Config
from s1repro.curate.verdict import matches
from s1repro.pretrained import load_tokenizer, model_mark, require_model
from s1repro.records import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MARK = "Result:"
"""Stands before the answer in a worked completion."""
MARKS = (MARK, "Answer:")
"""A prompt that ends in one of these asks for the answer at once."""


@dataclass(frozen=True)
class Solver:
    """Solver `number` (1, 2, ...): `model`, asked `prompt` with `{question}` in it, with `max_tokens` to answer in.

    `mark` stands for the weights, and whatever else of the engine shapes an answer. With `chat` the prompt is put as a
    user's turn, in the model's own chat template.
    """

    number: int
    model: str
    mark: str
    prompt: str
    max_tokens: int
    chat: bool = False
    temperature: float = 0.0
    trust_remote_code: bool = False
    revision: str = ""

    @property
    def where(self) -> str:
        """Its entry in the config, for messages."""
        return f"selection.solvers[{self.number - 1}]"

    def ask(self, question: str) -> str:
        """The prompt's text for a question."""
        return self.prompt.replace("{question}", question)

    def key(self, question: str) -> str:
        """Under which the answer to a question is kept: the same as long as nothing that shapes it changes."""
        return fingerprint([self.mark, self.ask(question), self.max_tokens, self.chat, self.temperature])

    def prompt_ids(self, question: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
        """The prompt's ids. Raises `ValueError` where `chat` is asked of a tokenizer without a template."""
        text = self.ask(question)
        if not self.chat:
            ids: list[int] = tokenizer(text)["input_ids"]
            return ids
        if not tokenizer.chat_template:
            raise ValueError(f"{self.where}.chat is true, but {self.model} has no chat template: set it to false")
        turn = [{"role": "user", "content": text}]
        templated = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
        return cast("list[int]", templated)


def line_up(config: Config) -> list[Solver]:
    """The solvers of `selection.solvers`, in order.

    Raises `ValueError` for none, and for a folder without a model.
    """
    engine, base = config.engine, config.model.base
    if not config.selection.solvers:
        raise ValueError(f"selection.solvers is empty, but {config.selection.preset} drops what a solver answers right")
    solvers = []
    for number, entry in enumerate(config.selection.solvers, start=1):
        model = entry.model or base
        revision = config.model.revision if model == base else ""
        weights = model_mark(model, f"selection.solvers[{number - 1}].model" if entry.model else "model.base", revision)
        solvers.append(
            Solver(
                number,
                model,
                fingerprint([weights, engine.name, engine.precision, engine.max_model_len]),
                entry.prompt,
                entry.max_tokens,
                entry.chat,
                entry.temperature,
                config.model.trust_remote_code and model == base,
                revision,
            )
        )
    return solvers


def require_able(solver: Solver, rows: Sequence[Row], max_model_len: int) -> None:
    """Raise `ValueError` where the solver could not be asked some of `rows`; without rows it need not be there.

    That is more tokens to answer in than the engine's `max_model_len`, a model that is not to be had or made for fewer,
    one without the chat template it is to be asked in, or a question that leaves no room for an answer.
    """
    if not rows:
        return
    if solver.max_tokens > max_model_len:
        raise ValueError(
            f"{solver.where}.max_tokens is {solver.max_tokens}, but engine.max_model_len is {max_model_len}: lower the "
            f"one or raise the other"
        )
    try:
        require_model(solver.model, max_model_len, solver.trust_remote_code, solver.revision)
    except ValueError as error:
        raise ValueError(f"{solver.where}: {error}") from error
    tokenizer = load_tokenizer(solver.model, f"{solver.where}.model", solver.trust_remote_code, solver.revision)
    lengths = ((row, len(solver.prompt_ids(row.question, tokenizer))) for row in rows)
    too_long = [(row, length) for row, length in lengths if length >= max_model_len]
    if too_long:
        row, length = too_long[0]
        raise ValueError(
            f"row {row.id} (line {row.line} of the pool): its question takes {length} tokens of solver "
            f"{solver.number}'s engine.max_model_len={max_model_len}, which leaves none for an answer; raise it, or "
            f"take {_count(too_long)} out of the pool"
        )


def _count(rows: Sequence[object]) -> str:
    return "the row" if len(rows) == 1 else f"all {len(rows)} such rows"


def solved(row: Row, solver: Solver, completion: str) -> bool:
    """Whether a solver's completion is right.

    Under a prompt that ends in "Answer:" or "Result:" the completion's first line is the answer, else the line behind
    the completion's last "Result:". A completion without either is graded as a whole, like a teacher's attempt.
    """
    if solver.prompt.rstrip().endswith(MARKS):
        answer = completion
    elif MARK in completion:
        answer = completion.rpartition(MARK)[2]
    else:
        return matches(row, completion)
    line = next(iter(answer.strip().splitlines()), "").strip()
    return line != "" and matches(row, f"Answer: {line}")
