"""A text told in pieces is the text, for tokenizers of all kinds, and no token is decoded often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from s1repro.chat import FORMATS
from s1repro.encoding import plain_ids
from s1repro.engines import ScriptedEngine
from s1repro.engines.stopping import find_stop, text_of
from s1repro.serve.answering import told
from s1repro.serve.chat import read_request
from s1repro.serve.reply import Answer
from s1repro.serve.room import fitted
from s1repro.serve.text import GrowingText
from tests.serve.scripted import MODEL, QUESTION, Says

TEXTS = ["Two and two. ", " é", "…", "\N{WINKING FACE}", "</think>", " </", "thin", "4\n\n", "\ufffd"]


@pytest.fixture(scope="module")
def blanks_tokenizer() -> PreTrainedTokenizerBase:
    """One that writes blanks as sentencepiece's do, and takes one off what begins a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = ["▁", *(f"<0x{byte:02X}>" for byte in range(256)), *"Twoand.</>think4"]
    bpe = Tokenizer(models.BPE({piece: i for i, piece in enumerate(dict.fromkeys(pieces))}, [], byte_fallback=True))
    bpe.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    bpe.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Fuse(), decoders.Metaspace(prepend_scheme="always", split=False)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


def in_pieces(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], ends: Sequence[int], strings: tuple[str, ...] = ()
) -> tuple[list[str], str]:
    """What is told where the ids up to one of `ends` after another are there, and the whole text of those that stay."""
    pieces: list[str] = []

    async def say(piece: str) -> None:
        assert piece
        pieces.append(piece)

    def kept(ids: Sequence[int]) -> Sequence[int]:
        found = find_stop(tokenizer, ids, strings)
        return ids[: found.kept] if found else ids

    async def run() -> str:
        text = GrowingText(tokenizer, max(map(len, strings), default=0), say)
        for end in sorted(ends):
            await text.grow(kept(ids[:end]))
        whole = text_of(tokenizer, kept(ids))
        await text.end(whole)
        return whole

    return pieces, asyncio.run(run())


@pytest.mark.parametrize("kind", ["qwen_tokenizer", "plain_tokenizer", "blanks_tokenizer"])
@pytest.mark.parametrize("strings", [(), ("</think>",), ("…", "4\n")])
def test_pieces_add_up(kind: str, strings: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    tokenizer = request.getfixturevalue(kind)

    @given(texts=st.lists(st.sampled_from(TEXTS), max_size=12), ends=st.lists(st.integers(0, 60), max_size=20))
    def check(texts: list[str], ends: list[int]) -> None:
        pieces, whole = in_pieces(tokenizer, plain_ids(tokenizer, "".join(texts)), ends, strings)
        assert "".join(pieces) == whole

    check()


@given(ids=st.lists(st.integers(0, 255), max_size=40), ends=st.lists(st.integers(0, 40), max_size=20))
def test_bytes_that_are_no_text_add_up(
    qwen_tokenizer: PreTrainedTokenizerBase, ids: list[int], ends: list[int]
) -> None:
    pieces, whole = in_pieces(qwen_tokenizer, ids, ends)
    assert "".join(pieces) == whole


def test_what_is_whole_is_told_at_once(qwen_tokenizer: PreTrainedTokenizerBase) -> None:
    ids = plain_ids(qwen_tokenizer, "12\N{WINKING FACE}3")
    pieces, _ = in_pieces(qwen_tokenizer, ids, range(1, len(ids) + 1))
    assert pieces == ["1", "2", "\N{WINKING FACE}", "3"]


def test_a_stream_decodes_no_token_often(
    qwen_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fmt, tokens = FORMATS["qwen-plain"].bind(qwen_tokenizer), 3000
    engine = ScriptedEngine(qwen_tokenizer, Says(fmt, "1" * tokens, "4"), 2 * tokens)
    asked = fitted(read_request({"model": MODEL, "messages": QUESTION, "thinking_budget": tokens}, MODEL), fmt, engine)
    decoded = []

    async def stream() -> Answer:
        async for piece in told(asked, fmt, engine, MODEL, 64):
            if isinstance(piece, Answer):
                return piece
        raise AssertionError

    decode = qwen_tokenizer.decode
    monkeypatch.setattr(qwen_tokenizer, "decode", lambda ids, **how: decoded.append(len(ids)) or decode(ids, **how))
    assert len(asyncio.run(stream()).forced.thinking_ids) == tokens
    assert sum(decoded) < 6 * tokens
    assert len(engine.requests) < tokens / 64 + 10
