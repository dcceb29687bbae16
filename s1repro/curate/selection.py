"""Which questions make the set: Algorithm 1 of the paper, the public code's variant, and the ablations of Table 2.

Pure and seeded. The result does not depend on the order of `rows`, only on their ids. Rows come with their domain and
their trace's length in tokens; ranking in a domain is by length, longest first, equal lengths by id.

    chosen = select(rows, preset="paper", size=1000, seed=0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from s1repro.curate.verdict import is_right
from s1repro.records import Row

OUTRIGHT_SOURCES = ("qq8933/AIME_1983_2024", "Idavidrein/gpqa", "AIME", "GPQA")
"""AIME and GPQA, as the published rows name them and in short."""
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
    """Exactly `size` different rows, in the order in which they were taken.

    `paper`: the outright rows, then Algorithm 1. `code`: the same with the public code's diversity sampling. `random`:
    uniform. `diverse`: uniform over domains, uniform inside. `longest`: by trace length. The outright stage takes what
    `right` judges right, see `outright`; where that alone reaches `size`, Algorithm 1 draws among those rows.
    Raises `ValueError` for fewer rows than `size`, a size below 1, or an unknown preset.
    """
    require_enough(rows, size)
    ordered = sorted(rows, key=lambda row: row.id)
    assert len({row.id for row in ordered}) == len(ordered), "selection: ids are not unique"
    rng = Random(seed)
    match preset:
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
            if preset == "code":
                return _public_code(ordered, taken, size, rng)
            ids = {row.id for row in taken}
            rest = [row for row in ordered if row.id not in ids]
            return taken + _diversity(rest, size - len(taken), rng, _by_rank)
    raise ValueError(f"selection.preset is {preset!r}; choose from: paper, code, random, diverse, longest")


def require_enough(rows: Sequence[Row], size: int) -> None:
    """Raise `ValueError` where `size` different rows cannot be taken from `rows`."""
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
    """Rows taken before any sampling: right ones of `sources`, and of `long_sources` above `length` tokens.

    A source's name stands for itself and for what is below it (`qfq/openaimath` for `qfq/openaimath/Algebra`),
    whatever its case.
    """
    return [
        row
        for row in rows
        if (_from(row, sources) or (_from(row, long_sources) and row.length > length)) and right(row)
    ]


def _from(row: Row, sources: Sequence[str]) -> bool:
    name = row.source_type.lower() + "/"
    return any(name.startswith(source.lower() + "/") for source in sources)


def _longest_first(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.length, row.id))


def _by_domain(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Domains in the order of their names, the rows of each longest first."""
    domains: dict[str, list[Row]] = {name: [] for name in sorted({row.domain for row in rows})}
    for row in _longest_first(rows):
        domains[row.domain].append(row)
    return domains


def _diversity(rows: Sequence[Row], size: int, rng: Random, place: Place) -> list[Row]:
    """Algorithm 1: draw a domain uniformly, a row inside it, remove both the row and an emptied domain."""
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


def _public_code(rows: Sequence[Row], taken: Sequence[Row], size: int, rng: Random) -> list[Row]:
    """The public code: domains uniformly up to 70 % of `size`, then from the benchmarks' mix.

    As there, outright rows stay in their domains: they count in the ranks, and drawing one uses it up without adding
    to the set. Once no domain of the mix is left, domains are drawn uniformly again.
    """
    left = _by_domain(rows)
    mix = benchmark_mix(rows)
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

    Counts of AIME rows plus counts of GPQA rows, the latter scaled to half of AIME's total and cut to integers. Without
    AIME rows GPQA's counts stand as they are.
    """
    aime = Counter(row.domain for row in rows if "aime" in row.source_type.lower())
    gpqa = Counter(row.domain for row in rows if "gpqa" in row.source_type.lower())
    if aime and gpqa:
        total = 2 * gpqa.total()
        gpqa = Counter({domain: count * aime.total() // total for domain, count in gpqa.items()})
    return aime + gpqa
