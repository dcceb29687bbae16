"""The contract of `Engine.complete`, on every engine that starts at once: what one of them keeps, all must."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from s1repro.engines import Completion, Engine, Sampling, ScriptedEngine, Stop, load_engine
from s1repro.engines.transformers import Transformers

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Complete = Callable[..., Completion]
PROMPT = (40, 41, 42)
ENDLESS = Stop()
PADDING = 57
"""Ids of the tiny model that its tokenizer does not have."""


def scripted(tokenizer: PreTrainedTokenizerBase) -> Engine:
    """Continues any prompt for ever, and a continued one as it went on before."""
    size = len(tokenizer) + PADDING

    def chain(ids: Sequence[int]) -> Iterator[int]:
        last, place = ids[-1], len(ids)
        while True:
            last, place = (31 * last + 7 * place) % size, place + 1
            yield last

    return ScriptedEngine(tokenizer, chain, max_model_len=256, vocab_size=size)


@pytest.fixture(scope="module", params=["scripted", "transformers"])
def engine(
    request: pytest.FixtureRequest, qwen_tokenizer: PreTrainedTokenizerBase, tiny_qwen: Path, run: Run
) -> Iterator[Engine]:
    if request.param == "scripted":
        engine = scripted(qwen_tokenizer)
    else:
        engine = load_engine(Transformers(max_model_len=256, max_concurrency=8), str(tiny_qwen))
    yield engine
    run(engine.close())


@pytest.fixture(scope="module")
def complete(engine: Engine, run: Run) -> Complete:
    def one(prompt: Sequence[int] = PROMPT, max_tokens: int = 60, stop: Stop = ENDLESS) -> Completion:
        completion = run(engine.complete(prompt, max_tokens=max_tokens, stop=stop, sampling=Sampling()))
        assert isinstance(completion, Completion)
        return completion

    return one


@pytest.fixture(scope="module")
def whole(complete: Complete) -> tuple[int, ...]:
    """What follows `PROMPT`."""
    return complete().token_ids


def test_max_tokens_is_exact_and_a_shorter_completion_is_a_prefix(complete: Complete, whole: tuple[int, ...]) -> None:
    assert len(whole) == 60
    for max_tokens in (1, 11, 60):
        assert complete(max_tokens=max_tokens) == Completion(whole[:max_tokens], "length")
    assert complete((*PROMPT, *whole[:20]), max_tokens=40).token_ids == whole[20:]


def test_a_stop_token_is_cut_off_and_reported(complete: Complete, whole: tuple[int, ...]) -> None:
    never = next(token for token in range(100) if token not in whole)
    for place in (0, 8, 59):
        first = whole.index(whole[place])
        stopped = Completion(whole[:first], "stop", stop_token=whole[place], stop_ids=(whole[place],))
        assert complete(stop=Stop((never, whole[place]))) == stopped
        assert complete(max_tokens=first + 1, stop=Stop((whole[place],))) == stopped
        if first:
            assert complete(max_tokens=first, stop=Stop((whole[place],))).finish_reason == "length"


def across(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """A string that two tokens spell together, in the midst of `ids`."""
    texts = [tokenizer.decode([token]) for token in ids[5:]]
    for one, two in itertools.pairwise(texts):
        if one.isascii() and two.isascii() and one and two and (one[-1:] + two[:1]).isprintable():
            return one[-1:] + two[:1]
    raise AssertionError("no string crosses a token's edge: the test shows nothing")


def test_a_stop_string_is_cut_in_front_of_its_first_token(
    engine: Engine, complete: Complete, whole: tuple[int, ...]
) -> None:
    string = across(engine.tokenizer, whole)
    end = next(count for count in range(1, 61) if string in engine.tokenizer.decode(whole[:count]))
    stopped = complete(stop=Stop((), ("never to be seen", string)))
    kept = len(stopped.token_ids)
    assert stopped == Completion(whole[:kept], "stop", stop_string=string, stop_ids=whole[kept:end])
    assert string not in engine.tokenizer.decode(whole[:kept])
    assert string not in engine.tokenizer.decode(whole[kept + 1 : end])
    assert complete(max_tokens=end, stop=Stop((), (string,))) == stopped  # on the last token allowed
    assert complete(max_tokens=end - 1, stop=Stop((), (string,))) == Completion(whole[: end - 1], "length")


def test_the_stop_that_comes_first_counts(engine: Engine, complete: Complete, whole: tuple[int, ...]) -> None:
    string = across(engine.tokenizer, whole)
    end = next(count for count in range(1, 61) if string in engine.tokenizer.decode(whole[:count]))
    later = next(token for token in whole[end:] if token not in whole[:end])
    assert complete(stop=Stop((later,), (string,))).stop_string == string
    early = complete(stop=Stop((whole[1],), (string,)))
    assert (early.stop_token, early.stop_string) == (whole[1], None)


def test_ids_above_the_tokenizer_s_are_accepted_up_to_the_model_s(engine: Engine, complete: Complete) -> None:
    tokens = len(engine.tokenizer)
    assert len(complete((5, tokens + PADDING - 1), max_tokens=3).token_ids) == 3
    with pytest.raises(ValueError, match="outside the model's vocabulary"):
        complete((5, tokens + PADDING))


def test_a_request_that_does_not_fit_is_refused(complete: Complete) -> None:
    assert len(complete([5] * 250, max_tokens=6).token_ids) == 6
    with pytest.raises(ValueError, match="do not fit in max_model_len 256"):
        complete([5] * 250, max_tokens=7)


def test_a_request_gets_in_a_crowd_what_it_gets_alone(engine: Engine, complete: Complete, run: Run) -> None:
    whole = complete().token_ids
    requests = [(PROMPT, count, Stop()) for count in (1, 5, 17)]
    requests += [(PROMPT, 40, Stop((token,))) for token in whole[3:30:5]]
    requests += [((9,) * length, 30, Stop()) for length in (1, 2, 50, 100)]

    async def crowd() -> list[Completion]:
        asked = (
            engine.complete(prompt, max_tokens=count, stop=stop, sampling=Sampling())
            for prompt, count, stop in requests
        )
        return await asyncio.gather(*asked)

    assert run(crowd()) == [complete(*request) for request in requests]
