"""How many tokens the thinking and the answer of a request may have: what it asks for, and what fits in the model.

`max_completion_tokens` bounds thinking and answer together, as with OpenAI and vLLM, and so does its older name
`max_tokens`: what `usage` counts as completion tokens is never more. Thinking may take its `thinking_budget` of them.
Without one it may take all but the answer's reserve (100 tokens, or half of them where that is less). What thinking
does not use the answer may.

    asked = fitted(read_request(body, "m"), fmt, engine)
    budget = left_for_answer(asked, thinking, begun=3)      # once the thinking has ended
"""

from __future__ import annotations

from dataclasses import replace

from s1repro.chat import BoundFormat
from s1repro.engines.base import Engine
from s1repro.scaling import Budget, Prompt
from s1repro.scaling.trace import Thinking
from s1repro.serve.chat import Asked, BadRequest


def fitted(asked: Asked, fmt: BoundFormat, engine: Engine) -> Asked:
    """The request with its thinking in tokens. Raises `BadRequest` where question, thinking and answer do not fit."""
    budget, kept = asked.budget, 0
    if asked.most_tokens is not None:
        begun = len(fmt.piece_ids(budget.final_string))  # where it is forced, a part of the answer
        kept = _kept(asked.most_tokens, budget, begun)
        budget = replace(budget, max_answer_tokens=kept - begun)
    try:
        cap = Prompt(engine, tuple(fmt.prompt_ids(asked.question)), fmt, asked.sampling).thinking_cap(budget)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if asked.most_tokens is not None:
        cap = min(cap, asked.most_tokens - kept)
    return replace(asked, budget=replace(budget, max_thinking_tokens=cap))


def left_for_answer(asked: Asked, thinking: Thinking, begun: int) -> Budget:
    """The budget once the thinking has ended; the first `begun` tokens of the answer are not the model's."""
    if asked.most_tokens is None:
        return asked.budget
    return replace(asked.budget, max_answer_tokens=asked.most_tokens - len(thinking.token_ids) - begun)


def _kept(most: int, budget: Budget, begun: int) -> int:
    """How many of `most` tokens the answer has for itself: at least one behind the `begun` ones."""
    thinking = budget.max_thinking_tokens
    kept = max(min(budget.answer_reserve, most // 2), begun + 1) if thinking is None else most - thinking
    least = (thinking or 1) + begun + 1
    if most < least:
        fits = most - begun - 1
        other = f", or {fits} or less as thinking_budget" if thinking is not None and fits > 0 else ""
        raise BadRequest(
            f"max_completion_tokens (or max_tokens) is {most} and holds thinking and answer together; "
            f"give {least} or more{other}"
        )
    return kept
