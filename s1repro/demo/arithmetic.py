"""Problem families whose state is a number: chains, games, calendars, recurrences, Euclid, change.

Each family is one `Family`, behind what does not fit into its lines. Reference answers come from running the steps; the
tests check every family against a second solver that does not share this code.

    draw(MODULAR, 3, random.Random(0)).answer()
"""

from __future__ import annotations

import itertools
import math
import random
from functools import cache

from s1repro.demo.problem import LABELS, Family, chain, other_digit

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# Modular chains: start at a digit, apply +, -, * modulo 10.


def _apply_modular(state: int, op: tuple[str, int]) -> int:
    sign, d = op
    return {"+": state + d, "-": state - d, "*": state * d}[sign] % 10


MODULAR = chain(
    name="modular",
    domain="13",
    wordings=("Start with {}. Modulo 10 apply {}. Result?", "From {} keep the last digit through {}."),
    begin=lambda rng, n: (rng.randrange(10), tuple((rng.choice("+-*"), rng.randrange(2, 10)) for _ in range(n))),
    apply=_apply_modular,
    spell=lambda op: f"{op[0]}{op[1]}",
    slip=other_digit,
    shortcuts=True,
)

# Nim sums: the exclusive or of heaps, as in the theory of the game Nim.

NIM = chain(
    name="nim",
    domain="91",
    wordings=("Nim: begin with heap {}, add {} in order.", "Give the nim sum of {} and {}."),
    begin=lambda rng, n: (rng.randrange(8), tuple(rng.randrange(1, 8) for _ in range(n))),
    apply=lambda state, op: state ^ op,
    spell=lambda op: f"^{op}",
    slip=lambda state, rng: state ^ rng.randrange(1, 8),
    shortcuts=True,
)

# Weekdays: days forward and back.

WEEKDAY = chain(
    name="weekday",
    domain="85",
    wordings=("Today is {}. Shift by {} and name the day.", "Move from {} through {} and say which day."),
    begin=lambda rng, n: (rng.randrange(7), tuple(rng.choice((-1, 1)) * rng.randrange(1, 10) for _ in range(n))),
    apply=lambda state, op: (state + op) % 7,
    spell=lambda op: f"{op:+d}",
    slip=lambda state, rng: (state + rng.randrange(1, 7)) % 7,
    show=lambda state: DAYS[state],
    shortcuts=True,
)

# Second-order recurrences modulo 10: x(k) = m x(k-1) + x(k-2). The state is the last two terms.

RECURRENCE = Family(
    name="recurrence",
    domain="39",
    wordings=("Modulo 10 recurrence: find term {} from its start.", "Which modulo 10 value is recurrence term {}?"),
    begin=lambda rng, n: ((rng.randrange(10), rng.randrange(10)), (rng.randrange(1, 4),) * n),
    fill=lambda start, ops: (f"{LABELS[len(ops) - 1]}({ops[0]};{start[0]},{start[1]})",),
    apply=lambda state, op: (state[1], (op * state[1] + state[0]) % 10),
    write=lambda state, op, result: f";{op},{state[1]},{state[0]}={result[1]}",
    answer=lambda states: str(states[-1][1]),
    slip=lambda state, rng: (state[0], other_digit(state[1], rng)),
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


EUCLID = Family(
    name="euclid",
    domain="11",
    wordings=("By subtraction find the common divisor of {},{}.", "Which largest divisor is shared by {},{}?"),
    begin=lambda rng, n: (rng.choice(_euclid_pairs()[n]), (None,) * n),
    fill=lambda start, ops: (str(start[0]), str(start[1])),
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


def _begin_change(rng: random.Random, n: int) -> tuple[int, tuple[tuple[int, ...], ...]]:
    amount, coins = rng.choice(_change_cases()[n])
    return amount, (coins,) * n


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
    wordings=("One greedy till pays {}: how many coins?", "Count the coins some till gives {} greedily."),
    begin=_begin_change,
    fill=lambda start, ops: (f"{start}:" + ",".join(map(str, ops[0])),),
    apply=_apply_change,
    write=lambda state, op, result: f";{state},{state - result}={result}",
    answer=lambda states: str(len(states) - 1),
    max_steps=10,
    listed=False,
)

ARITHMETIC = (MODULAR, NIM, WEEKDAY, RECURRENCE, EUCLID, CHANGE)
