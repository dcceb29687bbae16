r"""What an answer wears that is no part of it, taken off by a table of named steps, in their order.

Each step takes a text and gives a text; none of them reads mathematics. What comes out is LaTeX without its layout: one
spelling for each sign, words in `\text{...}`, formulas within prose between single `$`. A step that is not sure leaves
the text alone, since what is not understood counts as no number at all (`s1repro.grading.expression`).

    undress(r"**\(\dfrac{\pi}{4}\)**.")     # r"\frac{\pi}{4}"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from s1repro.grading.signs import typed_names, typed_signs
from s1repro.grading.units import KNOWN
from s1repro.grading.vocabulary import FUNCTIONS

LONGEST = 2000
"""Characters of the longest answer; some steps take the square of it."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"(?<!\\)\\(?:[,;:!> ]|q?quad|hspace\{[^{}]*\}|hfill\b|space\b|thinspace\b)|(?<!\\)~|&nbsp;")
_GROUPED = re.compile(
    r"(?<![\d.,^_])[1-9]\d{0,2}(?:(?:\s*\{\s*,\s*\}\s*|\\,|\\!,|,\s*\\!\s*|,|\\ | |')\d{3})+(?![\d,]|\.\d*,)"
)
_LEAD_IN = re.compile(
    r"^(?:(?:so|thus|hence|therefore|then|and|finally|in conclusion|consequently|we (?:get|have|find|obtain|see that))"
    r"[,:]?\s+)*(?:(?:(?:the|my|our)\s+)?(?:(?:final|correct|right|required|desired)\s+)*(?:answer|result|value|solution)"
    r"(?:\s+is|\s*[:=])|it(?:'s| is)|this is|that is|answer:)\s*:?\s*(?=\S)",
    re.I,
)
_ABOUT = re.compile(
    r"^(?:about|approximately|approx\.?|roughly|around|nearly|exactly|precisely|just|\\approx|\\sim|~)\s*(?=\S)", re.I
)
_DOLLARS = re.compile(
    r"((?:-\s*)?)(?:\\\$|(?<!\\)\$)\s*(-?\d[\d,]*(?:\.\d+)?|-?\.\d+)(?!\s*\\text\{ *(?:dollars|cents))"
)
_ALIASES = {
    "leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge", "neq": "ne", "varnothing": "emptyset",
    "vert": "lvert", "dots": "ldots", "cdots": "ldots", "simeq": "approx", "approxeq": "approx", "sim": "approx",
    "land": "wedge",
    "lor": "vee", "tg": "tan", "ctg": "cot", "arctg": "arctan",
}  # fmt: skip
"""Commands that say what another one says."""
_WORD_COMMAND = (
    r"\\(?:text(?:rm|bf|it|tt|sf|sc|normal)?|math(?:rm|bf|it|tt|sf|normal)|mbox|hbox|operatorname\*?|emph|boldsymbol|bm"
    r"|fbox|boxed|underline)"
)
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
    )
}  # fmt: skip
_SCALES = {"dozen": "\\cdot 12 ", "hundred": "\\cdot 10^{2} ", "thousand": "\\cdot 10^{3} ",
           "million": "\\cdot 10^{6} ", "billion": "\\cdot 10^{9} ", "trillion": "\\cdot 10^{12} "}  # fmt: skip
_COMPARED = (
    (r"(?:strictly |is )?(?:greater|larger|more|bigger) than or equal to|at least|no (?:less|fewer) than", r"\\ge "),
    (r"(?:strictly |is )?(?:less|smaller|fewer) than or equal to|at most|no more than|up to", r"\\le "),
    (r"(?:strictly |is )?(?:greater|larger|more|bigger) than", "> "),
    (r"(?:strictly |is )?(?:less|smaller|fewer) than", "< "),
)


def _invisible(text: str) -> str:
    return _INVISIBLE.sub("", text).replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")


def _tags(text: str) -> str:
    text = re.sub(r"<(su[pb])>([^<>]*)</\1>", lambda m: ("^" if m[1] == "sup" else "_") + "{" + m[2] + "}", text)
    text = re.sub(r"<\|im_start\|>(?:user|assistant|system)\b|<\|[^|<>]{1,40}\|>", " ", text)
    return re.sub(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>", " ", text)


def _bold_and_code(text: str) -> str:
    text = re.sub(r"^\s*#{1,6}\s+", "", text)
    text = re.sub(
        r"(?<![\w)}*])\*\*\*?(?=[^\s*])([^*]+(?:\*\*?[^*\s][^*]*)*?)(?<=[^\s*])\*\*\*?(?![\w(*])", r"\1", text
    )
    text = re.sub(r"(?<!\w)__(?=\S)([^_]+)(?<=\S)__(?!\w)", r"\1", text)
    text = re.sub(r"`+([^`]*)`+", r"\1", text)
    return re.sub(r"^\s*([*_])([^*_]+)\1(?=[.,]?\s*$)", r"\2", text)


def _delimiters(text: str) -> str:
    text = re.sub(r"(?<!\\)\\[\[\]()]", "$", text)
    text = re.sub(r"\\begin\{(align\*?|aligned|split|gather\*?)\}(.*?)\\end\{\1\}", _one_line, text, flags=re.S)
    text = re.sub(r"\\(?:begin|end)\{(?:equation|align|gather|displaymath|math)\*?\}", "$", text)
    text = re.sub(r"\$\$+", "$", text)
    whole = re.fullmatch(r"\s*\$([^$]*)(?<!\\)\$([.,;:!]?)\s*", text, re.S)
    return whole.group(1) if whole else text


def _one_line(match: re.Match[str]) -> str:
    """The rows of a derivation as one chain of equations."""
    inside = match.group(2)
    return match.group() if "\\begin" in inside else " $" + inside.replace("&", " ").replace("\\\\", " ") + "$ "


def _layout(text: str) -> str:
    if "\\begin" not in text:
        text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)  # escaped twice
    text = re.sub(r"\\(?:left|right|[bB]igg?[lrm]?|middle)(?![A-Za-z])\s*\.?", "", text)
    text = re.sub(r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|rm|bf|it|cal)(?![A-Za-z])", "", text)
    text = re.sub(r"\\(?:dfrac|tfrac|cfrac)(?![A-Za-z])", r"\\frac", text)
    text = re.sub(r"\^\s*\{?\s*(?:\\prime\s*)\}?", "'", text)
    text = re.sub(r"\\(?:rightarrow|longrightarrow)(?![A-Za-z])", r"\\to ", text)
    text = re.sub(r"\\(?:dbinom|tbinom)(?![A-Za-z])", r"\\binom", text)
    for alias, name in _ALIASES.items():
        text = re.sub(rf"\\{alias}(?![A-Za-z])", rf"\\{name} ", text)
    text = text.replace("\\lt ", "<").replace("\\gt", ">").replace("<=", "\\le ").replace(">=", "\\ge ")
    text = re.sub(r"\\l?vert(?![A-Za-z])|\\rvert(?![A-Za-z])|\\mid(?![A-Za-z])", "|", text)
    text = re.sub(
        r"\(?\s*(?:\\p?mod|\\bmod|\\text\{\s*mod\s*\}|\bmod(?:ulo)?\b)\s*\{?\s*(\w+)\s*\}?\s*\)?", r"\\pmod{\1}", text
    )
    text = re.sub(r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}", r"\\binom{\1}{\2}", text)
    text = text.replace("\\lbrace", "\\{").replace("\\rbrace", "\\}")
    return text.replace("!=", "\\ne ")


def _thousands(text: str) -> str:
    """1,250 or 10 000 is one number; within brackets a comma parts two."""

    def joined(match: re.Match[str]) -> str:
        before, digits = text[: match.start()], match.group()
        opened = sum(before.count(left) for left in "([{") - sum(before.count(right) for right in ")]}")
        if "," in digits and "{" not in digits and opened > 0 and not before.rstrip().endswith("{"):
            return digits
        if re.search(r"\d ", digits) and re.search(r"\d\s*$", before):
            return digits
        return re.sub(r"\D", "", digits)

    return _GROUPED.sub(joined, text)


def _spaces(text: str) -> str:
    text = re.sub(r"(?<!\\)\\$", "", text)  # a box ends in a space that was stripped
    return _SPACES.sub(lambda match: "" if match.group() == "\\!" else " ", text)


def _text_commands(text: str) -> str:
    r"""All ways to set words are `\text`; what is set in it alone is not: e, i, a function, the whole answer."""
    for _ in range(4):
        text, before = re.sub(rf"{_WORD_COMMAND}\s*\{{([^{{}}]*)\}}", _worded, text), text
        whole = re.fullmatch(r"\s*\\text\{([^{}]*)\}\s*", text)
        text = whole.group(1) if whole else text
        if text == before:
            break
    text = re.sub(r"^\s*(?:\\(?:boxed|fbox|mathbf|boldsymbol|bm)\s*)\{(.*)\}\s*$", r"\1", text, flags=re.S)
    text = re.sub(r"\\frac\{\\text\{([^{}]*)\}\}\{\\text\{([^{}]*)\}\}", _unit_fraction, text)
    text = re.sub(r"\{\\text\{([^{}]*)\}\}(?!\{)", r"{\1}", text)
    text = re.sub(r"_\\text\{(\w+)\}", r"_{\1}", text)
    for _ in range(3):
        text = re.sub(r"\\text\{([^{}]*)\}\s*([/·]|\\cdot)\s*\\text\{([^{}]*)\}", r"\\text{\1/\3}", text)
    return text


def _unit_fraction(match: re.Match[str]) -> str:
    above, below = match.group(1).strip(), match.group(2).strip()
    return f"\\text{{{above}/{below}}}" if above in KNOWN and below in KNOWN else match.group()


def _worded(match: re.Match[str]) -> str:
    command, held = match.group()[1:].partition("{")[0], match.group(1)
    bare = held.strip()
    if not re.search("[A-Za-z]", bare) or "boxed" in command or "fbox" in command:
        return held
    if (
        bare in FUNCTIONS
        or bare in ("log", "gcd", "lcm", "mod")
        or (bare in ("max", "min") and command.startswith("oper"))
    ):
        return f"\\{bare} "
    if len(bare) == 1 and (bare in "ei" or command.startswith(("mathbf", "mathit", "boldsymbol", "bm"))):
        return bare
    return f"\\text{{{held}}}"


def _currency(text: str) -> str:
    """A sign of money before a number goes behind it, as a word."""
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


def _degrees(text: str) -> str:
    if re.search(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])", text):  # there they are a number
        return re.sub(r"(\d+(?:\.\d+)?)\s*\^\s*\{?\s*\\circ\s*\}?", r"{\\frac{\1\\pi}{180}}", text)
    text = re.sub(r"\^\s*\{?\s*\\circ\s*\}?\s*(?:\\text\{\s*)?([CF])\b\}?", r" \\text{°\1}", text)
    text = re.sub(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)", "", text)
    return re.sub(
        r"(?<=\d)\s*(?:\\degree|\\text\{\s*degrees?\s*\}|degrees?)(?![A-Za-z])(?!\s*(?:[CF]\b|Cel|Fah))", "", text
    )


def _percent(text: str) -> str:
    text = re.sub(r"\s*\\?%|(?<=[\d$])\s*(?:percent|per cent|pct|percentage)\b", r" \\text{%}", text)
    return re.sub(r"\\text\{\s*(?:percent|per cent|pct)\s*\}", r"\\text{%}", text)


def _signs_in_words(text: str) -> str:
    text = re.sub(r"\\text\{\s*(?:minus|negative)\s*\}\s*(?=[\d\\(.])", "-", text, flags=re.I)
    text = re.sub(r"\b(?:negative|minus)\s+(?=[\d\\$(.])", "-", text, flags=re.I)
    text = re.sub(r"(?<=\d)\s+in the morning\b", " am", text)
    text = re.sub(r"(?<=\d)\s+(?:in the (?:afternoon|evening)|at night)\b", " pm", text)
    for words, sign in _COMPARED:
        text = re.sub(rf"^(?:{words})\s+(?=[-\d\\$.])", sign, text, flags=re.I)
    return text


def _lead_in(text: str) -> str:
    for _ in range(3):
        text = _ABOUT.sub("", _LEAD_IN.sub("", text))
    return text


def _ends(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r'^(?:\\?")+|(?:\\?")+(?=\.?$)', "", text).strip()
    text = re.sub(r"^'([^']*)'(?=\.?$)", r"\1", re.sub(r"^[*•◦▪]\s+", "", text))
    while text and unicodedata.category(text[0]) == "So":
        text = text[1:].strip()
    while text and unicodedata.category(text[-1]) in ("So", "Mn"):
        text = text[:-1].strip()
    text = (
        re.sub(r"(?<=.)[.,;:]+(?:\s*\$)?$", lambda m: "$" if "$" in m.group() else "", text)
        if not text.endswith("...")
        else text
    )
    return text.strip()


def _number_words(text: str) -> str:
    text = re.sub(r"^(?:an? |one )?half$", "1/2", text, flags=re.I)
    text = re.sub(r"(?<![\d.,])(\d+) and (?:a|one)[ -]half\b", r"\1 1/2", text)
    scale = r"(\d)\s*(?:\\text\{\s*)?(dozen|hundred|thousand|million|billion|trillion)\b(?:\s*\})?(?! and)"
    text = re.sub(scale, lambda match: match.group(1) + _SCALES[match.group(2)], text)
    text = re.sub(r"^all reals?(?: numbers)?$", r"\\mathbb{R}", text, flags=re.I)
    signed = re.fullmatch(r"(?:minus|negative) (\w+)", text, re.I)
    if signed and signed.group(1).lower() in _NUMBER_WORDS:
        return "-" + _NUMBER_WORDS[signed.group(1).lower()]
    return _NUMBER_WORDS.get(text.lower(), text)


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("characters that nobody sees go", _invisible),
    ("signs typed as characters are LaTeX: x², √3, π, ≥", typed_signs),
    ("tags go", _tags),
    ("bold, backticks and headings go", _bold_and_code),
    ("delimiters of formulas are single dollars, and go around a whole answer", _delimiters),
    ("layout goes: left, right, dfrac, displaystyle", _layout),
    ("thousands are one number: 1,250, 10 000", _thousands),
    ("LaTeX's spaces are spaces", _spaces),
    ("words are in one kind of text: textrm, mbox", _text_commands),
    ("lead-ins go: the answer is, about", _lead_in),
    ("the full stop goes", _ends),
    ("delimiters that are now around the whole answer go", _delimiters),
    ("words for signs are signs: minus 3, at least 5", _signs_in_words),
    ("what people type is LaTeX: pi/4, sqrt3, 3e8, 2**10", typed_names),
    ("money is a unit", _currency),
    ("percent is a unit", _percent),
    ("degrees go, those of temperature are units", _degrees),
    ("thousands, now without their signs of money", _thousands),
    ("numbers up to twenty may be words", _number_words),
    ("the full stop goes, again", _ends),
)
"""What is done to an answer and to a reference before they are compared, in this order."""


@lru_cache(maxsize=16384)
def undress(text: str) -> str:
    """The answer without its clothes. What is too long for an answer is left as it is."""
    if len(text) > LONGEST:
        return text
    for _, step in STEPS:
        text = step(text)
    return text
