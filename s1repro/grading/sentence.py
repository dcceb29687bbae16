r"""The one value that a sentence states, or nothing.

A number in prose is the answer only where the sentence says so: it stands at the start or behind a verb that gives it
("there are 42 ways", "we get $x = 7$"), it is the only one, and no word turns it round (not, at least, between, if).
Values joined by `and`, `or` and commas are one list. A year behind `in` is no value.

    value_in("There are 42 ways to sit.")       # r"42 \text{ways}"
    value_in("No solution for n > 2")           # ""
"""

from __future__ import annotations

import re

from s1repro.grading.units import KNOWN, named
from s1repro.grading.vocabulary import (
    BETWEEN,
    CHANGES,
    CONNECTIVES,
    DENIES,
    GIVES,
    GIVES_BY,
    GIVES_TO,
    HAS_OF,
    STOPS,
    VERBS,
)

_IS = [("w", word) for word in ("is", "are", "equals", "was", "were", "walked", "therefore")]
_IS_THE_ANSWER = re.compile(
    r"(?:is|are)(?: the| our| my)?"
    r"(?: final| correct| right| required| desired| smallest| largest| least| greatest| only"
    r"| minimum| maximum| such| possible)*"
    r" (?:answers?|results?|values?|solutions?|total|sum|numbers?|integers?|minimum|maximum)"
)
_SENTENCES = re.compile(r"(?<=[A-Za-z0-9)}$])[.!?]\s+(?=[A-Z$\\])")
_NOT_BUT = re.compile(r"\bnot\s+(?:\$[^$]*\$|-?\d[\d.,/]*)\s+but\s+(?:rather\s+)?(?=[-\d$\\])", re.I)
"""What it is not, before what it is: not 5 but 7."""
_TOKEN = re.compile(r"\$[^$]*\$[.,;:]?|\S+")
_MATHS = re.compile(r"\d|\\(?!text)[A-Za-z]|^[-+*/^=<>|!]+$|^\$|^\\text\{")
_VARIABLE = re.compile(r"\$?\s*\\?[A-Za-z]+(?:_\{?\w+\}?)?(?:\s*\([A-Za-z]\))?'?\s*\$?[.,]?")


def value_in(text: str) -> str:
    r"""What the text states, with its unit in `\text{}`; "" where it states nothing, or not one thing."""
    values = [value for value in map(_of_sentence, _SENTENCES.split(text)) if value is not None]
    stated = [value for value in values if value]
    return stated[0] if len(stated) == 1 and len(values) == len(stated) else ""


def _of_sentence(sentence: str) -> str | None:
    """The value of one sentence; "" where there is one that must not be taken, None where there is no number at all."""
    if len(sentence) > 1000:
        return ""
    items = _items(_NOT_BUT.sub("", sentence.replace('"', " ")))
    runs = [index for index, (kind, text) in enumerate(items) if kind == "m" and not _VARIABLE.fullmatch(text)]
    numbers = [index for index in runs if index == runs[-1] or re.search(r"\d", items[index][1])]
    if not numbers:
        return None
    at = numbers[-1]
    if not all(_is_aside(items, index) for index in numbers[:-1]):
        return ""
    if len(numbers) > 1 and items[at - 1] not in _IS:
        return ""
    before = [text for kind, text in items[:at] if kind == "w" and text not in CONNECTIVES]
    before = before[2:] if before[:2] in (["in", "total"], ["in", "all"]) else before
    after = [text for kind, text in items[at + 1 :] if kind == "w"]
    if before[-1:] in (["needs"], ["requires"]) and after[:1] == ["more"] and len(after) > 1:
        after = after[1:]  # she needs 5 more stickers
    words = {*before, *after}
    if before[-1:] == ["be"] and set(before[-2:-1]) & {"would", "should", "could", "might", "may"}:
        return ""
    if words & DENIES or any(word.endswith("n't") for word in words) or any(kind == "m" for kind, _ in items[at + 1 :]):
        return ""
    if not _tells_time(after) and (not _gives(before, items[at][1]) or not _goes_on_well(before, after)):
        return ""
    value = items[at][1].replace("$", " ").strip().rstrip(".,;:")
    unit = _unit_words(after)
    if not unit:
        return value
    return f"{value} \\text{{{unit}}}" if named(unit) is not None else ""


def _items(sentence: str) -> list[tuple[str, str]]:
    """Words, small and bare, and runs of mathematics; lists of values are one run, a year behind `in` is gone."""
    items: list[tuple[str, str]] = []
    ended = False
    for token in _balanced(_TOKEN.findall(sentence)):
        bare = token.rstrip(".,;:!?")
        maths = bool(_MATHS.search(token)) or (
            len(bare) == 1 and bare.isalpha() and bare not in "aAI" and _beside_sign(sentence, bare)
        )
        if (
            maths
            and items
            and items[-1] == ("w", "in")
            and re.fullmatch(r"(?:1[5-9]|20)\d\d[.,]?", token)
            and len(items) > 1
        ):
            items.pop()
            continue
        if maths and items and items[-1][0] == "m" and not ended:
            items[-1] = ("m", f"{items[-1][1]} {token}")
        elif maths and items and items[-1][0] == "m" and re.match(r"\$|-?\d|\\|[A-Za-z]$", token):
            items[-1] = ("m", f"{items[-1][1]} {token}")  # 7, 8
        elif maths and len(items) > 1 and items[-1][1] in ("and", "or") and items[-2][0] == "m":
            joint = items.pop()[1]
            items[-1] = ("m", f"{items[-1][1].rstrip(',')} \\text{{ {joint} }} {token}")
        else:
            items.append(("m", token) if maths else ("w", bare.lower().strip("*\"'()[]")))
            if token.endswith(":") and not maths:
                items.append(("w", ":"))
        ended = token != bare and maths
    return [item for item in items if item[1]]


def _balanced(tokens: list[str]) -> list[str]:
    """Tokens joined until their braces and brackets are closed."""
    joined: list[str] = []
    depth = 0
    for token in tokens:
        if depth > 0:
            joined[-1] += " " + token
        else:
            joined.append(token)
        depth = max(0, depth + sum(token.count(mark) for mark in "{(") - sum(token.count(mark) for mark in "})"))
    return joined


def _beside_sign(sentence: str, letter: str) -> bool:
    return re.search(rf"(?<!\w){letter}\s*(?:=|<|>|\\(?:le|ge|in|ne|approx)\b)", sentence) is not None


def _is_aside(items: list[tuple[str, str]], index: int) -> bool:
    """Whether a run of mathematics is only what the value is of: the value of $f(3)$ is 12."""
    return index > 0 and items[index - 1] in [("w", word) for word in ("of", "after", "in", "with")]


def _gives(before: list[str], value: str) -> bool:
    """Whether the words before a value say that it is one."""
    left = list(before)
    while left and left[-1] in BETWEEN:
        left.pop()
    if not left:
        return True
    if left[-1] == "to" and len(left) > 1:
        return left[-2] in GIVES_TO
    if left[-1] == "by" and len(left) > 1:
        return left[-2] in GIVES_BY
    if left[-1] == "at" and re.match(r"\$?\s*\(", value) and left[-2:-1] in (["is"], ["lies"], ["located"]):
        return True  # the vertex is at (2, -5)
    if left[-1] in ("of", "at") and len(left) > 1:
        return left[-2] in HAS_OF
    if left[-2:-1] in (["takes"], ["took"]):  # it takes Tom 18 days
        return True
    if "=" in value and left[-1] in ("that", "when", "have", "and"):
        return left[-1] != "when"
    return left[-1] in GIVES


def _tells_time(after: list[str]) -> bool:
    """Whether a value is a time and which way it lies: 3 hours ago."""
    return (
        len(after) == 2
        and KNOWN.get(after[0], ("",))[0] in ("time", "month")
        and after[1] in ("ago", "later", "earlier")
    )


def _goes_on_well(before: list[str], after: list[str]) -> bool:
    """Whether the words behind a value leave it as it is."""
    if _IS_THE_ANSWER.fullmatch(" ".join(after)):
        return True
    if any(len(word) == 1 and word not in "ai" for word in after):
        return False  # 5 percent of x
    if before:
        behind = [word for word in after if word != "to"]
        return not set(behind) & (CHANGES - {"with", "per", "out", "to", "by", "over"})
    changes = CHANGES - {"to", "per"}
    return not set(after) & (changes | VERBS)


def _unit_words(after: list[str]) -> str:
    """The words that name what is counted: up to the first preposition."""
    if _IS_THE_ANSWER.fullmatch(" ".join(after)):
        return ""
    unit: list[str] = []
    for word in after:
        if word in STOPS or word in VERBS or word in ("and", "or"):
            break
        unit.append(word)
    return " ".join(unit)
