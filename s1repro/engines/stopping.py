"""Where a stop string begins and ends in token ids.

A delimiter that is many tokens can be spelt in many ways: `</think>` as `</`, `think`, `>` or with a line break in the
last token. So it is looked for in the text, and the ids are cut at a token's edge: the completion ends with the first
token that completes the string, and what is kept ends in front of the token in which the string begins. Single stop
tokens need none of this.

    stopped = find_stop(tokenizer, ids, ("</think>",))
    stopped.kept, stopped.end, stopped.string       # ids[:kept] is the completion, ids[kept:end] spell the stop
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

UNFINISHED = "\ufffd"
"""How a character reads whose bytes are not all there."""


@dataclass(frozen=True)
class Stopped:
    """A stop string in token ids: `ids[:kept]` comes before it, `ids[kept:end]` are the tokens that spell it."""

    kept: int
    end: int
    string: str


def find_stop(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], strings: Sequence[str]) -> Stopped | None:
    """The first of `strings` that the text of `ids` completes; None where it holds none of them."""
    text = text_of(tokenizer, ids)
    if not any(string in text for string in strings):
        return None
    end = _first(len(ids), lambda count: any(string in text_of(tokenizer, ids[:count]) for string in strings))
    text = text_of(tokenizer, ids[:end])
    string = min((string for string in strings if string in text), key=text.index)
    begin = text.index(string)
    # The longest prefix whose text ends at or before the string's first character.
    kept = _first(end, lambda count: _length(tokenizer, ids[:count]) > begin) - 1
    while string not in text_of(tokenizer, ids[kept:end]):  # that character is itself spread over tokens
        kept -= 1
    return Stopped(kept, end, string)


def place_before(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], characters: int) -> int:
    """A place in `ids`, close to the end, behind which they have at least so many characters; 0 where they have fewer.

    A string of that length which is completed by later ids begins behind it.
    """
    tokens = characters
    while tokens < len(ids) and len(text_of(tokenizer, ids[len(ids) - tokens :]).strip(UNFINISHED)) < characters:
        tokens *= 2  # some have no text
    return max(0, len(ids) - tokens)


def _first(most: int, holds: Callable[[int], bool]) -> int:
    """The least count, 1 to `most`, from which on `holds` is true; by bisection."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _length(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> int:
    """Characters of the text, without a last one whose bytes are not all there yet."""
    return len(text_of(tokenizer, ids).rstrip(UNFINISHED))


def text_of(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """What `ids` say, special tokens included."""
    text = tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return text
