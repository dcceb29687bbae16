"""Budget forcing by the book: one budget, token by token, nothing kept between two tokens. Slow on purpose.

`reference` is what `force` and `sweep` are held to, and `random_model` is a model that does all that models do wrong:
it ends its thinking too early or never, ends its turn, spells delimiters, says ids that no token has, goes in circles.

    model = random_model(Habits(seed=1, stop_share=0.1), Vocabulary.of(tokenizer, fmt))
    engine = ScriptedEngine(tokenizer, lambda ids: continuation(model, ids), 200)
    assert await force(engine, prompt, budget, fmt, Sampling()) == reference(model, tokenizer, prompt, budget, fmt, 200)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from s1repro.chat import BoundFormat
from s1repro.encoding import plain_ids
from s1repro.records import Finish
from s1repro.scaling import Budget, Forced
from s1repro.scaling.loops import LONGEST_BLOCK, SHORTEST_LOOP

Model = Callable[[tuple[int, ...]], int]
"""The next token after all the tokens before it."""

STRETCH = 56
"""Tokens for which a random model goes in circles."""
PADDING = 7
"""Ids that a model's vocabulary has above its tokenizer's."""


def reference(
    model: Model,
    tokenizer: PreTrainedTokenizerBase,
    prompt: Sequence[int],
    budget: Budget,
    fmt: BoundFormat,
    max_model_len: int,
    watched: int,
) -> Forced:
    """What a model thinks and answers within `budget`; where it is watched for loops, every `watched` tokens."""
    ends = _Ends.of(tokenizer, fmt)
    waits = [plain_ids(tokenizer, text) for text in budget.wait_strings] or [[]]
    final = plain_ids(tokenizer, budget.final_string)
    markers = len(fmt.cut_ids) + len(final)
    reserve = min(budget.answer_reserve, budget.max_answer_tokens or budget.answer_reserve)
    cap = budget.max_thinking_tokens or max_model_len - len(prompt) - markers - reserve
    thinking: list[int] = []
    said: list[int] = []  # since the last Wait
    injected = waits_used = discarded = 0
    closed = False
    finish: Finish | None = None
    while finish is None:
        if len(thinking) == cap:
            finish = "budget"
            break
        # Behind a Wait, the model may not end at once.
        held_back = {*ends.closing, *ends.turn_ends} if waits_used and not said else set()
        token = likeliest(model, (*prompt, *thinking), held_back)
        thinking.append(token)
        said.append(token)
        ended = ends.met(said)
        looping = ended is None and budget.loop_repeats > 0 and _ends_in_a_loop(said, budget.loop_repeats)
        if budget.loop_repeats and (ended or looping):
            discarded += _said_behind(model, (*prompt, *thinking), len(said), watched, cap - len(thinking), ends)
        if ended is None:
            finish = "loop" if looping else None
            continue
        how, length = ended
        del thinking[-length:]
        wait = waits[waits_used % len(waits)]
        if waits_used < budget.waits and len(thinking) + len(wait) < cap:
            thinking.extend(wait)
            said.clear()
            injected += len(wait)
            waits_used += 1
        else:
            closed = how == "natural"
            finish = "budget" if waits_used < budget.waits else how
    answer = [] if finish == "natural" else final
    head = (*prompt, *thinking, *(fmt.closed_ids if closed else fmt.cut_ids), *answer)
    written: list[int] = []
    room = max_model_len - len(head)
    ended = None
    while ended is None and len(written) < min(room, budget.max_answer_tokens or room):
        written.append(model((*head, *written)))
        if ended := ends.met(written):
            del written[-ended[1] :]
    return Forced(
        tuple(thinking),
        len(thinking) - injected,
        injected,
        (*answer, *written),
        waits_used,
        finish,
        discarded_tokens=discarded,
        final_tokens=len(answer),
        answer_cut=ended is None,
    )


def likeliest(model: Model, ids: tuple[int, ...], held_back: Collection[int]) -> int:
    """The next token of `model` that is none of `held_back`."""
    return next(token for token in continuation(model, ids) if token not in held_back)


def _said_behind(model: Model, ids: tuple[int, ...], said: int, watched: int, room: int, ends: _Ends) -> int:
    """How much is sampled after `ids` by a request that does not know that thinking has just ended.

    It is the one that sampled the last of the `said` tokens of the round, ends with the next look or where there is no
    room left, and stops for what it has said itself.
    """
    own = list(ids[len(ids) - ((said - 1) % watched + 1) :])
    behind = 0
    while len(own) < watched and behind < room and ends.met(own) is None:
        own.append(model((*ids, *own[len(own) - behind :])))
        behind += 1
    return behind


@dataclass(frozen=True)
class _Ends:
    """What ends thinking or an answer."""

    tokenizer: PreTrainedTokenizerBase
    closing: tuple[int, ...]
    turn_ends: tuple[int, ...]
    strings: tuple[str, ...]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, fmt: BoundFormat) -> _Ends:
        return cls(tokenizer, fmt.stop_ids, fmt.turn_end_ids, fmt.stop_strings)

    def met(self, said: Sequence[int]) -> tuple[Finish, int] | None:
        """What the last token ends, and how many of the last tokens say so; None where it ends nothing."""
        if said[-1] in self.closing:
            return "natural", 1
        if said[-1] in self.turn_ends:
            return "turn_end", 1
        for string in self.strings:
            if string in self.tokenizer.decode(said):
                return "natural", next(n for n in range(1, len(said) + 1) if string in self.tokenizer.decode(said[-n:]))
        return None


def _ends_in_a_loop(said: Sequence[int], repeats: int) -> bool:
    for block in range(1, LONGEST_BLOCK + 1):
        tail = said[-max(block * repeats, SHORTEST_LOOP) :]
        if len(tail) == max(block * repeats, SHORTEST_LOOP) and tail[block:] == tail[:-block]:
            return True
    return False


@dataclass(frozen=True)
class Vocabulary:
    """What a random model can say: words, the tokens that end something, and ways to spell the delimiter."""

    words: tuple[int, ...]
    stops: tuple[int, ...]
    spellings: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, fmt: BoundFormat) -> Vocabulary:
        """Few words, so that they come again: letters, bytes of a character in pieces, and ids that no token has."""
        padding = range(len(tokenizer), len(tokenizer) + PADDING)
        spelt = [fmt.text.delimiter, f".{fmt.text.delimiter}\n\n", f" {fmt.text.delimiter}"]
        spellings = [tuple(plain_ids(tokenizer, text)) for text in spelt]
        letters = [plain_ids(tokenizer, letter) for letter in fmt.text.delimiter]
        spellings.append(tuple(token for letter in letters for token in (*letter, padding[0])))
        return cls(
            words=(*range(30, 50), *plain_ids(tokenizer, "\N{WINKING FACE}"), *padding),
            stops=(*fmt.stop_ids, *fmt.turn_end_ids),
            spellings=tuple(spellings),
        )


@dataclass(frozen=True)
class Habits:
    """How a random model talks.

    It goes in circles by turns: for `STRETCH` tokens `repeat_share` of what it says is what it said `block` tokens
    ago, for the next `STRETCH` it talks. `stop_share` of the rest ends something or begins to spell the delimiter.
    """

    seed: int
    stop_share: float
    repeat_share: float = 0.0
    block: int = 1


def random_model(habits: Habits, vocabulary: Vocabulary) -> Model:
    """A greedy "model": the next token is a fixed random function of all tokens before it."""
    known: dict[tuple[int, ...], int] = {}

    def next_token(ids: tuple[int, ...]) -> int:
        if ids not in known:
            known[ids] = _say(random.Random(hash((habits.seed, ids))), ids, habits, vocabulary)
        return known[ids]

    return next_token


def _say(rng: random.Random, ids: tuple[int, ...], habits: Habits, vocabulary: Vocabulary) -> int:
    for spelling in vocabulary.spellings:
        for begun in range(len(spelling) - 1, 0, -1):
            if ids[-begun:] == spelling[:begun] and rng.random() < 0.9:
                return spelling[begun]
    circling = (len(ids) + habits.seed) // STRETCH % 2
    if circling and rng.random() < habits.repeat_share and ids[-habits.block] not in vocabulary.stops:
        return ids[-habits.block]
    if rng.random() < habits.stop_share:
        return rng.choice((*vocabulary.stops, *(spelling[0] for spelling in vocabulary.spellings)))
    return rng.choice(vocabulary.words)


def continuation(model: Model, ids: tuple[int, ...]) -> Iterator[int]:
    """What a model says after `ids`, without end."""
    while True:
        token = model(ids)
        yield token
        ids = (*ids, token)
