r"""JSON read strictly: what other readers pass over in silence is refused, with file and line.

Python's own reader takes the last of two equal keys, NaN and Infinity, numbers beyond a float, and halves of surrogate
pairs, which no tokenizer and no file can hold; nesting without an end brings it down. All that is read of users and of
earlier runs, pools, sets, journals, manifests and benchmarks, comes through here. Which fields a record has is the
business of who reads it.

    parse(b'{"n": 1, "n": 2}', "rows.jsonl:3")  # ValueError: rows.jsonl:3: the key 'n' stands twice in one object; ...
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

DEPTH = 64
"""Levels of objects and lists in each other that are read. Rows have two or three."""

REPAIR = "repair or delete this line"
"""What to do about a line that is refused, unless a caller knows better."""


def parse(data: bytes | str, where: str, repair: str = REPAIR, number: Callable[[str], object] | None = None) -> Any:
    """The value of a JSON text. `number` makes a value of a number's spelling; without it they are ints and floats.

    Raises `ValueError` beginning with `where` and ending in `repair` for what is not JSON in UTF-8, and for a key that
    stands twice in one object, NaN, Infinity, a number beyond a float, half of a surrogate pair, or more than `DEPTH`
    levels.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=number or _float,
            parse_int=number or _int,
        )
        _require_shallow(value)
        if "\\ud" in text or "\\uD" in text:  # the only way into UTF-8 for half of a pair
            _require_whole(value)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: not JSON ({error}); {repair}") from error
    except RecursionError:
        raise ValueError(f"{where}: {_DEEP}; {repair}") from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}; {repair}") from None
    return value


_DEEP = f"more than {DEPTH} lists and objects in each other"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return made


def _constant(text: str) -> object:
    raise ValueError(f"{text} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {_short(text)} is too large")
    return value


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python's own limit, some thousand digits
        raise ValueError(f"the number {_short(text)} is too large") from None


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}..."


def _require_shallow(value: object) -> None:
    level = [value]
    for _ in range(DEPTH):
        children = [child for item in level if isinstance(item, dict | list) for child in _children(item)]
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError(_DEEP)


def _children(value: dict[str, object] | list[object]) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value


def repaired(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: no file can keep it, and no model can learn it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _require_whole(value: object) -> None:
    """Raise `ValueError` for half of a surrogate pair in a text or a key."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise ValueError(f"half of a surrogate pair, \\u{ord(half):04x}, which is no character") from None
