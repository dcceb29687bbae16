"""The families one by one: steps worked by hand, and what only some of them promise."""

import math
import re
from random import Random

import pytest

from s1repro.demo.arithmetic import CHANGE, EUCLID, MODULAR, NIM, RECURRENCE, WEEKDAY
from s1repro.demo.documents import worked
from s1repro.demo.problem import Problem, draw


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
    assert worked(Problem(family, "", start, ops)).split("\n") == [*lines, f"Result: {answer}"]


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
        for _ in range(25):
            x, y = map(int, re.findall(r"\d+", draw(EUCLID, n, rng).text))
            quotients, divisor = 0, math.gcd(x, y)
            while y:
                quotients, x, y = quotients + x // y, y, x % y
            assert n == quotients - 1
            assert divisor > 1
