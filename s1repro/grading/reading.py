r"""Read the shape of an answer, the whole of it or not at all.

Read as a whole, by what stands between its parts on the outside; the parts are read in turn. What an expression of its
parts is, is `grammar`'s business, and comparing is `comparison`'s.

    read_shape(r"x=1 \text{ or } x=3")      # Several((Relation(...), Relation(...)), "or")
"""

from __future__ import annotations

import re
from fractions import Fraction

from s1repro.grading.engine import is_formula
from s1repro.grading.expression import Num, Unreadable
from s1repro.grading.grammar import read
from s1repro.grading.matrices import read_determinant, read_matrix
from s1repro.grading.shapes import Bracket, Clock, Digits, Ratio, Relation, Several, Shape, Union, Value
from s1repro.grading.units import Unit, named, split
from s1repro.grading.vocabulary import DENIES

_OPEN, _CLOSE = "([{", ")]}"
_RELATION = r"\\(?:le|ge|ne|in|approx|equiv)(?![A-Za-z])|<|>|="
_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
          "twelve": 12, "sixteen": 16}  # fmt: skip


_NAME = re.compile(
    r"\\text\{[A-Za-z ]+\}(?:_\{?\w+\}?)?|[A-Za-z]{1,12}"
    r"|(?:\\angle|\\triangle|\\overline|m)?\s*\\?(?:angle\s*)?\{?[A-Z]{1,4}\}?"
    r"|[A-Za-z]'{0,2}\s*\([A-Za-z0-9, +-]*\)(?:_\w)?|[A-Za-z]\^\{?-1\}?\([a-z]\)|\\frac\{d[a-z]?\}\{d[a-z]\}"
)
"""A name in words on the left of an equation."""


def read_shape(text: str) -> Shape:
    """The shape of a whole text without clothes. Raises `Unreadable` where it is none."""
    text = text.strip()
    if not text:
        raise Unreadable("nothing")
    if len(text) > 3000:
        raise Unreadable("too long")
    for rule in (_special, _alternatives, _several, _relation, _union, _matrix, _plus_minus, _bracket, _ratio):
        shape = rule(text)
        if shape is not None:
            return shape
    return _value(text)


def _value(text: str) -> Value:
    value, unit = split(text)
    mixed = re.fullmatch(r"(-?)\s*(\d+)\s+(\d+)\s*/\s*(\d+)|(-?)\s*(\d+)-(\d+)/(\d+)", value)
    if mixed:
        sign, whole, above, below = [group for group in mixed.groups() if group is not None]
        if 0 < int(above) < int(below) and not (mixed.group(6) and unit is None):
            number = int(whole) + Fraction(int(above), int(below))
            return Value(value, Num(-number if sign else number), unit)
    try:
        return Value(value, read(value), unit)
    except Unreadable:
        if not is_formula(value):  # math-verify may be able to read it
            raise
        return Value(value, None, unit)


def _special(text: str) -> Shape | None:
    """A time of day, a numeral with a base, several units of one kind, the empty set."""
    bare = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text).strip()
    clock = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*(?:([aApP])\.?\s*[mM]\.?)?", bare)
    if clock and (clock.group(2) or clock.group(3)) and int(clock.group(1)) <= 24 and int(clock.group(2) or 0) < 60:
        hour, half = int(clock.group(1)), (clock.group(3) or "").lower()
        half = "p" if hour > 12 and not half else half
        return Clock((hour % 12) * 60 + int(clock.group(2) or 0), half)
    based = re.fullmatch(
        r"(?:([0-9A-Fa-f]+)|\(([0-9A-Fa-f]+)\))\s*(?:_\s*\{?\s*(\w+)\s*\}?|\(?\s*(?:in )?base[ -](\w+)\s*\)?)", bare
    )
    if based and re.search(r"\d", based.group(1) or based.group(2)):
        name = (based.group(3) or based.group(4)).lower()
        base = int(name) if name.isdecimal() and len(name) < 4 else _BASES.get(name, 0)
        if base:
            return Digits((based.group(1) or based.group(2)).upper().lstrip("0") or "0", base)
    if re.fullmatch(r"\\emptyset|\\\{\s*\\\}|\{\s*\}|(?:the )?empty set", bare, re.I):
        return Bracket((), "{", "}")
    return _compound(bare)


def _compound(text: str) -> Value | None:
    """2 hours 30 minutes."""
    part = r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)"
    if not re.fullmatch(rf"{part}(?:\s*(?:,|and)?\s*{part})+", text):
        return None
    total, dimensions = Fraction(0), None
    for number, name in re.findall(part, text):
        unit = named(name)
        if unit is None or unit.words or not unit.dimensions or dimensions not in (None, unit.dimensions):
            return None
        dimensions = unit.dimensions
        total += Fraction(number) * unit.factor
    return Value(text, Num(total), Unit(dimensions or {}))


def _alternatives(text: str) -> Shape | None:
    """a or b; either a or b."""
    text = re.sub(r"^(?:\\text\{\s*)?(?:either)\b\s*\}?", "", text, flags=re.I)
    for sign, word in (("\\vee", "or"), ("\\wedge", "and")):
        parts = _parted(text, rf"\{sign}(?![A-Za-z])")
        if len(parts) > 1 and all(len(_parted(part, _RELATION)) > 1 for part in parts):
            return Several(tuple(map(_part, parts)), word)
    parts = _parted(text, r",?\s*\\text\{\s*or\s*\}|,?\s*(?<![A-Za-z\\])or(?![A-Za-z])")
    if len(parts) == 1:
        return None
    if all(map(_lists_equations, parts)):
        return Several(tuple(map(_part, parts)), "or")
    spread = [piece for part in parts for piece in _parted(part.strip().rstrip(","), "[,;]")]
    return Several(tuple(map(_part, spread)), "or")


def _several(text: str) -> Shape | None:
    """a, b and c."""
    text = re.sub(r"^(?:\\text\{\s*)?(?:both)\b\s*\}?", "", text, flags=re.I)
    parts = _parted(text, r"\\text\{\s*and\s*\}|,?\s*(?<![A-Za-z\\])and(?![A-Za-z])|&")
    if len(parts) > 1 and all(map(_lists_equations, parts)):
        return Several(tuple(map(_part, parts)), "and")
    if len(parts) > 1:
        spread = [piece for part in parts for piece in _parted(part.strip().rstrip(","), "[,;]")]
        return Several(tuple(map(_part, spread)), "and")
    parts = _parted(text, ";")
    if len(parts) > 1 and all(map(_lists_equations, parts)):
        return Several(tuple(map(_part, parts)), ",")
    parts = _parted(text, "[,;]|\\\\text\\{\\s*,\\s*\\}")
    return Several(tuple(map(_part, parts)), ",") if len(parts) > 1 else None


def _lists_equations(text: str) -> bool:
    """Whether a text is one solution of several variables: p = 5, q = 2."""
    pieces = _parted(text.strip(), ",")
    return len(pieces) > 1 and all(re.match(r"\s*\\?[A-Za-z]+(?:_\{?\w+\}?)?\s*=", piece) for piece in pieces)


def _part(text: str) -> Shape:
    text = text.strip().strip(",").strip()
    if text in ("\\ldots", "..."):
        return Value("\\ldots", None)
    return read_shape(text)


def _relation(text: str) -> Shape | None:
    pieces = _parted(text, _RELATION, keep=True)
    if len(pieces) == 1:
        return None
    sides, signs = pieces[::2], [sign.strip() for sign in pieces[1::2]]
    read_sides: list[Shape | None] = []
    for index, side in enumerate(sides):
        if not side.strip():
            if index or len(sides) > 2:
                raise Unreadable("a relation without a side")
            read_sides.append(None)
        else:
            read_sides.append(_side(side, named_side=index < len(sides) - 1))
    return Relation(tuple(read_sides), tuple(signs))


def _side(text: str, named_side: bool) -> Shape:
    r"""A side of a relation; on the left of one, a name may be words (`\text{Area}`, `f(x)`, `\angle ABC`)."""
    text = text.strip()
    try:
        return read_shape(text)
    except Unreadable:
        name = _NAME.fullmatch(text)
        if not name or not named_side or name.group().lower() in DENIES:
            raise
        return Value(text, None)


def _union(text: str) -> Shape | None:
    without = re.fullmatch(r"\\mathbb\{R\}\s*(?:\\setminus|\\backslash|-)\s*\\\{([^,;]*)\\\}", text)
    if without:
        return Relation((None, read_shape(without.group(1))), ("\\ne",))
    parts = _parted(text, r"\\cup(?![A-Za-z])")
    return Union(tuple(map(read_shape, parts))) if len(parts) > 1 else None


def _plus_minus(text: str) -> Shape | None:
    if text.count("\\pm") + text.count("\\mp") != 1:
        return None
    both = [re.sub(r"\\(?:pm|mp)", sign, text) for sign in "+-"]
    return Several(tuple(map(read_shape, both)), ",")


def _bracket(text: str) -> Shape | None:
    text = text.replace("\\{", "⦃").replace("\\}", "⦄").replace("\\langle", "⟨").replace("\\rangle", "⟩")
    if text[0] == "{" and text[-1] == "}" and len(_parted(text[1:-1], "[,;]")) > 1:
        return read_shape(text[1:-1])  # a group, or a set whose braces lack their strokes
    if text[0] not in "([⦃⟨" or text[-1] not in ")]⦄⟩":
        return None
    inside = text[1:-1]
    parts = [part.replace("⦃", "\\{").replace("⦄", "\\}").replace("⟨", "\\langle ").replace("⟩", "\\rangle ")
             for part in _parted(inside, "[,;]", open_="([{⦃⟨", close=")]}⦄⟩")]  # fmt: skip
    if text[0] == "⦃" and text[-1] == "⦄":
        built = _parted(inside, r"\||:")
        if len(built) == 2:
            return _part(built[1])
        return Bracket(tuple(map(_part, parts)), "{", "}")
    if len(parts) == 1:
        return None
    brackets = {"⟨": "(", "⟩": ")"}
    return Bracket(tuple(map(_part, parts)), brackets.get(text[0], text[0]), brackets.get(text[-1], text[-1]))


def _matrix(text: str) -> Shape | None:
    return read_determinant(text, _part) or read_matrix(text, _part)


def _ratio(text: str) -> Shape | None:
    parts = _parted(re.sub(r"\\colon(?![A-Za-z])", ":", text), ":")
    return Ratio(tuple(map(read_shape, parts))) if len(parts) > 1 else None


def _parted(text: str, separator: str, keep: bool = False, open_: str = _OPEN, close: str = _CLOSE) -> list[str]:
    """The text parted where a separator stands outside of all brackets."""
    depth, start, at, parts = 0, 0, 0, list[str]()
    pattern = re.compile(separator)
    environment = 0
    while at < len(text):
        if text.startswith("\\begin{", at):
            environment += 1
        elif text.startswith("\\end{", at):
            environment -= 1
        if depth == 0 and environment == 0:
            found = pattern.match(text, at)
            if found and found.end() > at:
                parts.append(text[start:at])
                if keep:
                    parts.append(found.group())
                start = at = found.end()
                continue
        char = text[at]
        if char == "\\" and text[at + 1 : at + 2] in ("{", "}"):
            depth += 1 if text[at + 1] == "{" else -1
            at += 2
            continue
        if char == "\\":
            command = re.compile(r"\\(?:langle|rangle|[A-Za-z]+|.)", re.S).match(text, at)
            if command:
                depth += {"\\langle": 1, "\\rangle": -1}.get(command.group(), 0)
                at = command.end()
                continue
        depth += (char in open_) - (char in close)
        at += 1
    return [*parts, text[start:]]
