"""One request answered: the thinking is forced to its budget, then the answer; whole, or told while it is said.

asked = fitted(asked, fmt, engine)
answer = await answered(asked, fmt, engine, "my-model")
async for field, text in told(asked, fmt, engine, "my-model", slice_tokens=64): ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from s1repro.chat import BoundFormat
from s1repro.engines.base import Completion, Engine
from s1repro.engines.stopping import text_of
from s1repro.scaling import Prompt
from s1repro.scaling.answer import answer_room, ask, final_ids, forced, opened
from s1repro.scaling.trace import grow
from s1repro.serve.chat import Asked
from s1repro.serve.reply import Answer
from s1repro.serve.room import left_for_answer
from s1repro.serve.streamed import StreamedEngine
from s1repro.serve.text import GrowingText


async def answered(asked: Asked, fmt: BoundFormat, engine: Engine, model: str) -> Answer:
    """Think and answer. `fitted` comes before."""
    return await _answer(asked, fmt, engine, engine, model)


async def told(
    asked: Asked, fmt: BoundFormat, engine: Engine, model: str, slice_tokens: int
) -> AsyncGenerator[tuple[str, str] | Answer, None]:
    """The same in pieces, ("reasoning_content" or "content", text), and the whole at the end."""
    pieces: asyncio.Queue[tuple[str, str] | Answer | Exception] = asyncio.Queue()
    base = len(fmt.prompt_ids(asked.question))
    held = max((len(string) for string in (*fmt.stop_strings, *asked.stop)), default=0)
    reasoning = GrowingText(fmt.tokenizer, held, lambda text: pieces.put(("reasoning_content", text)))
    content = GrowingText(fmt.tokenizer, held, lambda text: pieces.put(("content", text)))

    async def thought(prompt_ids: Sequence[int], ids: Sequence[int]) -> None:
        await reasoning.grow([*prompt_ids[base:], *ids])  # with the Waits, which stand in the next round's prompt

    async def answered_so_far(prompt_ids: Sequence[int], ids: Sequence[int]) -> None:
        await content.grow(ids)

    thinker = StreamedEngine(engine, thought, slice_tokens)
    answerer = StreamedEngine(engine, answered_so_far, slice_tokens)

    async def work() -> None:
        try:
            await pieces.put(await _answer(asked, fmt, thinker, answerer, model, reasoning, content))
        except Exception as error:  # told to whoever listens, not to the event loop
            await pieces.put(error)

    working = asyncio.create_task(work())
    try:
        while True:
            piece = await pieces.get()
            if isinstance(piece, Exception):
                raise piece
            yield piece
            if isinstance(piece, Answer):
                return
    finally:
        working.cancel()  # a client that is gone is not answered any more


async def _answer(
    asked: Asked,
    fmt: BoundFormat,
    thinker: Engine,
    answerer: Engine,
    model: str,
    reasoning: GrowingText | None = None,
    content: GrowingText | None = None,
) -> Answer:
    ids = tuple(fmt.prompt_ids(asked.question))
    prompt = Prompt(thinker, ids, fmt, asked.sampling)
    cap = prompt.thinking_cap(asked.budget)
    (thinking,) = [one async for _, one in grow(prompt, [asked.budget], [cap])]
    text = text_of(fmt.tokenizer, thinking.token_ids)
    begun = final_ids(prompt, thinking, asked.budget)
    if reasoning and content:
        await reasoning.end(text)
        content.prefix = begun
    budget = left_for_answer(asked, thinking, len(begun))
    answering = Prompt(answerer, ids, _ending_at(fmt, asked.stop), asked.sampling)
    end = opened(prompt, thinking, budget)
    completion = await ask(answering, end, answer_room(prompt, end, budget))
    said = _text(fmt, begun, completion, asked.stop)
    if content:
        await content.end(said)
    return Answer(model, text, said, len(ids), forced(prompt, thinking, budget, completion))


def _ending_at(fmt: BoundFormat, stop: tuple[str, ...]) -> BoundFormat:
    """The format for an answer that ends before one of `stop` too."""
    return replace(fmt, stop_strings=(*fmt.stop_strings, *stop)) if stop else fmt


def _text(fmt: BoundFormat, begun: tuple[int, ...], answer: Completion, stop: tuple[str, ...]) -> str:
    """What is answered, up to the string of `stop` that ended it: to the letter, and not to the token's edge."""
    if answer.stop_string is None or answer.stop_string not in stop:
        return text_of(fmt.tokenizer, (*begun, *answer.token_ids))
    text = text_of(fmt.tokenizer, (*begun, *answer.token_ids, *answer.stop_ids))
    return text[: text.index(answer.stop_string, len(text_of(fmt.tokenizer, begun)))]
