# ruff: noqa: RUF001 - the odd signs are the point
"""Strings that no model would write on purpose: pieces of LaTeX, prose, markup and noise, thrown together.

for text in soup(seed=0, count=1000): grade(text, "5", "math")
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_PIECES = r"""
\frac \sqrt \boxed{ \boxed{} \text{ \mathrm{ \left( \right) \left. \begin{pmatrix} \end{pmatrix} \\ & \[ \] \(
\) $ $$ { } ( ) [ ] \{ \} | \| ^ _ ! ' * ** *** ` ``` # ### > < = == \le \ge \ne \in \cup \cap \pm \infty \ldots
... , ; : . \int_0^1 \sum_{k=1}^n \lim \prod \pi \sin \cos^{-1} \log_ \ln \binom{ \choose \over \mod \pmod{
\overline{ \dot \vec \mathbb{R} \emptyset \setminus \% % \$ $5 € £ °C ^\circ \, \; \! ~ \quad 0 1 2 10 1,000
1{,}000 10\,000 0.5 .5 5. 3e8 10^{-40} 9^{9^{9^9}} 999999999999999999999 2^{2^{2^{2^2}}} 100! x y n i e E pi
sqrt sqrt( a_1 x_ f(x) ² ³ √ √( π ∞ ≤ – — ½ ⅓ １２ 七 é \u0301 Answer: answer is Final **Answer** the is not or and
between at least minus 6:30 p.m. 101_2 base cm km/h hours dollars A B C (A) (B) <b> </b> <answer> <|im_end|>
<think> \ \\ \a \{\ \0 \n \t 🎉 0x1F nan inf -inf None True
"""
PIECES = _PIECES.split()
_JOINTS = ["", "", " ", " ", "\n", "  "]


def soup(seed: int, count: int) -> Iterator[str]:
    """`count` strings of up to forty pieces, and now and then of one piece many times."""
    random = Random(seed)
    for number in range(count):
        if number % 50 == 0:
            yield random.choice(PIECES) * random.randint(50, 3000)
            continue
        pieces = random.choices(PIECES, k=random.randint(1, random.choice([4, 12, 40])))
        yield "".join(piece + random.choice(_JOINTS) for piece in pieces)
