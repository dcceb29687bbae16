"""A completion in slices is the completion, and each slice is told without what its stop cuts off."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.encoding import plain_ids
from s1repro.engines import Completion, Sampling, ScriptedEngine, Stop
from s1repro.serve.streamed import StreamedEngine

PROMPT = [5, 6]


def both(
    tokenizer: PreTrainedTokenizerBase, script: list[int], max_tokens: int, stop: Stop, slice_tokens: int
) -> tuple[Completion, Completion, list[tuple[int, ...]]]:
    """The whole completion, the one in slices, and what was told of it."""

    def go_on(ids: tuple[int, ...]) -> Iterator[int]:
        yield from script[len(ids) - len(PROMPT) :]
        while True:
            yield 7

    told: list[tuple[int, ...]] = []

    async def heard(prompt_ids: Sequence[int], ids: Sequence[int]) -> None:
        assert list(prompt_ids) == PROMPT
        told.append(tuple(ids))

    async def run() -> tuple[Completion, Completion]:
        engine = ScriptedEngine(tokenizer, go_on, 200, vocab_size=len(tokenizer) + 10)
        streamed = StreamedEngine(engine, heard, slice_tokens)
        asked = {"max_tokens": max_tokens, "stop": stop, "sampling": Sampling()}
        return await engine.complete(PROMPT, **asked), await streamed.complete(PROMPT, **asked)

    whole, sliced = asyncio.run(run())
    return whole, sliced, told


@given(
    script=st.lists(st.integers(30, 40), max_size=20),
    max_tokens=st.integers(1, 25),
    stop=st.builds(Stop, st.sets(st.integers(30, 42), max_size=2).map(tuple), min_tokens=st.integers(0, 3)),
    slice_tokens=st.integers(1, 9),
)
def test_slices_add_up(
    qwen_tokenizer: PreTrainedTokenizerBase, script: list[int], max_tokens: int, stop: Stop, slice_tokens: int
) -> None:
    whole, sliced, told = both(qwen_tokenizer, script, max_tokens, stop, slice_tokens)
    assert sliced == whole
    assert told[-1] == whole.token_ids
    assert all(later[: len(sooner)] == sooner for sooner, later in itertools.pairwise(told))


@given(
    pieces=st.lists(st.sampled_from(["a", "b", "ab", "é", "…", "</think>", "think", ">"]), max_size=12),
    strings=st.sets(st.sampled_from(["ab", "</think>", "é…", "…a"]), min_size=1).map(tuple),
    max_tokens=st.integers(1, 60),
    slice_tokens=st.integers(1, 9),
)
def test_slices_add_up_with_stop_strings(
    qwen_tokenizer: PreTrainedTokenizerBase,
    pieces: list[str],
    strings: tuple[str, ...],
    max_tokens: int,
    slice_tokens: int,
) -> None:
    nothing = len(qwen_tokenizer) + 5  # an id without text
    script = [i for piece in pieces for i in (*plain_ids(qwen_tokenizer, piece), nothing)]
    whole, sliced, _ = both(qwen_tokenizer, script, max_tokens, Stop((), strings), slice_tokens)
    assert sliced == whole


def test_slices_grow(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    _, _, told = both(qwen_tokenizer, [], 150, Stop(), 32)
    assert [len(ids) for ids in told] == [4, 12, 28, 60, 92, 124, 150]


def test_a_stop_string_across_slices_is_found(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    script = qwen_tokenizer("so</think>and on", add_special_tokens=False)["input_ids"]
    for slice_tokens in range(1, len(script) + 1):
        whole, sliced, _ = both(qwen_tokenizer, script, len(script), Stop((), ("</think>",)), slice_tokens)
        assert sliced == whole and whole.stop_string == "</think>"
