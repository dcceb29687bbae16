"""Every family against a second way to its answer, from the question's text alone."""

import math
import operator
import re
from collections import Counter
from datetime import date, timedelta
from functools import reduce
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.demo.arithmetic import ARITHMETIC, CHANGE, EUCLID, MODULAR, NIM, RECURRENCE, WEEKDAY
from s1repro.demo.problem import Problem, draw

EACH = 25
"""Instances of every number of steps."""


def parts(text):
    return [part.rstrip(".") for part in re.findall(r"(?<=[\s,])[a-l]([^a-z,\s]+)", text)]


def modular(text):
    """Without a remainder until the end: Python's integers are long enough."""
    total = re.search(r"(?:with|From) (\d)", text)[1]
    for part in parts(text):
        total = f"({total}){part}"
    return str(eval(total) % 10)


def nim(text):
    heaps = [int(heap) for heap in re.findall(r"\b\d\b", text)]
    return str(reduce(operator.xor, heaps))


def weekday(text):
    name = re.search(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", text)[1]
    today = next(day for day in (date(2000, 2, 20 + i) for i in range(7)) if day.strftime("%a") == name)
    return (today + timedelta(days=sum(map(int, parts(text))))).strftime("%a")


def recurrence(text):
    term, factor, first, second = re.search(r"(\w)\((\d);(\d),(\d)\)", text).groups()
    power = np.linalg.matrix_power(np.array([[int(factor), 1], [1, 0]]), ord(term) - ord("a") + 1)
    return str((power @ [int(second), int(first)])[0] % 10)


def euclid(text):
    return str(math.gcd(*map(int, re.findall(r"\d+", text))))


def change(text):
    left, *coins = map(int, re.findall(r"\d+", text))
    count = 0
    for coin in sorted(coins, reverse=True):
        taken, left = divmod(left, coin)
        count += taken
    return str(count)


SECOND = {
    "modular": modular,
    "nim": nim,
    "weekday": weekday,
    "recurrence": recurrence,
    "euclid": euclid,
    "change": change,
}
BY_NAME = pytest.mark.parametrize("family", ARITHMETIC, ids=lambda family: family.name)


@BY_NAME
def test_answers_are_those_of_a_second_solver(family):
    rng, seen = Random(family.name), 0
    for n in range(1, family.max_steps + 1):
        for _ in range(EACH):
            problem = draw(family, n, rng)
            assert problem.answer() == SECOND[family.name](problem.text), problem.text
            seen += 1
    assert seen >= 200


@given(index=st.integers(0, len(ARITHMETIC) - 1), seed=st.integers(), data=st.data())
@settings(deadline=None)
def test_answers_hold_for_any_seed(index, seed, data):
    family = ARITHMETIC[index]
    problem = draw(family, data.draw(st.integers(1, family.max_steps)), Random(seed))
    assert problem.answer() == SECOND[family.name](problem.text)


@BY_NAME
def test_no_answer_can_be_had_by_always_saying_the_same(family):
    rng = Random(3)
    answers = Counter(draw(family, rng.randint(1, family.max_steps), rng).answer() for _ in range(1500))
    assert max(answers.values()) / 1500 < 0.35


@pytest.mark.parametrize(
    ("family", "start", "ops", "lines", "answer"),
    [
        (MODULAR, 7, (("+", 5), ("-", 4), ("*", 3)), ["a+5;7=2", "b-4;2=8", "c*3;8=4"], "4"),
        (NIM, 5, (3, 7), ["a^3;5=6", "b^7;6=1"], "1"),
        (WEEKDAY, 6, (2, -9), ["a+2;Sun=Tue", "b-9;Tue=Sun"], "Sun"),
        (RECURRENCE, (4, 9), (3, 3), ["a;3,9,4=1", "b;3,1,9=2"], "2"),
        (EUCLID, (21, 6), (None,) * 4, ["a;21,6=15", "b;15,6=9", "c;9,6=3", "d;6,3=3"], "3"),
        (CHANGE, 40, ((30, 6, 3, 1),) * 4, ["a;40,30=10", "b;10,6=4", "c;4,3=1", "d;1,1=0"], "4"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_steps_as_worked_by_hand(family, start, ops, lines, answer):
    problem = Problem(family, "", start, ops)
    states = problem.states()
    assert [problem.line(i, states[i], states[i + 1]) for i in range(len(ops))] == lines
    assert problem.answer() == answer


def test_a_till_has_a_coin_of_each_kind():
    rng, kinds = Random(6), [set() for _ in range(4)]
    for n in range(1, CHANGE.max_steps + 1):
        for _ in range(100):
            amount, *coins = map(int, re.findall(r"\d+", draw(CHANGE, n, rng).text))
            assert 0 < amount < 100
            for kind, coin in zip(kinds, coins, strict=True):
                kind.add(coin)
    assert kinds == [{10, 20, 30}, {4, 5, 6, 7, 8, 9}, {2, 3}, {1}]


def test_euclid_takes_as_many_steps_as_the_continued_fraction_says():
    rng = Random(4)
    for n in range(1, EUCLID.max_steps + 1):
        for _ in range(EACH):
            x, y = map(int, re.findall(r"\d+", draw(EUCLID, n, rng).text))
            quotients, divisor = 0, math.gcd(x, y)
            while y:
                quotients, x, y = quotients + x // y, y, x % y
            assert n == quotients - 1
            assert divisor > 1
