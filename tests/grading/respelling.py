# ruff: noqa: RUF001 - the odd signs are the point
"""Answers re-spelt by rules, right by construction, and their near misses, wrong by construction.

for case in respelt(seed=0, count=1000):
    grade(case.response, case.reference, "math").correct == case.correct
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random


@dataclass(frozen=True)
class Case:
    """A response, what it is compared with, and the right verdict."""

    family: str
    response: str
    reference: str
    correct: bool


@dataclass(frozen=True)
class Spelt:
    """An answer in one spelling of several that are the same, with others that are not."""

    same: list[str]
    other: list[str]


def respelt(seed: int, count: int) -> Iterator[Case]:
    """`count` cases, half of them right, in turn from all families."""
    random = Random(seed)
    families = itertools.cycle(FAMILIES)
    for number in range(count):
        family = next(families)
        spelt = family(random)
        right = number // len(FAMILIES) % 2 == 0
        reference = random.choice(spelt.same)
        answer = random.choice(spelt.same if right else spelt.other)
        yield Case(family.__name__, random.choice(CLOTHES)(answer, random), reference, right)


def integers(random: Random) -> Spelt:
    """Whole numbers up to ten digits."""
    n = random.choice([random.randint(2, 99), random.randint(100, 9999), random.randint(10**4, 10**10)])
    grouped = f"{n:,}"
    same = [
        str(n),
        f"+{n}",
        f"{n}.0",
        grouped,
        grouped.replace(",", "{,}"),
        grouped.replace(",", "\\,"),
        f"\\text{{{n}}}",
    ]
    same += [
        grouped.replace(",", " "),
        f"{2 * n}/2",
        f"\\frac{{{3 * n}}}{{3}}",
        f"x = {n}",
        f"{n - 1}+1",
        f"\\mathbf{{{n}}}",
    ]
    other = [
        str(n + 1),
        str(n - 1),
        str(-n),
        f"{n}0",
        f"{n}.5",
        f"{n}x",
        f"{n}^2",
        f"\\sqrt{{{n}}}",
        f"{n}!",
        f"\\frac{{{n}}}{{2}}",
    ]
    other += [
        f"\\ge {n}",
        f"not {n}",
        f"{n} or {n + 1}",
        f"between {n - 1} and {n}",
        f"at least {n}",
        f"minus {n}",
        f"{n}, {n + 2}",
    ]
    other += [
        f"{n} + x",
        f"2x = {n}",
        f"{n}i",
        f"{n}\\sqrt{{3}}",
        f"{n}√3",
        f"{n} times x",
        f"{n} pi",
        f"{n}e",
        f"more than {n}",
    ]
    other += [f"no solution for n > {n}", f"I cannot tell from {n} equations", f"step {n}", f"{n} \\pm 1", f"(1, {n})"]
    return Spelt(same, other)


def negatives(random: Random) -> Spelt:
    """Whole numbers below zero."""
    n = random.randint(2, 5000)
    return Spelt([f"-{n}", f"−{n}", f"–{n}", f"minus {n}", f"negative {n}", f"-{n}.00", f"-({n})", f"\\text{{-}}{n}"], [
        str(n), f"-{n}0", f"-{n + 1}", f"--{n}", f"1-{n}", f"|-{n}|", f"-{n}^2", f"not -{n}"])  # fmt: skip


def fractions(random: Random) -> Spelt:
    """Fractions, mixed numbers and the decimal fractions that they are."""
    value = Fraction(random.randint(1, 60), random.choice([2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 25]))
    a, b, k = value.numerator, value.denominator, random.randint(2, 7)
    if b == 1:
        return integers(random)
    same = [
        f"\\frac{{{a}}}{{{b}}}",
        f"\\dfrac{{{a}}}{{{b}}}",
        f"{a}/{b}",
        f"{a}\\div {b}",
        f"\\frac{{{k * a}}}{{{k * b}}}",
    ]
    same += [f"\\tfrac{{{a}}}{{{b}}}", f"{a} / {b}", f"({a})/({b})", f"\\frac{{1}}{{{b}}}\\cdot {a}"]
    whole, rest = divmod(a, b)
    if whole:
        same += [f"{whole}\\frac{{{rest}}}{{{b}}}", f"{whole} {rest}/{b}", f"{whole}+\\frac{{{rest}}}{{{b}}}"]
    if a < 10 and b < 10:
        same += [f"\\frac{a}{b}", f"\\frac{a}{{{b}}}"]
    if not _period(value):
        same += [str(float(value)), f"{float(value * 100):g}\\%"]
    else:
        before, period = _period(value)
        same += [f"{before}\\overline{{{period}}}"]
    other = [
        f"\\frac{{{b}}}{{{a}}}",
        f"\\frac{{{a + 1}}}{{{b}}}",
        f"-\\frac{{{a}}}{{{b}}}",
        f"{a}",
        f"{b}",
        f"{a}/{b}x",
    ]
    other += [
        f"\\frac{{{a}}}{{{b}}}+\\frac{{1}}{{\\mathrm{{e}}}}",
        f"{whole + 1} {rest}/{b}",
        f"\\frac{{{a}}}{{{b + 1}}}",
        f"{a}.{b}01",
    ]
    other += [
        f"\\frac{{{a}}}{{{b}}}\\sqrt{{2}}",
        f"less than {a}/{b}",
        f"{a},{b}",
        f"{float(value) + 0.01:.4f}",
        f"{float(value):.3g}1",
    ]
    return Spelt(same, other if a != 1 else other[1:])


def decimals(random: Random) -> Spelt:
    """Decimal fractions, and money."""
    n, places = random.randint(1, 99999), random.randint(1, 4)
    value = Fraction(n, 10**places)
    if value.denominator == 1:
        return integers(random)
    text = f"{n / 10**places:.{places}f}"
    same = [
        text,
        text + "0",
        f"{n}/{10**places}",
        f"\\frac{{{n}}}{{{10**places}}}",
        f"{n}\\times 10^{{-{places}}}",
        f"{n}e-{places}",
    ]
    same += [f"\\${text}", f"{text} dollars", f"{text}\\text{{ dollars}}"]
    other = [
        text.replace(".", ""),
        f"{text}1",
        f"-{text}",
        f"{n + 1}e-{places}",
        f"{n}e-{places + 1}",
        text.replace(".", ",", 1) + ",0",
    ]
    other += [f"{text}^2", f"{text}x", f"below {text}", f"{text}.1"]
    return Spelt(same, other)


def surds(random: Random) -> Spelt:
    """Multiples of square roots."""
    a, b = random.randint(2, 12), random.choice([2, 3, 5, 6, 7, 10, 11, 13])
    same = [
        f"{a}\\sqrt{{{b}}}",
        f"{a}√{b}",
        f"{a} sqrt({b})",
        f"{a}*sqrt({b})",
        f"\\sqrt{{{a * a * b}}}",
        f"{a}\\cdot {b}^{{1/2}}",
    ]
    same += [f"\\sqrt{{{b}}}\\cdot {a}", f"{a}\\sqrt {{{b}}}", f"\\frac{{{a * b}}}{{\\sqrt{{{b}}}}}", f"{a}·√{b}"]
    other = [
        str(a),
        str(b),
        f"\\sqrt{{{b}}}",
        f"{a}\\sqrt{{{b + 1}}}",
        f"{a}+\\sqrt{{{b}}}",
        f"{a}\\sqrt[3]{{{b}}}",
        f"{a + 1}√{b}",
    ]
    other += [
        f"-{a}\\sqrt{{{b}}}",
        f"{a * b}",
        f"{a}/\\sqrt{{{b}}}",
        f"{a}√{b}x",
        f"{a * math.sqrt(b):.2f}",
        f"\\pm {a}\\sqrt{{{b}}}",
    ]
    return Spelt(same, other)


def multiples_of_pi(random: Random) -> Spelt:
    """Angles and areas."""
    a, b = random.choice([2, 3, 4, 6, 8, 9]), random.choice([5, 7, 11, 13])
    same = [
        f"\\frac{{{a}\\pi}}{{{b}}}",
        f"{a}pi/{b}",
        f"{a}π/{b}",
        f"\\frac{{{a}}}{{{b}}}\\pi",
        f"{a}*pi/{b}",
        f"({a}/{b})\\pi",
        f"\\pi\\cdot\\frac{{{a}}}{{{b}}}",
    ]
    other = [
        f"\\frac{{{a}}}{{{b}}}",
        f"{b}π/{a}",
        f"{a}pi",
        f"-{a}pi/{b}",
        f"{a}/({b}π)",
        f"\\frac{{{a + 1}\\pi}}{{{b}}}",
        f"{a * math.pi / b:.2f}",
    ]
    return Spelt(same, other)


def powers(random: Random) -> Spelt:
    """Tiny and huge numbers."""
    n, m = random.randint(7, 60), random.randint(2, 9)
    same = [
        f"{m}\\times 10^{{-{n}}}",
        f"{m}e-{n}",
        f"{m}\\cdot 10^{{-{n}}}",
        f"\\frac{{{m}}}{{10^{{{n}}}}}",
        f"{m} x 10^-{n}",
        f"{m}0\\cdot 10^{{-{n + 1}}}",
    ]
    other = [
        f"{m}e-{n + 1}",
        f"{m}e{n}",
        f"{m - 1}e-{n}",
        "0",
        f"{m}\\times 10^{{-{n}}}+10^{{-{n + 5}}}",
        f"10^{{-{n}}}",
        f"{m}^{{-{n}}}",
    ]
    huge = [f"{m}\\cdot 10^{{{n}}}", f"{m}e{n}", f"{m}" + "0" * n, f"{m} × 10^{n}"]
    missed = [f"{m}\\cdot 10^{{{n}}}+1", f"{m}e{n - 1}", f"{m}" + "0" * (n + 1), f"{m + 1}e{n}", f"10^{{{n}}}"]
    return random.choice([Spelt(same, other), Spelt(huge, missed)])


def polynomials(random: Random) -> Spelt:
    """Quadratics, with their terms in any order, and factored."""
    r, s = random.randint(1, 9), random.randint(10, 19)
    b, c = r + s, r * s
    terms = ["x^2", f"{b}x", str(c)]
    random.shuffle(terms)
    same = [
        "+".join(terms),
        f"(x+{r})(x+{s})",
        f"(x+{s})(x+{r})",
        f"x²+{b}x+{c}",
        f"x**2 + {b}*x + {c}",
        f"x(x+{b})+{c}",
        f"{c} + {b}x + x^{{2}}",
    ]
    other = [
        f"x^2-{b}x+{c}",
        f"x^2+{b}x-{c}",
        f"x^2+{c}x+{b}",
        f"x^2+{b}x",
        f"x^3+{b}x+{c}",
        f"2x^2+{b}x+{c}",
        f"y^2+{b}y+{c}",
        str(c),
    ]
    other += [f"(x-{r})(x+{s})", f"x^2+{b}x+{c}=0", f"x^2+{b + 1}x+{c}", f"x^2+{b}x+{c}+\\epsilon"]
    return Spelt(same, other)


def lists(random: Random) -> Spelt:
    """Several answers, in any order."""
    numbers = random.sample(range(2, 60), 3)
    a, b, c = random.sample(numbers, 3)
    same = [
        f"{a}, {b}, {c}",
        f"{b},{a},{c}",
        f"{a}, {b} and {c}",
        f"\\{{{c}, {b}, {a}\\}}",
        f"{a}, {c} or {b}",
        f"x={a}, x={b}, x={c}",
    ]
    same += [f"x = {a} \\text{{ or }} x = {b} \\text{{ or }} x = {c}", f"{a}; {b}; {c}"]
    other = [
        f"{a}, {b}",
        f"{a}, {b}, {c + 1}",
        f"{a}",
        f"{a}, {b}, {c}, {c + 1}",
        f"-{a}, {b}, {c}",
        f"{a}{b}, {c}",
        f"{a}, {b}, {b}",
    ]
    other += [f"not {a}, {b}, {c}", f"\\{{{a}, {b}\\}}"]
    return Spelt(same, other)


def pairs(random: Random) -> Spelt:
    """Points, in their order."""
    a, b = random.sample(range(-20, 40), 2)
    same = [f"({a},{b})", f"({a}, {b})", f"\\left({a}, {b}\\right)", f"(x, y) = ({a}, {b})", f"({a}.0, {2 * b}/2)"]
    other = [
        f"({b},{a})",
        f"({a},{b + 1})",
        f"({a},{b},0)",
        f"[{a},{b}]",
        f"\\{{{a},{b}\\}}",
        f"({a},{b}+x)",
        f"{a}",
        f"({a},-{abs(b) + 1})",
    ]
    return Spelt(same, other)


def intervals(random: Random) -> Spelt:
    """Intervals, as brackets and as inequalities."""
    a = random.randint(-20, 20)
    b = a + random.randint(1, 30)
    same = [
        f"[{a},{b})",
        f"[{a}, {b})",
        f"{a} \\le x < {b}",
        f"x \\in [{a}, {b})",
        f"\\left[{a},{b}\\right)",
        f"{b} > x \\ge {a}",
        f"{a} ≤ x < {b}",
    ]
    same += [f"x \\ge {a} \\text{{ and }} x < {b}", f"\\{{x : {a} \\le x < {b}\\}}", f"{a} <= x < {b}"]
    other = [
        f"({a},{b})",
        f"[{a},{b}]",
        f"({a},{b}]",
        f"{a} < x \\le {b}",
        f"x < {b}",
        f"[{a},{b + 1})",
        f"[{a - 1},{b})",
        f"\\{{{a},{b}\\}}",
    ]
    return Spelt(same, other)


def half_lines(random: Random) -> Spelt:
    """Inequalities with one end."""
    a = random.randint(-30, 30)
    same = [f"x > {a}", f"({a},\\infty)", f"{a} < x", f"x \\in ({a}, \\infty)", f"({a}, +\\infty)"]
    other = [
        f"x \\ge {a}",
        f"x < {a}",
        f"[{a},\\infty)",
        f"(-\\infty,{a})",
        f"{a}",
        f"x = {a}",
        f"x > {a + 1}",
        f"x \\ne {a}",
    ]
    return Spelt(same, other)


def unions(random: Random) -> Spelt:
    """Two half-lines."""
    a = random.randint(-20, 20)
    b = a + random.randint(1, 20)
    same = [
        f"(-\\infty,{a})\\cup({b},\\infty)",
        f"x<{a} \\text{{ or }} x>{b}",
        f"x < {a} or x > {b}",
        f"({b},\\infty) \\cup (-\\infty,{a})",
    ]
    other = [
        f"({a},{b})",
        f"(-\\infty,{a}]\\cup({b},\\infty)",
        f"x<{a}",
        f"(-\\infty,{b})\\cup({a},\\infty)",
        f"x<{a} \\text{{ and }} x>{b}",
    ]
    return Spelt(same, other)


_UNITS = [
    ("cm", "centimeters", "mm"),
    ("km", "kilometers", "m"),
    ("kg", "kilograms", "g"),
    ("hours", "h", "minutes"),
    ("m/s", "meters per second", "km/h"),
    ("cm^2", "square centimeters", "cm^3"),
    ("apples", "apples", "pears"),
]


def quantities(random: Random) -> Spelt:
    """Numbers with units."""
    n = random.randint(2, 900)
    unit, name, wrong = random.choice(_UNITS)
    same = [f"{n}\\text{{ {unit}}}", f"{n} {name}", f"{n}\\,\\mathrm{{{unit}}}", f"{n}~\\text{{{name}}}"]
    other = [f"{n}\\text{{ {wrong}}}", f"{n + 1}\\text{{ {unit}}}", f"{n} {wrong}", f"-{n} {name}"]
    return Spelt(same, other)


def bare_quantities(random: Random) -> Spelt:
    """Numbers whose unit one side may leave out."""
    n = random.randint(21, 900)
    same = [
        str(n),
        random.choice([f"{n} cm", f"{n}\\text{{ apples}}", f"{n}^\\circ", f"{n} degrees", f"{n}\\%", f"{n} ways"]),
    ]
    return Spelt(
        same,
        [
            f"{n + 1} cm",
            f"{n} million",
            f"{n} dozen",
            f"{n} squared",
            f"{n} more",
            f"{n} percent of x",
            f"{n}^\\circ + 1",
        ],
    )


def directions(random: Random) -> Spelt:
    """Ways and halves of the day."""
    n = random.randint(2, 11)
    one, other = random.sample(["north", "south", "east", "west"], 2)
    first = Spelt([f"{n} miles {one}", f"{n}\\text{{ miles {one}}}"], [f"{n} miles {other}", f"{n + 1} miles {one}"])
    second = Spelt(
        [f"{n}:30 p.m.", f"{n}:30 PM", f"\\text{{{n}:30 pm}}", f"{n}:30\\text{{ p.m.}}"], [f"{n}:30 a.m.", f"{n}:31 PM"]
    )
    return random.choice([first, second])


def bases(random: Random) -> Spelt:
    """Numerals with a base."""
    digits = "1" + "".join(random.choice("01") for _ in range(random.randint(2, 9)))
    same = [f"{digits}_2", f"{digits}_{{2}}", f"{digits}_{{\\text{{two}}}}", f"{digits} (base 2)", digits]
    return Spelt(same[:-1], [f"{digits}_3", f"{digits}0_2", f"1{digits}_2", f"{digits} (base 8)"])


def matrices(random: Random) -> Spelt:
    """Two by two."""
    a, b, c, d = random.sample(range(-9, 30), 4)

    def made(kind: str, *cells: int) -> str:
        p, q, r, s = cells
        return f"\\begin{{{kind}}} {p} & {q} \\\\ {r} & {s} \\end{{{kind}}}"

    same = [
        made("pmatrix", a, b, c, d),
        made("bmatrix", a, b, c, d),
        f"\\begin{{pmatrix}}{a}&{b}\\\\{c}&{d}\\end{{pmatrix}}",
    ]
    return Spelt(same, [made("pmatrix", a, c, b, d), made("pmatrix", a, b, c, d + 1), made("vmatrix", a, b, c, d)])


def complexes(random: Random) -> Spelt:
    """a + bi."""
    a, b = random.sample(range(2, 30), 2)
    same = [f"{a}+{b}i", f"{b}i + {a}", f"{a} + {b}\\mathrm{{i}}", f"{a}+{b}*i"]
    return Spelt(same, [f"{a}-{b}i", f"{b}+{a}i", f"{a}", f"{a}+{b}", f"{a}+{b}j", f"-{a}+{b}i", f"{a * b}i"])


def logarithms(random: Random) -> Spelt:
    """Logarithms and exponentials."""
    a, b = random.randint(2, 5), random.choice([2, 3, 5, 7])
    same = [f"{a}\\ln {b}", f"\\ln {b**a}", f"{a}\\ln({b})", f"\\ln({b}^{a})", f"{a}*ln({b})", f"{a} \\log_e {b}"][:5]
    return Spelt(
        same,
        [
            f"\\ln {b}",
            f"{a}\\log {b}",
            f"\\ln {a * b}" if a * b != b**a else "1",
            f"{a + 1}\\ln {b}",
            f"\\ln {b} + {a + 1}",
            f"{a}",
        ],
    )


def words(random: Random) -> Spelt:
    """Words and names."""
    all_words = ["even", "odd", "parabola", "ellipse", "Monday", "Evelyn", "isosceles", "no solution", "acute"]
    word, other = random.sample(all_words, 2)
    same = [
        word,
        f"\\text{{{word}}}",
        f"\\textbf{{{word}}}",
        f"\\mbox{{{word}}}",
        f"\\mathrm{{{word}}}",
        f"{word}.",
        word.capitalize(),
        f"\\text{{{word}.}}",
    ]
    return Spelt(
        same, [other, f"not {word}", f"\\text{{{other}}}", word[:-1], f"{word} or {other}", "5", f"non-{word}"]
    )


def symbols(random: Random) -> Spelt:
    """Expressions in letters."""
    a, b = random.sample("abcmnpqrtuvwyz", 2)
    n = random.randint(2, 9)
    same = [f"{n}{a}+{b}", f"{b}+{n}{a}", f"{n}*{a} + {b}", f"{b} + {a}\\cdot {n}", f"\\frac{{{2 * n}{a}+2{b}}}{{2}}"]
    return Spelt(
        same,
        [
            f"{n}{a}-{b}",
            f"{n}({a}+{b})",
            f"{a}+{n}{b}",
            f"{n}{a.upper()}+{b}",
            f"{n}{a}",
            f"{n + 1}{a}+{b}",
            f"{n}{a}{b}",
            f"{n}{a}_1+{b}",
        ],
    )


FAMILIES: list[Callable[[Random], Spelt]] = [
    integers,
    negatives,
    fractions,
    decimals,
    surds,
    multiples_of_pi,
    powers,
    polynomials,
    lists,
    pairs,
    intervals,
    half_lines,
    unions,
    quantities,
    bare_quantities,
    directions,
    bases,
    matrices,
    complexes,
    logarithms,
    words,
    symbols,
    integers,
    fractions,
]


def _boxed(answer: str, random: Random) -> str:
    return (
        random.choice(
            [
                "\\boxed{%s}",
                "So it is.\n\n$\\boxed{%s}$",
                "Final Answer: \\boxed{%s}.",
                "\\[\\boxed{%s}\\]",
                "First \\boxed{12345}, no: \\boxed{%s}",
            ]
        )
        % answer
    )


def _marked(answer: str, random: Random) -> str:
    return (
        random.choice(
            [
                "Answer: %s",
                "Let us see.\nFinal Answer: %s",
                "Answer: %s.",
                "**Answer:** %s",
                "Answer:\n%s",
                "## Final Answer\n\n%s",
                "Answer: %s\n",
            ]
        )
        % answer
    )


def _dressed(answer: str, random: Random) -> str:
    if "**" in answer or "*" in answer:
        return f"Answer: {answer}"
    return (
        random.choice(
            [
                "Answer: **%s**",
                "<answer>%s</answer>",
                "Answer: `%s`",
                "**Final Answer**\n\n%s",
                "Answer: %s (as computed above)",
                "Answer: The answer is %s.",
            ]
        )
        % answer
    )


def _formula(answer: str, random: Random) -> str:
    if "\\$" in answer:
        return f"Answer: {answer}"
    return (
        random.choice(
            [
                "Answer: $%s$",
                "Answer: \\(%s\\)",
                "Answer:\n\\[\n%s\n\\]",
                "Answer:\n$$\n%s\n$$",
                "Answer: The answer is $%s$.",
                "The answer is $%s$.",
            ]
        )
        % answer
    )


CLOTHES = [_boxed, _marked, _dressed, _formula]


def _period(value: Fraction) -> tuple[str, str]:
    """The decimal digits before a fraction's period and in it; () for one that ends."""
    rest, digits, seen = value.numerator % value.denominator, "", dict[int, int]()
    while rest and rest not in seen:
        seen[rest] = len(digits)
        digits += str(rest * 10 // value.denominator)
        rest = rest * 10 % value.denominator
    if not rest:
        return ()  # type: ignore[return-value]
    return f"{value.numerator // value.denominator}.{digits[: seen[rest]]}", digits[seen[rest] :]
