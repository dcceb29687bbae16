"""Problem families whose state is a number: chains, games, calendars, recurrences, Euclid, change.

Each family is a few small functions and one `Family` at the end of its section. Reference answers come from running
the steps; the tests check every family against a second solver that does not share this code.

    draw(MODULAR, 3, random.Random(0)).answer()
"""

from __future__ import annotations

import itertools
import math
import random
from functools import cache

from s1repro.demo.problem import LABELS, Family, listing

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _last_shown(states: list[int]) -> str:
    return str(states[-1])


def _other_digit(state: int, rng: random.Random) -> int:
    return (state + rng.randrange(1, 10)) % 10


# Modular chains: start at a digit, apply +, -, * modulo 10.


def _sample_modular(rng: random.Random, n: int) -> tuple[str, int, tuple[tuple[str, int], ...]]:
    start = rng.randrange(10)
    ops = tuple((rng.choice("+-*"), rng.randrange(2, 10)) for _ in range(n))
    wording = rng.choice(("Start with {}. Modulo 10 apply {}. Result?", "From {} keep the last digit through {}."))
    return wording.format(start, listing([f"{sign}{d}" for sign, d in ops])), start, ops


def _apply_modular(state: int, op: tuple[str, int]) -> int:
    sign, d = op
    return {"+": state + d, "-": state - d, "*": state * d}[sign] % 10


MODULAR = Family(
    name="modular",
    domain="13",
    max_steps=12,
    sample=_sample_modular,
    apply=_apply_modular,
    write=lambda state, op, result: f"{op[0]}{op[1]};{state}={result}",
    answer=_last_shown,
    slip=_other_digit,
    shortcuts=True,
)

# Nim sums: the exclusive or of heaps, as in the theory of the game Nim.


def _sample_nim(rng: random.Random, n: int) -> tuple[str, int, tuple[int, ...]]:
    start = rng.randrange(8)
    ops = tuple(rng.randrange(1, 8) for _ in range(n))
    wording = rng.choice(("Nim: begin with heap {}, add {} in order.", "Give the nim sum of {} and {}."))
    return wording.format(start, listing([f"^{heap}" for heap in ops])), start, ops


NIM = Family(
    name="nim",
    domain="91",
    max_steps=12,
    sample=_sample_nim,
    apply=lambda state, op: state ^ op,
    write=lambda state, op, result: f"^{op};{state}={result}",
    answer=_last_shown,
    slip=lambda state, rng: state ^ rng.randrange(1, 8),
    shortcuts=True,
)

# Weekdays: days forward and back.


def _sample_weekday(rng: random.Random, n: int) -> tuple[str, int, tuple[int, ...]]:
    start = rng.randrange(7)
    ops = tuple(rng.choice((-1, 1)) * rng.randrange(1, 10) for _ in range(n))
    wording = rng.choice(("Today is {}. Shift by {} and name the day.", "Move from {} through {} and say which day."))
    return wording.format(DAYS[start], listing([f"{op:+d}" for op in ops])), start, ops


WEEKDAY = Family(
    name="weekday",
    domain="85",
    max_steps=12,
    sample=_sample_weekday,
    apply=lambda state, op: (state + op) % 7,
    write=lambda state, op, result: f"{op:+d};{DAYS[state]}={DAYS[result]}",
    answer=lambda states: DAYS[states[-1]],
    slip=lambda state, rng: (state + rng.randrange(1, 7)) % 7,
    shortcuts=True,
)

# Second-order recurrences modulo 10: x(k) = m x(k-1) + x(k-2). The state is the last two terms.


def _sample_recurrence(rng: random.Random, n: int) -> tuple[str, tuple[int, int], tuple[int, ...]]:
    start, factor = (rng.randrange(10), rng.randrange(10)), rng.randrange(1, 4)
    wording = rng.choice(
        (
            "Modulo 10 recurrence: find term {} from its start.",
            "Which modulo 10 value is recurrence term {}?",
        )
    )
    return wording.format(f"{LABELS[n - 1]}({factor};{start[0]},{start[1]})"), start, (factor,) * n


RECURRENCE = Family(
    name="recurrence",
    domain="39",
    max_steps=12,
    sample=_sample_recurrence,
    apply=lambda state, op: (state[1], (op * state[1] + state[0]) % 10),
    write=lambda state, op, result: f";{op},{state[1]},{state[0]}={result[1]}",
    answer=lambda states: str(states[-1][1]),
    slip=lambda state, rng: (state[0], _other_digit(state[1], rng)),
    listed=False,
)

# Euclid by subtraction: the larger minus the smaller until both are equal.


@cache
def _euclid_pairs() -> dict[int, list[tuple[int, int]]]:
    """Pairs below 100 by the number of subtractions they take."""
    by_steps: dict[int, list[tuple[int, int]]] = {}
    for x in range(2, 100):
        for y in range(2, x):
            steps, pair = 0, (x, y)
            while pair[0] != pair[1]:
                pair, steps = _apply_euclid(pair, None), steps + 1
            if steps <= 12 and pair[0] > 1:
                by_steps.setdefault(steps, []).append((x, y))
    return by_steps


def _apply_euclid(state: tuple[int, int], _: None) -> tuple[int, int]:
    large, small = max(state), min(state)
    return (small, large - small) if large != small else state


def _sample_euclid(rng: random.Random, n: int) -> tuple[str, tuple[int, int], tuple[None, ...]]:
    x, y = rng.choice(_euclid_pairs()[n])
    wording = rng.choice(
        ("By subtraction find the common divisor of {},{}.", "Which largest divisor is shared by {},{}?")
    )
    return wording.format(x, y), (x, y), (None,) * n


EUCLID = Family(
    name="euclid",
    domain="11",
    max_steps=12,
    sample=_sample_euclid,
    apply=_apply_euclid,
    write=lambda state, op, result: f";{max(state)},{min(state)}={result[1]}",
    answer=lambda states: str(math.gcd(*states[-1])),
    listed=False,
)

# Change-making: the till hands out the largest coin that still fits.


@cache
def _change_cases() -> dict[int, list[tuple[int, tuple[int, ...]]]]:
    """Amounts below 100 and coin systems by the number of coins handed out."""
    by_coins: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for first, second, third in itertools.product((10, 20, 30), range(4, 10), (2, 3)):
        coins = (first, second, third, 1)
        for amount in range(1, 100):
            by_coins.setdefault(_count_coins(amount, coins), []).append((amount, coins))
    return by_coins


def _sample_change(rng: random.Random, n: int) -> tuple[str, int, tuple[tuple[int, ...], ...]]:
    amount, coins = rng.choice(_change_cases()[n])
    wording = rng.choice(("One greedy till pays {}: how many coins?", "Count the coins some till gives {} greedily."))
    return wording.format(f"{amount}:" + ",".join(map(str, coins))), amount, (coins,) * n


def _count_coins(amount: int, coins: tuple[int, ...]) -> int:
    count = 0
    while amount:
        amount, count = _apply_change(amount, coins), count + 1
    return count


def _apply_change(amount: int, coins: tuple[int, ...]) -> int:
    return amount - next((coin for coin in coins if coin <= amount), 0)


CHANGE = Family(
    name="change",
    domain="90",
    max_steps=10,
    sample=_sample_change,
    apply=_apply_change,
    write=lambda state, op, result: f";{state},{state - result}={result}",
    answer=lambda states: str(len(states) - 1),
    listed=False,
)

ARITHMETIC = (MODULAR, NIM, WEEKDAY, RECURRENCE, EUCLID, CHANGE)
