"""Which questions make the set: Algorithm 1 of the paper, the public code's variant, and the ablations of Table 2.

Pure and seeded. The result does not depend on the order of `rows`, only on their ids. Rows come with their domain and
their trace's length in tokens; ranking in a domain is by length, longest first, equal lengths by id. Rows taken
outright stay in their domains, in the paper as in its code: they keep their ranks, and drawing one adds nothing.

    chosen = select(rows, preset="paper", size=1000, seed=0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from s1repro.curate.verdict import is_right
from s1repro.records import Row

AIME = ("qq8933/AIME_1983_2024", "AIME")
"""AIME, as the published rows name it and in short."""
GPQA = ("Idavidrein/gpqa", "GPQA")
"""GPQA, as the published rows name it and in short."""
OUTRIGHT_SOURCES = AIME + GPQA
"""Taken outright unless other sources are given."""
OUTRIGHT_LONG_SOURCES = ("qfq/openaimath", "MATH")
"""MATH, as the published rows name it and in short."""

Place = Callable[[int, Random], int]
"""Draws a place in a list of that many rows."""


def select(
    rows: Sequence[Row],
    preset: str,
    size: int,
    seed: int,
    *,
    outright_sources: Sequence[str] = OUTRIGHT_SOURCES,
    outright_long_sources: Sequence[str] = OUTRIGHT_LONG_SOURCES,
    outright_length: int = 5600,
    right: Callable[[Row], bool] = is_right,
) -> list[Row]:
    """Exactly `size` different rows, in the order in which they were taken; for `full` all there are, by id.

    `paper`: the outright rows, then Algorithm 1. `code`: the same with the public code's diversity sampling. `random`:
    uniform. `diverse`: uniform over domains, uniform inside. `longest`: by trace length. The outright stage takes what
    `right` judges right, see `outright`; where that alone reaches `size`, Algorithm 1 draws among those rows.
    Raises `ValueError` for fewer rows than `size`, a size below 1, or an unknown preset.
    """
    require_enough(rows, 1 if preset == "full" else size)
    ordered = sorted(rows, key=lambda row: row.id)
    assert len({row.id for row in ordered}) == len(ordered), "selection: ids are not unique"
    rng = Random(seed)
    match preset:
        case "full":
            return ordered
        case "random":
            return rng.sample(ordered, size)
        case "diverse":
            return _diversity(ordered, size, rng, _uniform)
        case "longest":
            return _longest_first(ordered)[:size]
        case "paper" | "code":
            taken = outright(ordered, outright_sources, outright_long_sources, outright_length, right)
            if len(taken) >= size:
                return _diversity(taken, size, rng, _by_rank)
            mix = benchmark_mix(ordered) if preset == "code" else Counter[str]()
            return _around(taken, ordered, size, rng, mix)
    raise ValueError(f"selection.preset is {preset!r}; choose from: paper, code, random, diverse, longest, full")


def require_enough(rows: Sequence[Row], size: int) -> None:
    """Raise `ValueError` where `size` different rows cannot be taken from `rows`."""
    if not rows:
        raise ValueError("no rows are left to select from: the funnel dropped them all; give another pool")
    if size < 1 or len(rows) < size:
        raise ValueError(
            f"selection.size is {size}, but {len(rows)} rows are left to select from; "
            f"give a size from 1 to {len(rows)} or a larger pool"
        )


def outright(
    rows: Sequence[Row],
    sources: Sequence[str],
    long_sources: Sequence[str],
    length: int,
    right: Callable[[Row], bool] = is_right,
) -> list[Row]:
    """Rows taken before any sampling: right ones of `sources`, and of `long_sources` above `length` tokens."""
    return [
        row
        for row in rows
        if (row.is_from(sources) or (row.is_from(long_sources) and row.length > length)) and right(row)
    ]


def _longest_first(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.length, row.id))


def _by_domain(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Domains in the order of their names, the rows of each longest first."""
    domains: dict[str, list[Row]] = {name: [] for name in sorted({row.domain for row in rows})}
    for row in _longest_first(rows):
        domains[row.domain].append(row)
    return domains


def _diversity(rows: Sequence[Row], size: int, rng: Random, place: Place) -> list[Row]:
    """Draw a domain uniformly, a row inside it, remove both the row and an emptied domain."""
    left = _by_domain(rows)
    return [_take(left, rng.choice(list(left)), rng, place) for _ in range(size)]


def _take(left: dict[str, list[Row]], domain: str, rng: Random, place: Place) -> Row:
    row = left[domain].pop(place(len(left[domain]), rng))
    if not left[domain]:
        del left[domain]
    return row


def _uniform(count: int, rng: Random) -> int:
    return rng.randrange(count)


def _by_rank(count: int, rng: Random) -> int:
    """A rank below `count` with weight 2^(-rank): coin flips, so no weight underflows in a domain of thousands."""
    while True:
        rank = 0
        while rng.getrandbits(1):
            rank += 1
        if rank < count:
            return rank


def _around(taken: Sequence[Row], rows: Sequence[Row], size: int, rng: Random, mix: Counter[str]) -> list[Row]:
    """Algorithm 1: rows drawn from `rows`, which hold those `taken`, until the set has `size` of them.

    Domains are drawn uniformly; with a `mix`, from 70 % of `size` on, in its proportions, as the public code does. Once
    no domain of the mix is left, where that code would stop with an error, they are drawn uniformly again.
    """
    left = _by_domain(rows)
    chosen = {row.id: row for row in taken}
    while len(chosen) < size:
        names = list(left)
        weights = [mix[name] for name in names]
        mixed = 10 * len(chosen) >= 7 * size and any(weights)
        domain = rng.choices(names, weights)[0] if mixed else rng.choice(names)
        row = _take(left, domain, rng, _by_rank)
        chosen[row.id] = row
    return list(chosen.values())


def benchmark_mix(rows: Sequence[Row]) -> Counter[str]:
    """How often each domain is drawn in the public code's second phase.

    Counts of AIME rows plus counts of GPQA rows, the latter scaled to half of AIME's total and cut to integers. Only
    the sources of just these names count: not AI-MO/NuminaMath-CoT/amc_aime. Without AIME rows GPQA's counts stand as
    they are.
    """
    aime = Counter(row.domain for row in rows if row.source_type in AIME)
    gpqa = Counter(row.domain for row in rows if row.source_type in GPQA)
    if aime and gpqa:
        total = 2 * gpqa.total()
        gpqa = Counter({domain: count * aime.total() // total for domain, count in gpqa.items()})
    return aime + gpqa
