r"""The letter of the option that a response chose, of up to ten.

The chosen one, not a mentioned one: what stands in a reason, is said to be wrong or is only the article A does not
count, and two letters that are left are no choice.

    choice("Answer: A, because B is wrong.")        # "A"
"""

from __future__ import annotations

import re
import unicodedata

from s1repro.grading.clothes import LONGEST
from s1repro.grading.extraction import after_marker, boxed, lines_of
from s1repro.records import CHOICES

_LONGEST = 20_000
"""Options are looked for in so many last characters."""
_LETTER = f"[{CHOICES}]"
_ALONE = re.compile(rf"[\W_]*([{CHOICES}{CHOICES.lower()}])[\W_]*")
_FIRST = re.compile(rf"[\s({{\[*$]*({_LETTER})(?:[)}}\]*]+[.:,]?|[.:](?=\s|$|\*))")
_MENTION = re.compile(
    rf"\(([{CHOICES}{CHOICES.lower()}])\)|(?<![\w'(-])({_LETTER})(?![\w'\u2019)-])(?!\s+\d)"
    rf"|(?<![\w'-])({_LETTER})(?=\)\s)"
)
_REASONS = re.compile(r"\b(?:because|since|whereas|unlike|while|although|though|as opposed to)\b[^,.;]*", re.I)
_LIST = rf"\(?{_LETTER}\)?(?:(?:\s*,\s*(?:and |or )?|\s+and\s+|\s+or\s+|\s*/\s*)\(?{_LETTER}\)?)*"
_REJECTED = re.compile(
    rf"(?:options?\s+|choices?\s+)?{_LIST}\s+(?:(?:is|are|was|were|cannot|can't|must|seems?)\s+(?:be\s+)?"
    r"(?:all |both |clearly |also |definitely )?"
    r"(?:wrong|incorrect|false|not|impossible|out|ruled|excluded|eliminated|invalid)\w*"
    r"|isn't|aren't|fails?|does not|doesn't|do not|don't|can be (?:ruled|excluded|eliminated))[^,.;]*"
    rf"|{_LIST}\b[^.;]*?\bbut\s+(?:it|this|that|they)\s+(?:(?:is|are|was|were)\s+"
    r"(?:wrong|incorrect|false|not|impossible|ruled out)|isn't|aren't|fails?|cannot|can't|does not|doesn't)[^,.;]*"
    r"|\b(?:not|isn't|neither|nor|except|ruled? out|ruling out|eliminat\w+|exclud\w+|instead of|rather than|than"
    r"|unlike"
    r"|(?:anything|everything|all|any|every)(?: of the)?(?: options?| choices?| answers?)? (?:but|except|besides)"
    r"|(?:can't|cannot|can not|couldn't|could not|won't|will not|mustn't|must not|not)(?: possibly)? be"
    r"|(?:doesn't|does not|no)(?: make)? sense for (?:it|this|the answer) to be)"
    rf"\s+(?:options?\s+|choices?\s+)?{_LIST}",
    re.I,
)
_CHOSEN = re.compile(
    r"\b(?:answer|choice|option|pick|choose|select|correct)\b"
    r"(?:\s+(?:is|one is|answer is|option is|choice is))?\s*:?\s*"
    rf"(?:option\s+|choice\s+)?[(*]*({_LETTER})\b(?!['\u2019-])"
    rf"|(?<![\w'])({_LETTER})\)?\s+(?:is|must be|has to be|seems)\s+(?:the\s+)?(?:right|correct|true|best|answer)\b"
)
_THE_OTHERS = re.compile(
    rf"\b(?:all|every|any)(?: of the)?(?: options?| choices?| answers?)? (?:but|except|besides) (\(?{_LETTER}\)?)"
    r"\s+(?:is|are|was|were|can be)\s+(?:clearly |all )?"
    r"(?:wrong|incorrect|false|impossible|eliminated|excluded|ruled out)",
    re.I,
)
"""All but one are wrong: that one is right."""
_SMALL = re.compile(r"\b(?i:answer|choice|option)(?:\s+is)?\s*:?\s*\(?([b-hj])\)?\s*[.!]?$")
"""A small letter counts where it ends the sentence that gives the answer, and no capital one is named."""
_NAMES = re.compile(
    r"\b(?:vitamin|hepatitis|influenza|group|type|class|grade|figure|table|plan|point|compound|product|structure|molecule"
    r"|reagent|protein|section|part|step|case|team|phase|strain|vessel|list|region|curve|graph|station|planet|star|line"
    r"|matrix|sample|species|factor|appendix|substance|complex|enzyme|gene|cell|side|angle|event|set|box)\s+$",
    re.I,
)
"""Behind one of these a letter is a name: vitamin C."""
_HEDGES = re.compile(r"\b(?:might|could|may) be\b", re.I)
_TURNS = re.compile(r"\b(?:wait|actually|correction|hmm)\b", re.I)
_ARTICLE_GOES_ON = re.compile(r"\s+(?:is|because|since|was|must|seems|and|or|as|but|has|though|it)\b|\s*$|\s*[^\w\s]")


def choice(text: str) -> str:
    """The letter, in capitals; "" where none was chosen, or more than one."""
    tail = after_marker(text)
    where = text if tail is None or not tail.strip() else tail
    held = boxed(where)
    if held is None and where is tail and re.search(r"\b(?:box(?:ed)?|above)\b", where):
        held = boxed(text)
    if held is not None:
        return _in_line(held)
    lines = lines_of(where)
    if tail is None:
        lines = lines[::-1]
    found = next(filter(None, map(_in_line, lines[:1] if _speaks(lines) else lines)), "")
    return found or (_label_of(lines[0], text) if tail is not None and lines else "")


def _label_of(words: str, text: str) -> str:
    """The letter that a response puts before these words: "flammable" after a line "B. flammable"."""
    bare = re.escape(words.strip(" .*"))
    found = (
        re.findall(rf"^[^\w\n]*({_LETTER})[.):][^\w\n]*{bare}[^\w\n]*$", text[-_LONGEST:], re.M | re.I) if bare else []
    )
    return found[0].upper() if len(set(found)) == 1 else ""


def _speaks(lines: list[str]) -> bool:
    """Whether the first line already names letters, and so decides."""
    return bool(lines) and bool(_letters(_bare(lines[0][:LONGEST])))


def _bare(line: str) -> str:
    line = re.sub(r"\\(?:text|mathrm|mathbf|textbf|boldsymbol|mathit|textit|rm|bf)\b", "", line)
    line = unicodedata.normalize(
        "NFKC", line.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
    )
    return re.sub(r"\*\*|[`${}]|</?\w+>", " ", line).strip()


def _in_line(line: str) -> str:
    line = _bare(line[:LONGEST])
    if _HEDGES.search(line):
        return ""
    turns = list(_TURNS.finditer(line))
    if turns and _CHOSEN.search(line[turns[-1].end() :]):
        line = line[turns[-1].end() :]
    line = _THE_OTHERS.sub(r"\1", line)
    small = _SMALL.search(line)
    if small and not _letters(line) and not re.search(r"\b(?:not|never)\b|n't\b", line):
        return small.group(1).upper()
    alone = _ALONE.fullmatch(line)
    if alone:
        return alone.group(1).upper()
    first = _FIRST.match(line)
    if first and not _TURNS.search(line):
        other = re.match(rf"[\s,]*(?:or|and|/|,|&)?\s*\(?({_LETTER})\)?(?![\w'-])(?=[\s).,:]|$)", line[first.end() :])
        return "" if other and other.group(1) != first.group(1) else first.group(1)
    left = _letters(_REJECTED.sub(" ", _REASONS.sub(" ", line)))
    if len(left) == 1:
        return left.pop()
    chosen = {next(filter(None, match.groups())) for match in _CHOSEN.finditer(line)} & left
    lists = re.search(rf"(?<![\w'])\(?{_LETTER}\)?\s*(?:,|or|and|/|&)\s*\(?{_LETTER}\)?(?![\w'])", line)
    return chosen.pop() if len(chosen) == 1 and not lists else ""


def _letters(text: str) -> set[str]:
    """The letters that stand for options: not the article, not the pronoun, not a unit behind a number."""
    found: set[str] = set()
    for match in _MENTION.finditer(text):
        letter = next(filter(None, match.groups())).upper()
        behind = text[match.end() :]
        bare = match.group(2) is not None
        if (
            bare
            and letter == "A"
            and not _ARTICLE_GOES_ON.match(behind)
            and not re.search(r"(?:option|choice|answer)\s*$", text[: match.start()], re.I)
        ):
            continue
        if bare and letter == "I" and (re.match(r"\s+[a-z]", behind) or re.match(r"['\u2019]", behind)):
            continue
        if bare and re.match(r"\s*[=<>^_+*/\\]", behind):  # F = ma
            continue
        if bare and (re.search(r"\d\s*$", text[: match.start()]) or _NAMES.search(text[: match.start()])):
            continue
        found.add(letter)
    return found
