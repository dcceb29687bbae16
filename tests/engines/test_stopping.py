"""Stop strings in token ids, against a search over all prefixes of the bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from s1repro.engines.stopping import Stopped, find_stop

BYTES = {letter: byte for byte, letter in bytes_to_unicode().items()}
STRINGS = ["</think>", "aa", "…!", "\N{WINKING FACE}", "é", "ab…", "b"]
PIECES = [*STRINGS, ".</think>\n\n", " </", "think", ">", "a", "…", "!", "Yes.", "\n", "Wait"]


def bytes_of(tokenizer: PreTrainedTokenizerBase, token: int) -> bytes:
    """What a token stands for; nothing where the tokenizer does not have it."""
    return bytes(BYTES[letter] for letter in tokenizer.convert_ids_to_tokens(token) or "")


def plain_search(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], strings: Sequence[str]) -> Stopped | None:
    """The first token that completes a string, and the one that holds the first byte of it; byte by byte."""
    data = b""
    owners: list[int] = []  # the token of each byte
    for place, token in enumerate(ids):
        piece = bytes_of(tokenizer, token)
        data += piece
        owners += [place] * len(piece)
        found = [(data.find(string.encode()), order) for order, string in enumerate(strings)]
        if hits := [hit for hit in found if hit[0] >= 0]:
            begin, order = min(hits)
            return Stopped(owners[begin], place + 1, strings[order])
    return None


def test_a_stop_string_is_found_where_a_plain_search_finds_it(plain_tokenizer: PreTrainedTokenizerBase) -> None:
    """Tokens from texts, single bytes of characters, and ids that no token has, in any order."""
    seen: Counter[str] = Counter()
    spelt = st.sampled_from(PIECES).map(lambda text: plain_tokenizer.encode(text, add_special_tokens=False))
    pieces_of_characters = plain_tokenizer.encode("é…\N{WINKING FACE}", add_special_tokens=False)
    odd = st.sampled_from([*pieces_of_characters, len(plain_tokenizer), len(plain_tokenizer) + 9]).map(lambda i: [i])
    ids_of_texts = st.lists(spelt | spelt | odd, min_size=2, max_size=16).map(
        lambda parts: [i for part in parts for i in part]
    )

    @given(ids=ids_of_texts, strings=st.lists(st.sampled_from(STRINGS), min_size=1, max_size=3, unique=True))
    @settings(max_examples=1500, deadline=None, derandomize=True)
    def check(ids: list[int], strings: list[str]) -> None:
        stopped = find_stop(plain_tokenizer, ids, strings)
        assert stopped == plain_search(plain_tokenizer, ids, strings)
        seen[stopped.string if stopped else "none"] += 1

    check()
    assert set(seen) == {*STRINGS, "none"} and min(seen.values()) >= 10, seen


@pytest.mark.parametrize(
    "text", ["</think>", "So 42.</think>\n\nAnswer", "2</think>", "\N{WINKING FACE}</think>", "<</think>"]
)
def test_the_completion_is_cut_before_the_token_in_which_the_delimiter_begins(
    plain_tokenizer: PreTrainedTokenizerBase, text: str
) -> None:
    ids = plain_tokenizer.encode(text, add_special_tokens=False)
    stopped = find_stop(plain_tokenizer, ids, ("</think>",))
    assert stopped is not None
    before, spelling = (
        plain_tokenizer.decode(ids[: stopped.kept]),
        plain_tokenizer.decode(ids[stopped.kept : stopped.end]),
    )
    assert text.startswith(before + spelling)
    assert "</think>" in spelling
    assert "</think>" not in plain_tokenizer.decode(ids[stopped.kept + 1 : stopped.end])
    assert "</think>" not in plain_tokenizer.decode(ids[: stopped.end - 1])


def test_a_character_that_is_cut_over_tokens_stays_whole(plain_tokenizer: PreTrainedTokenizerBase) -> None:
    face = plain_tokenizer.encode("\N{WINKING FACE}", add_special_tokens=False)
    assert len(face) == 4
    end = plain_tokenizer.encode("</think>", add_special_tokens=False)
    for kept in range(5):
        ids = [*face[:kept], *end]
        assert find_stop(plain_tokenizer, ids, ("</think>",)) == Stopped(kept, len(ids), "</think>")
    assert find_stop(plain_tokenizer, [*face[:3]], ("\N{WINKING FACE}",)) is None
    assert find_stop(plain_tokenizer, [40, *face, 40], ("\N{WINKING FACE}",)) == Stopped(1, 5, "\N{WINKING FACE}")


def test_of_two_strings_the_one_that_begins_first_is_met(plain_tokenizer: PreTrainedTokenizerBase) -> None:
    ids = [plain_tokenizer.convert_tokens_to_ids(letter) for letter in "xabc"]
    assert find_stop(plain_tokenizer, ids, ("bc", "abc")) == Stopped(1, 4, "abc")
    assert find_stop(plain_tokenizer, ids, ("abc", "ab")) == Stopped(1, 3, "ab")
    assert find_stop(plain_tokenizer, ids, ()) is None
    assert find_stop(plain_tokenizer, [], ("abc",)) is None


@pytest.fixture
def byte_fallback_tokenizer() -> PreTrainedTokenizerBase:
    """One that writes a character whose bytes are not all there as one mark a byte, as sentencepiece's do."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    pieces = ["</", "think", ">", "a", *(f"<0x{byte:02X}>" for byte in range(256))]
    bpe = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, [], byte_fallback=True))
    bpe.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


@pytest.mark.parametrize("character", ["\N{WINKING FACE}", "…", "é"])
def test_half_a_character_may_read_as_several(byte_fallback_tokenizer: PreTrainedTokenizerBase, character: str) -> None:
    spelt = [4 + byte for byte in character.encode()]
    assert len(byte_fallback_tokenizer.decode(spelt[:-1])) == len(spelt) - 1
    ids = [3, *spelt, 0, 1, 2]
    assert find_stop(byte_fallback_tokenizer, ids, ("</think>",)) == Stopped(1 + len(spelt), len(ids), "</think>")
    assert find_stop(byte_fallback_tokenizer, ids, (character,)) == Stopped(1, 1 + len(spelt), character)
