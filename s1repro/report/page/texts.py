"""Many texts that begin alike, each kept once: a trace cut at 512 tokens is a prefix of the one cut at 1,024.

A text is kept whole, or as how much of an earlier one it repeats and what follows. Lengths count UTF-16 units, as a
browser does.

    texts = Texts()
    whole = texts.add("Two and two is four.")
    texts.add("Two and two is", like=whole)     # 14 units of `whole`, and nothing more
    texts.entries                               # ["Two and two is four.", [0, 14, ""]]
"""

from __future__ import annotations

Entry = str | list[int | str]
"""A whole text, or `[number of an earlier whole text, units of it, what follows]`."""


class Texts:
    """A pool of texts: each one has a number, equal ones have the same."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._numbers: dict[str, int] = {}

    def add(self, text: str, like: int | None = None) -> int:
        """The number of `text`; `like` is the number of a whole text that it may begin as."""
        if text not in self._numbers:
            self._numbers[text] = len(self.entries)
            self.entries.append(self._shared(text, like))
        return self._numbers[text]

    def _shared(self, text: str, like: int | None) -> Entry:
        whole = self.entries[like] if like is not None else None
        if not isinstance(whole, str):
            return text
        common = common_length(text, whole)
        # A few letters in common are not worth a reference.
        return [like or 0, utf16_length(text[:common]), text[common:]] if common > 40 else text


def common_length(first: str, second: str) -> int:
    """How many characters two texts have in common from their beginning."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        # Only what is not yet known is compared.
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def utf16_length(text: str) -> int:
    """The length of a text as a browser counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
