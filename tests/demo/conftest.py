"""What the demo's tests share: a second solver that reads a question's text alone, the world, a tokenizer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from s1repro.demo.pool import JsonRow

LETTERS = "abcdefghijkl"
MONDAY = date(2024, 1, 1)
WORDS = {
    "modular": "Modulo 10 apply|last digit",
    "nim": "Nim|nim sum",
    "weekday": "name the day|say which day",
    "recurrence": "recurrence",
    "euclid": "divisor",
    "change": "till",
    "permutation": "swaps send|along the swaps",
    "automaton": "Automaton|from state",
    "stack": "stack",
    "walk": "walk",
}
"""What a question of each family says and no other's does."""


class Reader:
    """Works a problem step by step from the words of its question, with no code of the demo."""

    def family(self, question: str) -> str:
        """The family that a question is of, by its words."""
        found = [name for name, words in WORDS.items() if re.search(words, question)]
        assert len(found) == 1, (found, question)
        return found[0]

    def listed(self, question: str) -> list[str]:
        """The parts of the lettered list."""
        found = re.findall(r"(?<=[\s,])([a-l])([^a-z,\s]+)", question)
        assert [letter for letter, _ in found] == list(LETTERS[: len(found)])
        return [part.rstrip(".") for _, part in found]

    def first(self, pattern: str, question: str) -> str:
        """What the pattern's group matches first."""
        found = re.search(pattern, question)
        assert found, (pattern, question)
        return found[1]

    def next_step(self, family: str, question: str, written: list[str]) -> tuple[str, str] | None:
        """What is written before and as the result of the step after those written, right or wrong; None at the end."""
        method = getattr(self, f"_{family}")
        if family in ("recurrence", "euclid", "change"):
            step: tuple[str, str] | None = method(question, written)
            return step
        parts = self.listed(question)
        if len(written) == len(parts):
            return None
        before, result = method(question, written, parts[len(written)])
        return before, result

    def answer(self, family: str, question: str, written: list[str]) -> str:
        """The answer that the results written so far lead to, once there is no further step."""
        written = list(written)
        while step := self.next_step(family, question, written):
            written.append(step[1])
        if family == "change":
            return str(len(written))
        return written[-1]

    def _modular(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        digit = (written or [self.first(r"(?:with|From) (\d)", question)])[-1]
        return f"{part};{digit}=", str(eval(digit + part) % 10)

    def _nim(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        heap = (written or [self.first(r"(?:heap|of) (\d)", question)])[-1]
        return f"{part};{heap}=", str(eval(heap + part))

    def _weekday(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        name = (written or [self.first(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)", question)])[-1]
        today = next(day for i in range(7) if f"{(day := MONDAY + timedelta(i)):%a}" == name)
        return f"{part};{name}=", f"{today + timedelta(int(part)):%a}"

    def _recurrence(self, question: str, written: list[str]) -> tuple[str, str] | None:
        term, factor, *start = re.findall(r"(\w)\((\d);(\d),(\d)\)", question)[0]
        terms = [*start, *written]
        value = int(factor) * int(terms[-1]) + int(terms[-2])
        return None if len(written) > LETTERS.index(term) else (f";{factor},{terms[-1]},{terms[-2]}=", str(value % 10))

    def _euclid(self, question: str, written: list[str]) -> tuple[str, str] | None:
        pair = [int(x) for x in re.findall(r"\d+", question)]
        for result in written:
            pair = [min(pair), int(result)]
        large, small = max(pair), min(pair)
        return None if large == small else (f";{large},{small}=", str(large - small))

    def _change(self, question: str, written: list[str]) -> tuple[str, str] | None:
        amount, *coins = (int(x) for x in re.findall(r"\d+", question))
        left = int(written[-1]) if written else amount
        if left == 0:
            return None
        coin = max(c for c in coins if c <= left)
        return f";{left},{coin}=", str(left - coin)

    def _permutation(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        place = (written or [self.first(r"(?:send|element) (\d)\b", question)])[-1]
        low, row = int(part.removeprefix("S")), list("123456789")
        row[low - 1 : low + 1] = row[low], row[low - 1]
        return f"{part};{place}=", row["123456789".index(place)]

    def _automaton(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        place = (written or [self.first(r"(?:in|state) ([A-C])\b", question)])[-1] + part
        return f"{part};{place}", dict(re.findall(r"([A-C][01])([A-C])", question))[place]

    def _stack(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        stack = (written or [self.first(r"(?:holds|stack) (\d)", question)])[-1]
        if part[0] == "<":
            return f"{part};{stack}=", stack + part[1]
        return f"{part};{stack}=", f"{stack[:-2]}{eval(f'{stack[-2]}{part}{stack[-1]}') % 10}"

    def _walk(self, question: str, written: list[str], part: str) -> tuple[str, str]:
        square = (written or [self.first(r"(?:from|square) (\d)\b", question)])[-1]
        ahead = {"E": "0123456789", "W": "9876543210"}[part[0]] * 2
        return f"{part};{square}=", ahead[ahead.index(square) + int(part[1:])]


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The second solver."""
    return Reader()


@pytest.fixture(scope="session")
def demo_tokenizers() -> dict[str, PreTrainedTokenizerFast]:
    """The demo's tokenizer for both architectures, trained as the base model's is, on fewer documents."""
    from s1repro.demo.documents import draw_document
    from s1repro.demo.tokens import SPECIAL_TOKENS, make_tokenizer

    rng = Random(0)
    documents = [draw_document(rng, 12) for _ in range(2500)]
    texts = [document.given + document.told for document in documents]
    return {name: make_tokenizer(texts, name) for name in SPECIAL_TOKENS}


@pytest.fixture(scope="session")
def demo_tokenizer(demo_tokenizers: dict[str, PreTrainedTokenizerFast]) -> PreTrainedTokenizerFast:
    """The Qwen2 one."""
    return demo_tokenizers["qwen2"]


@pytest.fixture
def tiny_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base model small enough for a test."""
    from s1repro.demo import base

    layer = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_key_value_heads": 2}
    monkeypatch.setattr(base, "SHAPE", {**base.SHAPE, **layer, "num_hidden_layers": 1})


@pytest.fixture(scope="session")
def demo_world() -> tuple[list[JsonRow], list[JsonRow], dict[str, Any]]:
    """(pool, benchmark, manifest) as the code makes them now."""
    from s1repro.demo.pool import make_world

    return make_world()
