r"""Steps of `clothes` that take off markup: characters nobody sees, tags, bold, and the layout of LaTeX.

layout(r"\left(\dfrac12\right)")        # r"(\frac12)"
"""

from __future__ import annotations

import re

from s1repro.grading.units import KNOWN
from s1repro.grading.vocabulary import FUNCTIONS

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"(?<!\\)\\(?:[,;:!> ]|q?quad|hspace\{[^{}]*\}|hfill\b|space\b|thinspace\b)|(?<!\\)~|&nbsp;")
_REMAINDER = re.compile(r"(?<![\w.^+*/-])(\d{1,20})\s*(?:\\bmod|\bmod\b)\s*\{?\s*([1-9]\d{0,19})\s*\}?(?=\s*=)")
"""A remainder that an equation works out: 17 mod 5 = 2. Without the equation it may be a class of numbers."""
_ALIASES = {
    "leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge", "neq": "ne", "varnothing": "emptyset",
    "vert": "lvert", "dots": "ldots", "cdots": "ldots", "simeq": "approx", "approxeq": "approx", "sim": "approx",
    "land": "wedge",
    "lor": "vee", "tg": "tan", "ctg": "cot", "arctg": "arctan",
}  # fmt: skip
"""Commands that say what another one says."""
_WORD_COMMAND = (
    r"\\(?:text(?:rm|bf|it|tt|sf|sc|up|md|normal)?|math(?:rm|bf|it|tt|sf|normal)|mbox|hbox|operatorname\*?|emph|boldsymbol|bm"
    r"|fbox|boxed|underline)"
)


def invisible(text: str) -> str:
    """Without characters that nobody sees; a space is a plain one."""
    return _INVISIBLE.sub("", text).replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")


def tags(text: str) -> str:
    """Without the tags of HTML and of chat templates; raised and lowered text stays so."""
    text = re.sub(r"<(su[pb])>([^<>]*)</\1>", lambda m: ("^" if m[1] == "sup" else "_") + "{" + m[2] + "}", text)
    text = re.sub(r"<\|im_start\|>(?:user|assistant|system)\b|<\|[^|<>]{1,40}\|>", " ", text)
    return re.sub(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>", " ", text)


def bold_and_code(text: str) -> str:
    """Without the signs of Markdown around words: bold, italics, backticks, headings."""
    text = re.sub(r"^\s*#{1,6}\s+", "", text)
    text = re.sub(
        r"(?<![\w)}*])\*\*\*?(?=[^\s*])([^*]+(?:\*\*?[^*\s][^*]*)*?)(?<=[^\s*])\*\*\*?(?![\w(*])", r"\1", text
    )
    text = re.sub(r"(?<!\w)__(?=\S)([^_]+)(?<=\S)__(?!\w)", r"\1", text)
    text = re.sub(r"`+([^`]*)`+", r"\1", text)
    return re.sub(r"^\s*([*_])([^*_]+)\1(?=[.,]?\s*$)", r"\2", text)


def delimiters(text: str) -> str:
    """Formulas between single dollars, and none around a whole answer."""
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


def systems(text: str) -> str:
    """A system of equations behind a brace as equations side by side; a function by cases stays."""
    return re.sub(r"\\begin\{cases\}(.*?)\\end\{cases\}", _side_by_side, text, flags=re.S)


def _side_by_side(match: re.Match[str]) -> str:
    rows = [
        row.replace("&=", "=").replace("&", "", row.count("& =")).strip(" ,") for row in match.group(1).split("\\\\")
    ]
    rows = [row for row in rows if row]
    equations = len(rows) > 1 and all(row.count("=") == 1 and "&" not in row for row in rows)
    return ", ".join(rows) if equations else match.group()


def layout(text: str) -> str:
    """Without what only says how LaTeX is set; one command for each thing that several say."""
    if "\\\\begin" in text:  # escaped twice, line breaks too
        text = text.replace("\\\\", "\\")
    elif "\\begin" not in text:
        text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)
    text = re.sub(r"\\(?:left|right|[bB]igg?[lrm]?|middle)(?![A-Za-z])\s*\.?", "", text)
    text = re.sub(r"\\(?:[hv]?phantom|color)\s*\{[^{}]*\}|\\textcolor\s*\{[^{}]*\}", "", text)
    text = re.sub(r"\\(?:tiny|small|normalsize|large|Large|LARGE|huge|Huge)(?![A-Za-z])", "", text)
    text = re.sub(r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|rm|bf|it|cal)(?![A-Za-z])", "", text)
    text = re.sub(r"\\(?:dfrac|tfrac|cfrac)(?![A-Za-z])", r"\\frac", text)
    text = re.sub(r"\^\s*\{?\s*(?:\\prime\s*)\}?", "'", text)
    text = re.sub(r"\\(?:rightarrow|longrightarrow)(?![A-Za-z])", r"\\to ", text)
    text = re.sub(r"\\(?:dbinom|tbinom)(?![A-Za-z])", r"\\binom", text)
    for alias, name in _ALIASES.items():
        text = re.sub(rf"\\{alias}(?![A-Za-z])", rf"\\{name} ", text)
    text = text.replace("\\lt ", "<").replace("\\gt", ">").replace("<=", "\\le ").replace(">=", "\\ge ")
    text = re.sub(r"\\l?vert(?![A-Za-z])|\\rvert(?![A-Za-z])|\\mid(?![A-Za-z])", "|", text)
    text = _REMAINDER.sub(lambda match: str(int(match.group(1)) % int(match.group(2))), text)
    text = re.sub(
        r"\(?\s*(?:\\p?mod|\\bmod|\\text\{\s*mod\s*\}|\bmod(?:ulo)?\b)\s*\{?\s*(\w+)\s*\}?\s*\)?", r"\\pmod{\1}", text
    )
    text = re.sub(r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}", r"\\binom{\1}{\2}", text)
    text = text.replace("\\lbrace", "\\{").replace("\\rbrace", "\\}")
    return text.replace("!=", "\\ne ")


def spaces(text: str) -> str:
    """LaTeX's spaces as spaces."""
    text = re.sub(r"(?<!\\)\\$", "", text)  # a box ends in a space that was stripped
    return _SPACES.sub(lambda match: "" if match.group() == "\\!" else " ", text)


def text_commands(text: str) -> str:
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
