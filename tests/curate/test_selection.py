from collections import Counter
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from s1repro.curate.selection import _by_rank, benchmark_mix, outright, select

PRESETS = ["paper", "code", "random", "diverse", "longest"]
"""All but `full`, which has no size."""
SOURCES = ["qq8933/AIME_1983_2024", "Idavidrein/gpqa", "qfq/openaimath/Algebra", "demo"]
SEEDS = 4000


@st.composite
def pools(draw):
    """(domain, length, source, teacher right) of up to 30 rows."""
    row = st.tuples(st.sampled_from("ABCD"), st.integers(0, 9000), st.sampled_from(SOURCES), st.booleans())
    return draw(st.lists(row, min_size=1, max_size=30))


def rows_of(make_row, pool):
    return [
        make_row(f"{i:02}", domain=domain, length=length, source_type=source, attempt=f"Answer: {4 if right else 5}")
        for i, (domain, length, source, right) in enumerate(pool)
    ]


@given(pool=pools(), preset=st.sampled_from(PRESETS), seed=st.integers(0, 99), data=st.data())
def test_size_is_exact_rows_are_different_and_order_does_not_matter(make_row, pool, preset, seed, data):
    rows = rows_of(make_row, pool)
    size = data.draw(st.integers(1, len(rows)))
    chosen = select(rows, preset=preset, size=size, seed=seed)
    assert len(chosen) == len({row.id for row in chosen}) == size
    assert set(chosen) <= set(rows)
    assert select(data.draw(st.permutations(rows)), preset=preset, size=size, seed=seed) == chosen


@given(pool=pools(), size=st.integers(1, 40), seed=st.integers(0, 99), data=st.data())
def test_full_takes_every_row_whatever_the_size_and_order(make_row, pool, size, seed, data):
    rows = rows_of(make_row, pool)
    assert select(data.draw(st.permutations(rows)), preset="full", size=size, seed=seed) == rows


@given(pool=pools(), seed=st.integers(0, 99), data=st.data())
def test_a_larger_set_begins_with_the_smaller(make_row, pool, seed, data):
    rows = rows_of(make_row, pool)
    least = len(outright(rows, SOURCES[:2], SOURCES[2:3], 5600)) + 1
    assume(least < len(rows))
    size = data.draw(st.integers(least, len(rows) - 1))
    larger = select(rows, preset="paper", size=size + 1, seed=seed)
    assert larger[:size] == select(rows, preset="paper", size=size, seed=seed)


@given(pool=pools(), preset=st.sampled_from(["paper", "code"]), seed=st.integers(0, 99), data=st.data())
def test_outright_rows_come_first(make_row, pool, preset, seed, data):
    rows = rows_of(make_row, pool)
    size = data.draw(st.integers(1, len(rows)))
    expected = {
        f"{i:02}"
        for i, (_, length, source, right) in enumerate(pool)
        if right and ("AIME" in source or "gpqa" in source or ("openaimath" in source and length > 5600))
    }
    chosen = [row.id for row in select(rows, preset=preset, size=size, seed=seed)]
    first = set(chosen[: len(expected)])
    assert first <= expected if len(expected) >= size else first == expected


@given(pool=pools(), data=st.data())
def test_longest_leaves_nothing_longer(make_row, pool, data):
    rows = rows_of(make_row, pool)
    chosen = select(rows, preset="longest", size=data.draw(st.integers(1, len(rows))), seed=0)
    rest = [row.length for row in rows if row not in chosen]
    assert min(row.length for row in chosen) >= max(rest, default=0)


@pytest.mark.parametrize("preset", ["paper", "code", "random", "diverse"])
def test_seeds_reproduce_and_differ(make_row, preset):
    rows = [make_row(f"{i:03}", domain=str(i % 7), length=i) for i in range(200)]
    sets = [[row.id for row in select(rows, preset=preset, size=40, seed=seed)] for seed in (0, 0, 1)]
    assert sets[0] == sets[1] != sets[2]


@pytest.mark.parametrize("preset", ["paper", "code", "diverse"])
def test_domains_are_drawn_uniformly_whatever_their_size(make_row, preset):
    rows = [make_row(f"{i:03}", domain="ABCD"[min(i // 2, 3)]) for i in range(60)]  # 2, 2, 2 and 54 rows
    counts = Counter(select(rows, preset=preset, size=1, seed=seed)[0].domain for seed in range(SEEDS))
    assert all(abs(counts[domain] / SEEDS - 1 / 4) < 0.03 for domain in "ABCD")


def test_random_is_uniform_over_rows(make_row):
    rows = [make_row(f"{i:02}", domain="A" if i else "B", length=i) for i in range(5)]
    counts = Counter(row.id for seed in range(SEEDS) for row in select(rows, preset="random", size=2, seed=seed))
    assert all(abs(counts[row.id] / SEEDS - 2 / 5) < 0.03 for row in rows)


def chance(domains, size, wanted, length_matters, outright=()):
    """The exact probability that `wanted` is drawn while `size` rows are added to the `outright` ones.

    Algorithm 1, followed along all its branches.
    """
    if size == 0:
        return Fraction(0)
    total = Fraction(0)
    for rows in domains.values():
        weights = [Fraction(1, 2**rank) if length_matters else Fraction(1) for rank in range(len(rows))]
        for place, row in enumerate(rows):
            share = weights[place] / sum(weights) / len(domains)
            left = {name: [r for r in of if r != row] for name, of in domains.items()}
            left = {name: of for name, of in left.items() if of}
            after = size - (row not in outright)
            total += share * (1 if row == wanted else chance(left, after, wanted, length_matters, outright))
    return total


@pytest.mark.parametrize(("preset", "length_matters"), [("paper", True), ("diverse", False)])
def test_inclusion_follows_algorithm_1(make_row, preset, length_matters):
    domains = {"A": ["a3", "a1", "a2"], "B": ["b1"], "C": ["c2", "c1"]}  # longest first
    rows = [
        make_row(id, domain=domain, length=100 - place) for domain, of in domains.items() for place, id in enumerate(of)
    ]
    counts = Counter(row.id for seed in range(SEEDS) for row in select(rows, preset=preset, size=3, seed=seed))
    for row in rows:
        assert counts[row.id] / SEEDS == pytest.approx(float(chance(domains, 3, row.id, length_matters)), abs=0.03)


def test_outright_rows_keep_their_ranks_and_drawing_one_adds_nothing(make_row):
    """Were they out of their domains, a1 would be drawn half of the time: it is the longest that is left of A."""
    domains = {"A": ["a3", "a2", "a1"], "B": ["b1"]}  # longest first; a3 and a2 are taken outright
    rows = [
        make_row(id, domain=domain, length=100 - place, source_type="AIME" if id in ("a3", "a2") else "demo")
        for domain, of in domains.items()
        for place, id in enumerate(of)
    ]
    counts = Counter(row.id for seed in range(SEEDS) for row in select(rows, preset="paper", size=3, seed=seed))
    assert counts["a3"] == counts["a2"] == SEEDS
    expected = {id: float(chance(domains, 1, id, True, outright=("a3", "a2"))) for id in ("a1", "b1")}
    assert expected["a1"] < 0.3
    assert {id: counts[id] / SEEDS for id in expected} == pytest.approx(expected, abs=0.03)


def test_ranks_halve_and_do_not_underflow_in_a_large_domain(make_row):
    rng = Random(0)
    counts = Counter(_by_rank(5000, rng) for _ in range(SEEDS))
    assert [counts[rank] / SEEDS for rank in range(3)] == pytest.approx([1 / 2, 1 / 4, 1 / 8], abs=0.03)
    rows = [make_row(f"{i:04}", length=i) for i in range(5000)]
    assert len(select(rows, preset="paper", size=4999, seed=0)) == 4999


def test_equal_lengths_rank_by_id(make_row):
    rows = [make_row(id, length=5) for id in "cab"]
    assert [row.id for row in select(rows, preset="longest", size=2, seed=0)] == ["a", "b"]


def test_outright_sources_stand_for_what_is_below_them(make_row):
    sources = ["qfq/openaimath/Algebra", "KbsdJames/Omni-MATH", "math", "AI-MO/NuminaMath-CoT", "aime", "GPQA/x"]
    rows = [make_row(source, source_type=source, length=5601) for source in sources]
    taken = outright(rows, ["AIME", "gpqa"], ["qfq/openaimath", "MATH"], 5600)
    assert [row.id for row in taken] == ["qfq/openaimath/Algebra", "math", "aime", "GPQA/x"]
    assert not outright(rows, [], ["MATH"], 5601)


def test_benchmark_mix_halves_gpqa(make_row):
    plan = [("qq8933/AIME_1983_2024", "A")] * 4 + [("AIME", "B")] * 2
    plan += [("Idavidrein/gpqa", "C")] * 10 + [("GPQA", "A")] * 2
    rows = [make_row(str(i), source_type=source, domain=domain) for i, (source, domain) in enumerate(plan)]
    assert benchmark_mix(rows) == {"A": 4, "B": 2, "C": 2}  # 12 GPQA rows scaled to 3: 2.5 and 0.5 are cut
    assert benchmark_mix(rows[6:]) == {"C": 10, "A": 2}
    assert benchmark_mix([make_row()]) == {}


@pytest.mark.parametrize("source", ["AI-MO/NuminaMath-CoT/amc_aime", "qq8933/AIME_1983_2024/x", "Idavidrein/gpqa/main"])
def test_only_the_sources_themselves_count_in_the_mix(make_row, source):
    assert benchmark_mix([make_row(source_type=source)]) == {}


def test_code_draws_its_last_30_percent_from_the_mix(make_row):
    rows = [make_row(f"{i:03}", domain="ABCDE"[i % 5], length=i) for i in range(100)]
    rows += [make_row(f"x{i}", domain="A", source_type="AIME", attempt="Answer: 5", length=0) for i in range(3)]
    late = Counter(row.domain for seed in range(20) for row in select(rows, preset="code", size=20, seed=seed)[14:])
    early = Counter(row.domain for seed in range(20) for row in select(rows, preset="code", size=20, seed=seed)[10:14])
    assert set(late) == {"A"}
    assert set(early) == set("ABCDE")


def test_nothing_can_be_taken_from_nothing():
    for preset in [*PRESETS, "full"]:
        with pytest.raises(ValueError, match="no rows are left to select from"):
            select([], preset=preset, size=1, seed=0)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("size", [0, 4])
def test_an_impossible_size_says_what_is_there(make_row, preset, size):
    with pytest.raises(ValueError, match=f"size is {size}, but 3 rows are left.*from 1 to 3"):
        select([make_row(id) for id in "abc"], preset=preset, size=size, seed=0)


def test_an_unknown_preset_lists_the_known(make_row):
    with pytest.raises(ValueError, match="'papers'; choose from: paper, code, random, diverse, longest, full"):
        select([make_row()], preset="papers", size=1, seed=0)
