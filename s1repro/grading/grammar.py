r"""Read one mathematical expression, the whole of it or not at all.

Takes LaTeX and what people type instead of it, after `s1repro.grading.clothes` took off what is not mathematics.
Nothing is guessed: two numbers side by side, a word, or a command that is not known make the whole text `Unreadable`,
so a number inside of it can never pass for the answer. Lists, intervals, relations and units are
`s1repro.grading.reading`'s and `units`' business; what an expression is worth is `s1repro.grading.worth`'s.

    read(r"7\sqrt{3}")      # Op("mul", (Num(7), Op("root", (Num(3), Num(2)))))
    read("7 apples")        # raises Unreadable
"""

from __future__ import annotations

import itertools
import re

from s1repro.grading.commands import BEGIN_VALUES, Commands
from s1repro.grading.expression import Expression, Num, Op, Unreadable
from s1repro.grading.numerals import number_at
from s1repro.grading.vocabulary import NO_PRODUCTS

LONGEST = 1000
"""Characters of the longest expression that is read."""
_DEEPEST = 60
"""Brackets within brackets."""

_LETTERS = re.compile(r"\\[A-Za-z]+|[A-Za-z]{2,}")
_POWER = re.compile(r"\d+\s*\^")
_INDICES = re.compile(r"_\s*\{[^{}]*\}")


def read(text: str) -> Expression:
    """The expression that the text is. Raises `Unreadable`."""
    if len(text) > LONGEST:
        raise Unreadable("too long")
    for run in _LETTERS.findall(_INDICES.sub("", text)):
        if not run.startswith("\\") and not _is_product(run):
            raise Unreadable(f"{run} is a word")
    reader = _Reader(text)
    whole = reader.sum()
    if reader.peek():
        raise Unreadable(f"{text[reader.at :]} is left over")
    return whole


def _is_product(letters: str) -> bool:
    """Whether letters side by side are variables: two that are no word, or several in the alphabet's order."""
    if len(letters) == 2:
        return letters.isupper() or letters.lower() not in NO_PRODUCTS
    return all(first < second for first, second in itertools.pairwise(letters))


class _Reader(Commands):
    """Recursive descent over the text; each method reads one rule of the grammar and moves on."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth, self.bars = 0, 0

    def sum(self) -> Expression:
        """a + b - c."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("too deep")
        terms = [self.signed()]
        while sign := self.take("+", "-"):
            term = self.product()
            terms.append(_negative(term) if sign == "-" else term)
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Op("add", tuple(terms))

    def signed(self) -> Expression:
        """A product with a sign before it."""
        sign = self.take("+", "-")
        return _negative(self.product()) if sign == "-" else self.product()

    def product(self) -> Expression:
        """Factors, with signs of multiplication and division or side by side."""
        whole = self.factor()
        while True:
            if self.take("*", "\\cdot", "\\times"):
                whole = Op("mul", (whole, self.signed_factor()))
            elif self.take("/", "\\div"):
                whole = Op("div", (whole, self.denominator()))
            elif self.starts_factor():
                if (self.peek().isdigit() or self.peek() == ".") and not self.parts_numbers(whole):
                    raise Unreadable("a number behind a factor")
                whole = Op("mul", (whole, self.factor()))
            else:
                return whole

    def parts_numbers(self, before: Expression) -> bool:
        """Whether a number behind a factor is one of its own: 5! 47!, and powers of primes as 2^6 3^5."""
        last = before.args[-1] if isinstance(before, Op) and before.name == "mul" else before
        if not isinstance(last, Op):
            return False
        return last.name == "factorial" or (last.name == "pow" and _POWER.match(self.text, self.at) is not None)

    def denominator(self) -> Expression:
        """What is divided by: in 1/2x all of 2x, in 1/2 x only the 2."""
        below = self.signed_factor()
        tight = re.compile(r"(?<!\s)(?:[A-Za-z]|\\pi)")
        while tight.match(self.text, self.at):
            below = Op("mul", (below, self.factor()))
        return below

    def signed_factor(self) -> Expression:
        sign = self.take("+", "-")
        return _negative(self.factor()) if sign == "-" else self.factor()

    def starts_factor(self) -> bool:
        found = self.peek()
        if found == "|":
            return self.bars == 0
        if found.startswith("\\"):
            return found[1:] in BEGIN_VALUES
        return found != "" and ((found.isascii() and found.isalnum()) or found in "([{.")

    def factor(self) -> Expression:
        """An atom with its exponent and factorials."""
        whole = self.atom()
        while True:
            if self.take("!"):
                whole = Op("doublefactorial" if self.take("!") else "factorial", (whole,))
            elif self.take("^"):
                whole = Op("pow", (whole, self.exponent()))
            else:
                return whole

    def exponent(self) -> Expression:
        if self.take("{"):
            return self.closed("}")
        if self.peek() in ("+", "-"):
            return self.signed_factor()
        return self.factor()

    def closed(self, end: str) -> Expression:
        """An expression up to its closing bracket; bars outside of it do not end bars inside."""
        bars, self.bars = self.bars, 0
        inside = self.sum()
        self.need(end)
        self.bars = bars
        return inside

    def atom(self) -> Expression:
        found = self.peek()
        if (found.isascii() and found.isdigit()) or found == ".":
            return self.number()
        if found.startswith("\\"):
            return self.command()
        if self.take("("):
            return self.closed(")")
        if self.take("["):
            return self.closed("]")
        if self.take("{"):
            return self.closed("}")
        if self.take("|"):
            self.bars += 1
            inside = self.sum()
            self.need("|")
            self.bars -= 1
            return Op("abs", (inside,))
        if found.isascii() and found.isalpha():
            self.at += 1
            if found in "fgFG" and self.text[self.at : self.at + 1] == "(":
                raise Unreadable(f"{found} is a function that is not known")
            return self.named(found)
        raise Unreadable(f"{found or 'nothing'} where a value should be")

    def number(self) -> Expression:
        """A number; a whole one before a proper fraction makes a mixed number."""
        start = self.at
        number, self.at = number_at(self.text, start)
        whole = self.text[start : self.at].isdigit()
        return self.mixed(number) if whole and self.peek() == "\\frac" else number

    def mixed(self, whole: Num) -> Expression:
        start = self.at
        part = self.factor()
        match part:
            case Op("div", (Num(above, 0), Num(below, 0))) if 0 < above < below:
                return Num(whole.value + above / below)
        self.at = start
        return whole


def _negative(term: Expression) -> Expression:
    return Op("neg", (term,))
