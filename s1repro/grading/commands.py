r"""What a command of LaTeX reads behind it: fractions, roots, functions and what they are taken of, Greek letters.

The arithmetic around commands, and within their arguments, is `s1repro.grading.grammar`'s, which reads on from here.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from fractions import Fraction

from s1repro.grading.cursor import Cursor
from s1repro.grading.expression import Expression, Num, Op, Sym, Unreadable
from s1repro.grading.vocabulary import FUNCTIONS, GREEK

_OF_SEVERAL = ("gcd", "lcm", "max", "min")
_ACCENTS = ("overline", "bar", "vec", "hat", "tilde", "overrightarrow", "mathbb", "mathcal", "mathbf", "mathfrak")
_VALUES = ("frac", "sqrt", "pi", "log", "lg", "binom", "lfloor", "lceil", "{", "lvert")
BEGIN_VALUES = frozenset([*_VALUES, *GREEK, *FUNCTIONS, *_OF_SEVERAL, *_ACCENTS])
"""Commands that begin a value, and so a factor where they stand behind one."""


class Commands(Cursor, ABC):
    """The rules of the grammar that begin with a command."""

    @abstractmethod
    def sum(self) -> Expression:
        """a + b - c."""

    @abstractmethod
    def factor(self) -> Expression:
        """An atom with its exponent and factorials."""

    @abstractmethod
    def signed_factor(self) -> Expression:
        """A factor with a sign before it."""

    @abstractmethod
    def starts_factor(self) -> bool:
        """Whether what comes next is a factor without a sign of multiplication."""

    @abstractmethod
    def exponent(self) -> Expression:
        """What stands behind `^`."""

    @abstractmethod
    def closed(self, end: str) -> Expression:
        """An expression up to its closing bracket."""

    @abstractmethod
    def atom(self) -> Expression:
        """A number, a name, a command, or an expression in brackets."""

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
        """A command and what it takes. Raises `Unreadable` where it is not known."""
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
        r"""`\log_2 8`, `\log^2 x`."""
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
        r"""`\gcd(a, b)`, `\max\{a, b\}`."""
        self.take("\\{")
        self.need("(")
        args = [self.sum()]
        while self.take(","):
            args.append(self.sum())
        self.need(")")
        return Op(name, tuple(args))
