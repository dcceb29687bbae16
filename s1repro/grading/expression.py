r"""Read one mathematical expression, the whole of it or not at all.

Takes LaTeX and what people type instead of it, after `s1repro.grading.clothes` took off what is not mathematics.
Nothing is guessed: two numbers side by side, a word, or a command that is not known make the whole text `Unreadable`,
so a number inside of it can never pass for the answer. Lists, intervals, relations and units are
`s1repro.grading.shapes`' and `units`' business; what an expression is worth is `s1repro.grading.worth`'s.

    read(r"7\sqrt{3}")      # Op("mul", (Num(7), Op("root", (Num(3), Num(2)))))
    read("7 apples")        # raises Unreadable
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from fractions import Fraction

from s1repro.grading.vocabulary import FUNCTIONS, GREEK, NO_PRODUCTS

LONGEST = 1000
"""Characters of the longest expression that is read."""
_DEEPEST = 60
"""Brackets within brackets."""

_OF_SEVERAL = ("gcd", "lcm", "max", "min")
_ACCENTS = ("overline", "bar", "vec", "hat", "tilde", "overrightarrow", "mathbb", "mathcal", "mathbf", "mathfrak")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_REPEATING = re.compile(
    r"(\d*)\.(\d*)(?:\\overline\s*\{(\d+)\}|\\overline\s*(\d)|\\bar\s*\{(\d+)\}|\\dot\s*(\{?\d\}?\d*\\dot\s*\{?\d\}?)|\\dot\s*\{?(\d)\}?|\((\d+)\)"
    r"|(\d)\9{2,}(?:\\ldots|\\dots|\\cdots|\.\.\.)|(\d{2,})\10+(?:\\ldots|\\dots|\\cdots|\.\.\.))"
)
_LETTERS = re.compile(r"\\[A-Za-z]+|[A-Za-z]{2,}")
_INDICES = re.compile(r"_\s*\{[^{}]*\}")


class Unreadable(ValueError):
    """The text is not one expression, or none that is understood."""


@dataclass(frozen=True)
class Num:
    """A number, exactly; `digits` are the significant ones of a decimal fraction, 0 for a whole number."""

    value: Fraction
    digits: int = 0


@dataclass(frozen=True)
class Sym:
    """A variable or a constant: `x`, `x_1`, `pi`, `e`, `i`."""

    name: str


@dataclass(frozen=True)
class Op:
    """An operation on expressions."""

    name: str
    args: tuple[Expression, ...]


Expression = Num | Sym | Op


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


class _Reader:
    """Recursive descent over the text; each method reads one rule of the grammar and moves on."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth, self.bars = text, 0, 0, 0

    def peek(self) -> str:
        """The next command or character, white space skipped; "" at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        command = re.compile(r"\\(?:[A-Za-z]+|.)").match(self.text, self.at)
        return command.group() if command else self.text[self.at : self.at + 1]

    def take(self, *wanted: str) -> str:
        """The next one, if it is wanted; "" otherwise."""
        found = self.peek()
        if found and found in wanted:
            self.at += len(found)
            return found
        return ""

    def need(self, wanted: str) -> None:
        """Step over what must come."""
        if not self.take(wanted):
            raise Unreadable(f"no {wanted} at {self.at}")

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
                if self.peek().isdigit() or self.peek() == ".":
                    raise Unreadable("a number behind a factor")
                whole = Op("mul", (whole, self.factor()))
            else:
                return whole

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
            name = found[1:]
            return name in ("frac", "sqrt", "pi", "log", "lg", "binom", "lfloor", "lceil", "{", "lvert") or (
                name in GREEK or name in FUNCTIONS or name in _OF_SEVERAL or name in _ACCENTS
            )
        return found != "" and ((found.isascii() and found.isalnum()) or found in "([{.")

    def factor(self) -> Expression:
        """An atom with its exponent and factorials."""
        whole = self.atom()
        while True:
            if self.take("!"):
                whole = Op("factorial", (whole,))
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
        repeating = _REPEATING.match(self.text, self.at)
        if repeating:
            self.at = repeating.end()
            return Num(_repeating(repeating))
        match = _NUMBER.match(self.text, self.at)
        if not match:
            raise Unreadable("a point without digits")
        self.at = match.end()
        if self.text[self.at : self.at + 1] in ("_", "."):
            raise Unreadable("a number with an index, or with two points")
        digits = match.group()
        number = Num(Fraction(digits), len(digits.replace(".", "").lstrip("0")) if "." in digits else 0)
        if "." not in digits and self.peek() in ("\\frac",):
            return self.mixed(number)
        return number

    def mixed(self, whole: Num) -> Expression:
        start = self.at
        part = self.factor()
        match part:
            case Op("div", (Num(above, 0), Num(below, 0))) if 0 < above < below:
                return Num(whole.value + above / below)
        self.at = start
        return whole

    def named(self, name: str) -> Expression:
        """A variable with its index and its strokes."""
        if self.text[self.at : self.at + 1] == "_":
            index = re.compile(r"_(?:\{([A-Za-z0-9,+\- ]{1,12})\}|([A-Za-z0-9]))").match(self.text, self.at)
            if not index:
                raise Unreadable("an index that is not understood")
            self.at = index.end()
            name += "_" + (index.group(1) or index.group(2)).replace(" ", "")
        while self.text[self.at : self.at + 1] == "'":
            self.at += 1
            name += "'"
        return Sym(name)

    def command(self) -> Expression:
        name = self.peek()[1:]
        self.at += len(name) + 1
        if name == "frac":
            return Op("div", (self.argument(), self.argument()))
        if name == "binom":
            return Op("binom", (self.argument(), self.argument()))
        if name == "sqrt":
            degree = self.closed("]") if self.take("[") else Num(Fraction(2))
            return Op("root", (self.argument(), degree))
        if name in ("log", "lg"):
            return self.logarithm()
        if name in FUNCTIONS:
            return self.function(name)
        if name in _OF_SEVERAL:
            return self.several(name)
        if name in ("lfloor", "lceil"):
            inside = self.closed("\\rfloor" if name == "lfloor" else "\\rceil")
            return Op("floor" if name == "lfloor" else "ceil", (inside,))
        if name == "{":
            return self.closed("\\}")
        if name == "lvert":
            return Op("abs", (self.closed("\\rvert"),))
        if name == "pi":
            return Sym("pi")
        if name in GREEK:
            return self.named("\\" + name)
        if name in _ACCENTS:
            held = re.compile(r"\s*(?:\{([A-Za-z]{1,3})\}|([A-Za-z]))").match(self.text, self.at)
            if held:
                self.at = held.end()
                return self.named(f"\\{name}{{{held.group(1) or held.group(2)}}}")
        raise Unreadable(f"\\{name}")

    def argument(self) -> Expression:
        r"""What a LaTeX command takes: a group, or one digit, letter or command (`\frac12`)."""
        if self.take("{"):
            return self.closed("}")
        found = self.peek()
        if found.isascii() and found.isdigit():
            self.at += 1
            return Num(Fraction(found))
        return self.atom()

    def logarithm(self) -> Expression:
        base: Expression = Num(Fraction(10))
        if self.take("_"):
            base = self.argument()
        power = self.exponent() if self.take("^") else None
        logarithm = Op("log", (self.operand(), base))
        return Op("pow", (logarithm, power)) if power else logarithm

    def function(self, name: str) -> Expression:
        r"""`\sin x`, `\sin^2 x`, `\sin^{-1} x`."""
        power = self.exponent() if self.take("^") else None
        if power == Op("neg", (Num(Fraction(1)),)) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            return Op("arc" + name, (self.operand(),))
        applied = Op(name, (self.operand(),))
        return Op("pow", (applied, power)) if power else applied

    def operand(self) -> Expression:
        r"""What a function is taken of: what is in brackets behind it, else all factors up to the next function."""
        if self.peek() in ("(", "{", "["):
            return self.factor()
        whole = self.signed_factor()
        while self.starts_factor() and self.peek()[1:] not in (*FUNCTIONS, "log") and not self.peek().isdigit():
            if self.peek() in ("(", "["):
                break  # in sin x (1 + y) the bracket is a factor of its own
            whole = Op("mul", (whole, self.factor()))
        return whole

    def several(self, name: str) -> Expression:
        self.take("\\{")
        self.need("(")
        args = [self.sum()]
        while self.take(","):
            args.append(self.sum())
        self.need(")")
        return Op(name, tuple(args))


def _negative(term: Expression) -> Expression:
    return Op("neg", (term,))


def _repeating(match: re.Match[str]) -> Fraction:
    r"""0.1\overline{6}, 0.1666...: what comes before the period, and the period itself without end."""
    whole, before = match.group(1) or "0", match.group(2)
    period = re.sub(r"\D", "", next(group for group in match.groups()[2:] if group))
    scale = 10 ** len(before)
    start = Fraction(int(whole + before), scale)
    return start + Fraction(int(period), scale * (10 ** len(period) - 1))
