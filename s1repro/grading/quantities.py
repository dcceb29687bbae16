r"""Steps of `clothes` for how quantities are written: thousands, money, percent, degrees, numbers in words.

thousands("1,250")      # "1250"
percent("50 %")         # r"50 \text{%}"
"""

from __future__ import annotations

import re

from s1repro.grading.units import KNOWN

_GROUPED = re.compile(
    r"(?<![\d.,^_])[1-9]\d{0,2}(?:(?:\s*\{\s*,\s*\}\s*|\\,|\\!,|,\s*\\!\s*|,|\\ | |')\d{3})+(?![\d,]|\.\d*,)"
)
_FINE = re.compile(r"(?<![\d.])(\d+\.\d{3})((?:(?:\\,|\\ | )\d{3})+(?:\\,\d{1,2})?|\\,\d{1,2})(?![\d.,])")
"""Digits behind the point in threes: 0.000 012."""
_DOLLARS = re.compile(
    r"((?:-\s*)?)(?:\\\$|(?<!\\)\$)\s*(-?\d[\d,]*(?:\.\d+)?|-?\.\d+)(?!\s*\\text\{ *(?:dollars|cents))"
)
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
    )
}  # fmt: skip
_ALL_BUT = re.compile(
    r"all real numbers(?: \$?x\$?)? (?:except|other than|but)(?: for)? \$?(?:x *= *)?(-?\d+(?:/\d+)?)\$?", re.I
)
_SCALES = {"dozen": "\\cdot 12 ", "hundred": "\\cdot 10^{2} ", "thousand": "\\cdot 10^{3} ",
           "million": "\\cdot 10^{6} ", "billion": "\\cdot 10^{9} ", "trillion": "\\cdot 10^{12} "}  # fmt: skip


def thousands(text: str) -> str:
    """1,250, 10 000 or 1_000 is one number, and so is 0.000 012; within brackets a comma parts two."""

    def joined(match: re.Match[str]) -> str:
        before, digits = text[: match.start()], match.group()
        opened = sum(before.count(left) for left in "([{") - sum(before.count(right) for right in ")]}")
        if "," in digits and "{" not in digits and opened > 0 and not before.rstrip().endswith("{"):
            return digits
        if re.search(r"\d ", digits) and re.search(r"\d\s*$", before):
            return digits
        return re.sub(r"\D", "", digits)

    text = _FINE.sub(lambda match: match.group(1) + re.sub(r"\D", "", match.group(2)), text)
    text = re.sub(r"(?<![\w.])[1-9]\d{0,2}(?:_\d{3})+(?!\w)", lambda match: match.group().replace("_", ""), text)
    return _GROUPED.sub(joined, text)


def units_of_nothing(text: str) -> str:
    """18 units², 18 square units, 18 units squared: the number alone."""
    return re.sub(
        r"(?<=[\d}])\s+(?:(?:square|sq\.?|cubic)\s+)?units?(?:\s*\^\s*\{?[23]\}?|\s+(?:squared|cubed))?$", "", text
    )


def unit_in_brackets(text: str) -> str:
    """12 [cm], 12 (km/h): what stands in brackets is the unit, not a factor."""
    found = re.match(r"^(.*[\d}])\s*[\[(]([A-Za-z]{2,}(?:/[A-Za-z]+)?)[\])]$", text)
    known = found and all(name in KNOWN for name in found.group(2).split("/"))
    return f"{found.group(1)} \\text{{{found.group(2)}}}" if found and known else text


def unit_behind_formula(text: str) -> str:
    """$2.5 \\cdot 10^4$ J: a letter outside of the formula is a unit, no factor."""
    found = re.match(r"^\$([^$]*\d[^$]*)\$\s*([A-Za-z]+(?:/[A-Za-z]+)?)$", text)
    known = found and all(name in KNOWN for name in found.group(2).split("/"))
    return f"{found.group(1)} \\text{{{found.group(2)}}}" if found and known else text


def currency(text: str) -> str:
    """A sign of money before a number goes behind it, as a word."""
    text = re.sub(r"\bU\.?S\.?\s*(?=\\?\$\s*\d)", "", text)
    text = re.sub(r"(\\?\$)\s*(\d+(?:\.\d+)?)\s+(million|billion|thousand)\b", r"\2 \3 \\text{dollars}", text)
    if text.count("$") % 2 or re.search(r"\\\$", text):
        text = _DOLLARS.sub(r"\1\2 \\text{dollars}", text)
        text = text.replace("\\$", " ")
    text = re.sub(r"^(USD|US|Rs|INR|EUR)\b\.?\s*(?=\d)(\S+)", r"\2 \\text{\1}", text)
    for sign, name in (("€", "euros"), ("£", "pounds sterling"), ("¥", "yen"), ("₹", "rupees"),
                       ("\\\\euro(?![A-Za-z])", "euros"), ("\\\\pounds(?![A-Za-z])", "pounds sterling")):  # fmt: skip
        text = re.sub(rf"{sign}\s*(-?\d[\d,]*(?:\.\d+)?)", rf"\1 \\text{{{name}}}", text)
        text = re.sub(rf"(?<=\d)\s*{sign}", rf" \\text{{{name}}}", text)
    return text


def degrees(text: str) -> str:
    """Without the sign for degrees of angles, except in a function; those of temperature are a unit."""
    if re.search(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])", text):  # there they are a number
        return re.sub(r"(\d+(?:\.\d+)?)\s*\^\s*\{?\s*\\circ\s*\}?", r"{\\frac{\1\\pi}{180}}", text)
    text = re.sub(r"\^\s*\{?\s*\\circ\s*\}?\s*(?:\\text\{\s*)?([CF])\b\}?", r" \\text{°\1}", text)
    text = re.sub(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)", "", text)
    return re.sub(
        r"(?<=\d)\s*(?:\\degree|\\text\{\s*degrees?\s*\}|degrees?)(?![A-Za-z])(?!\s*(?:[CF]\b|Cel|Fah))", "", text
    )


def percent(text: str) -> str:
    """Percent, however it is written, as a unit."""
    text = re.sub(r"\s*\\?%|(?<=[\d$])\s*(?:percent|per cent|pct|percentage)\b", r" \\text{%}", text)
    return re.sub(r"\\text\{\s*(?:percent|per cent|pct)\s*\}", r"\\text{%}", text)


def number_words(text: str) -> str:
    """Numbers up to twenty, a half, millions: in digits."""
    text = re.sub(r"^(?:an? |one )?half$", "1/2", text, flags=re.I)
    text = re.sub(r"(?<![\d.,])(\d+) and (?:a|one)[ -]half\b", r"\1 1/2", text)
    text = re.sub(rf"^(?:half an?|(\d+/\d+) of an?) ({'|'.join(KNOWN)})$", _part_of_one, text)
    scale = r"(\d)\s*(?:\\text\{\s*)?(dozen|hundred|thousand|million|billion|trillion)\b(?:\s*\})?(?! and)"
    text = re.sub(scale, lambda match: match.group(1) + _SCALES[match.group(2)], text)
    text = re.sub(r"^(\d+) to (\d+)$", r"\1:\2", text)
    text = re.sub(r"^all reals?(?: numbers)?$", r"\\mathbb{R}", text, flags=re.I)
    but = _ALL_BUT.fullmatch(text)
    text = rf"\mathbb{{R}} \setminus \{{{but.group(1)}\}}" if but else text
    signed = re.fullmatch(r"(?:minus|negative) (\w+)", text, re.I)
    if signed and signed.group(1).lower() in _NUMBER_WORDS:
        return "-" + _NUMBER_WORDS[signed.group(1).lower()]
    return _NUMBER_WORDS.get(text.lower(), text)


def _part_of_one(match: re.Match[str]) -> str:
    """3/4 of an hour, half a mile."""
    return f"{match.group(1) or '1/2'} \\text{{{match.group(2)}}}"
