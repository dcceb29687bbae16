"""Texts come back as they went in, and what two have in common is kept once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s1repro.report.page.texts import Entry, Texts, common_length, utf16_length


def read(entries: list[Entry], number: int) -> str:
    """A text as the page puts it together, in UTF-16 units."""
    entry = entries[number]
    if isinstance(entry, str):
        return entry
    whole, units, rest = entry
    assert isinstance(units, int) and isinstance(rest, str)
    return read(entries, int(whole)).encode("utf-16-le")[: 2 * units].decode("utf-16-le") + rest


@given(st.text(max_size=20), st.lists(st.tuples(st.integers(0, 200), st.text(max_size=9)), max_size=4))
def test_every_text_comes_back(base: str, others: list[tuple[int, str]]) -> None:
    texts, whole = Texts(), f"{base}{'𝑥² + y, ' * 12}{base}"
    first = texts.add(whole)
    wanted = [whole, *(whole[:cut] + rest for cut, rest in others)]
    numbers = [first, *(texts.add(text, like=first) for text in wanted[1:])]
    assert [read(texts.entries, number) for number in numbers] == wanted


def test_a_cut_trace_costs_nothing() -> None:
    texts, whole = Texts(), "Two and two is four. " * 100
    first = texts.add(whole)
    assert texts.entries[texts.add(whole[:1000], like=first)] == [first, 1000, ""]
    assert texts.add(whole, like=first) == first


@given(st.text(), st.text(), st.text())
def test_the_common_beginning_is_the_longest(base: str, first: str, second: str) -> None:
    length = common_length(base + first, base + second)
    assert (base + first)[:length] == (base + second)[:length] and length >= len(base)
    assert (base + first)[length : length + 1] != (base + second)[length : length + 1] or length == len(base + first)


def test_a_letter_beyond_the_first_plane_counts_two() -> None:
    assert [utf16_length(text) for text in ("", "ab", "é", "\U0001d465")] == [0, 2, 1, 2]
