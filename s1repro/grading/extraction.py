r"""Where in a response the answer stands.

A box wins behind the last marker ("Answer:", a heading "Final Answer"), then the first line there that says something
which can be compared; without a marker the last box, then the last line. A formula on lines of its own is one line.

    math_answer("So it is.\n\n**Final Answer**\n\n$$\n7\n$$")       # "$$ 7 $$"
"""

from __future__ import annotations

import re
from collections.abc import Callable

EXACT_MARKER = r"Answer(?:\*\*)?:"
"""Precedes an answer that is compared letter for letter; "Final Answer:" ends in it as well."""
_MARKER = re.compile(
    r"(?<![\"'“`\w])(?:final\s+)?answer(?:\s+is)?\s*(?:\*\*|__)?\s*[:\uff1a](?:\s*(?:\*\*|__)(?=\s))?"
    r"|^[ \t#*_]*(?:final\s+)?answer\s*[\u2013\u2014]\s"
    r"|^[ \t#*_]*final\s+answer[ \t*_:.]*$|^[ \t]*#+[ \t*_]*answer[ \t*_:.]*$",
    re.I | re.M,
)
_SAYS = re.compile(r"\banswer\s+(?:is|equals)(?=\W)\s*:?|\bfinal\s+answer\s+(?=[-\d$\\])", re.I)
_DISPLAYED = re.compile(r"\\\[.*?\\\]|\$\$.*?\$\$|\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.S)
_MARKUP = re.compile(r"</?\w+[^<>]*>|^\s*```\w*\s*$")
"""What may be all of a line that says nothing."""
_POINTS_BACK = re.compile(r"\b(?:box(?:ed)?|above)\b", re.I)
_BRACES = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.S)
_BARE_BOX = re.compile(r"\\(boxed|fbox)\s+([^\s{}$\\,;]*[^\s{}$\\.,;])")
"""A box without braces, as MATH's own solutions have it: `\\boxed 4`."""
_LONGEST = 20_000
"""An answer without a box stands in so many last characters."""
_LEADS_ON = re.compile(
    r"[:=,]$|\b(?:is|are|be|get|have|obtain|find|that|equals?|to|by|so|therefore|thus|hence|follows|compute|now|know)$",
    re.I,
)
"""A line that ends so has the answer behind it."""
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\s+(?=(?:Therefore|Thus|Hence|So|Finally|In conclusion)\b)")
_HOPES = re.compile(r"\bI hope (?:it|this) is correct", re.I)
_WORDED_MARKER = r"\\(?:text(?:bf|rm|it)?|mathbf|mathrm|mbox)\{\s*(?i:final\s+)?(?i:answer)\s*:\s*\}"
_BOXED_MARKER = re.compile(rf"(\\boxed\{{)\s*{_WORDED_MARKER}")
_WORDED = re.compile(r"\\text\{([^{}]*)\}")
_LAYOUT = re.compile(r"[\s$]|\\q?quad|\\[()\[\]]")
_COUNTED = r"(?!(?:so|thus|then|hence|not|now|gives?|is|are|was|we|get|which|that|but|as|with|answers?)\b)[A-Za-z]+"
_JOINS = re.compile(
    rf"(?: ?{_COUNTED}){{0,2}}(?: for part)?(?: ?\([a-z]\))? ?(?:[,;]|\b(?:and|or)\b|, (?:and|or)\b) ?"
    r"(?:[A-Za-z](?:_\{?\w+\}?)? ?= ?)?"
)
"""What may stand between two boxes that are one answer: what is counted, a comma, `and`, the name of the next."""
_NAMED = re.compile(r"(?:^|[\s$({\[,])(?P<name>[A-Za-z](?:_\{?\w+\}?)?\s*=\s*)$")


def after_marker(text: str) -> str | None:
    """What follows the last marker; None where there is none."""
    marks = list(_MARKER.finditer(text))
    return text[marks[-1].end() :] if marks else None


def marks_answer(text: str) -> bool:
    """Whether an answer is marked as one: by a box, a marker, or a sentence that begins "the answer is"."""
    tail = after_marker(text)
    says = list(_SAYS.finditer(text))
    return boxed(text) is not None or bool(tail and tail.strip()) or bool(says and text[says[-1].end() :].strip())


def exact_answer(text: str) -> str:
    """The first line behind the last "Answer:" that says something, without bold, dollars and full stop around it."""
    lines = re.split(EXACT_MARKER, text)[-1].strip().splitlines()
    line = lines[0].strip() if lines else ""
    line = re.sub(r"^\$?\\boxed\{([^{}]*)\}\$?(?=\.?$)", r"\1", line)
    line = re.sub(r"^(?:\*\*|__)(?=\s)\s*|(?<=[^*\s])\*\*\.?$", "", line) if line.count("**") % 2 else line
    line = re.sub(r"^(\*\*|`|\$)([^*`$]+)\1(?=\.?$)", r"\2", line)
    return line.strip().removesuffix(".").rstrip()


def boxed(text: str) -> str | None:
    r"""What the last complete `\boxed{...}` holds, with those that only commas, `and` or `or` part from it."""
    text = _BARE_BOX.sub(r"\\\1{\2}", text)
    boxes = _boxes(text)
    if not boxes:
        return None
    joined = [boxes.pop()]
    while boxes and _joins(text[boxes[-1][1] : joined[0][0]]):
        joined.insert(0, boxes.pop())
    held = [text[text.index("{", start) + 1 : end - 1].strip() for start, end in joined]
    names = [_NAMED.search(text[max(0, start - 40) : start]) for start, _ in joined]
    if len(held) > 1 and not any("=" in each for each in held):
        held = [f"{name['name']}{each}" if name else each for name, each in zip(names, held, strict=True)]
    return ", ".join(held)


def _joins(between: str) -> bool:
    """Whether what stands between two boxes makes them one answer."""
    if "\n\n" in between or len(between) > 80:
        return False
    plain = " ".join(_LAYOUT.sub(" ", _WORDED.sub(r" \1 ", between)).split())
    return between == "" or _JOINS.fullmatch(plain) is not None


def _boxes(text: str) -> list[tuple[int, int]]:
    """Where the complete boxes begin and end, the outermost ones."""
    opened: list[int] = []  # where each open brace's box begins, -1 for a brace without one
    boxes: list[tuple[int, int]] = []
    for match in _BRACES.finditer(text):
        if match.group().startswith("\\") and len(match.group()) == 2:
            continue
        if match.group() != "}":
            opened.append(match.start() if len(match.group()) > 1 else -1)
        elif opened:
            start = opened.pop()
            if start >= 0:
                while boxes and boxes[-1][0] > start:
                    boxes.pop()
                boxes.append((start, match.end()))
    return boxes


def lines_of(text: str) -> list[str]:
    """The lines that say something; a formula on lines of its own is one."""
    joined = _DISPLAYED.sub(lambda match: " ".join(match.group().split()), text[-_LONGEST:])
    return [_closed(line.strip()) for line in joined.splitlines() if re.search(r"[^\s*_#>.`-]", _MARKUP.sub("", line))]


def _closed(line: str) -> str:
    """The line without the end of bold that began before its marker."""
    return re.sub(r"\*\*(?=\.?$)", "", line) if line.count("**") == 1 else line


def math_answer(text: str, says: Callable[[str], bool]) -> str:
    """The answer as it is written; "" where there is none. `says` tells whether a line can be compared."""
    text = _marker_in_words(re.sub(r"\\\\(?=boxed)", r"\\", text))  # escaped twice
    hopes = list(_HOPES.finditer(text))
    text = text[: hopes[-1].start()] if hopes else text
    tail = after_marker(text)
    if tail is None:
        held = boxed(text)
        if held is not None:
            return held
        found = list(_SAYS.finditer(text))
        lines = lines_of(text[found[-1].end() :] if found else text)
        if found:
            return _first_that_says(lines, says)
        return _last_that_says(lines, says)
    held = boxed(tail)
    if held is not None:
        return held
    lines, before = lines_of(tail), boxed(text)
    if before is not None and (not lines or (_POINTS_BACK.search(lines[0]) and not re.search(r"\d", lines[0]))):
        return before
    return _first_that_says(lines, says)


def _marker_in_words(text: str) -> str:
    r"""`\textbf{Answer:} 18`, `$\text{Answer: }18$` with a plain marker; within a box without one."""
    text = _BOXED_MARKER.sub(r"\1", text)
    text = re.sub(rf"\$\s*{_WORDED_MARKER}([^$]*)\$", r"Answer: $\1$", text)
    return re.sub(_WORDED_MARKER, "Answer: ", text)


def _last_that_says(lines: list[str], says: Callable[[str], bool]) -> str:
    """The last line, or its last sentence where only that can be compared."""
    if not lines or says(lines[-1]):
        return lines[-1] if lines else ""
    last = _SENTENCES.split(re.sub(r"<\|.*", "", lines[-1]).strip())[-1]
    return last if says(last) else lines[-1]


def _first_that_says(lines: list[str], says: Callable[[str], bool]) -> str:
    """The first line where it can be compared or is a few words, else the last one that can."""
    if not lines:
        return ""
    if says(lines[0]) or (len(lines[0].split()) <= 4 and not _LEADS_ON.search(lines[0])):
        return lines[0]
    return next((line for line in reversed(lines) if says(line)), lines[0])
