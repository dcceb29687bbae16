"""Every family against a second way to its answer, from the question's text alone."""

import re
from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.demo.machines import AUTOMATON, MACHINES, PERMUTATION, STACK, WALK
from s1repro.demo.problem import Problem, draw

EACH = 25
"""Instances of every number of steps."""


def parts(text):
    return [part.rstrip(".") for part in re.findall(r"(?<=[\s,])[a-p]([^a-z,\s]+)", text)]


def permutation(text):
    """A product of matrices."""
    matrices = {name: np.zeros((5, 5), dtype=int) for name in "PQ"}
    for name, source, target in re.findall(r"([PQ])(\d)(\d)", text):
        matrices[name][int(target) - 1, int(source) - 1] = 1
    vector = np.eye(5, dtype=int)[int(re.search(r"(?:send|element) (\d)", text)[1]) - 1]
    for name in parts(text):
        vector = matrices[name] @ vector
    return str(vector.argmax() + 1)


def automaton(text):
    """A product of matrices of moves."""
    matrices = np.zeros((2, 5, 5), dtype=int)
    for source, bit, target in re.findall(r"([A-E])([01])([A-E])", text):
        matrices[int(bit), "ABCDE".index(source), "ABCDE".index(target)] = 1
    vector = np.eye(5, dtype=int)["ABCDE".index(re.search(r"(?:in|state) ([A-E])\b", text)[1])]
    for bit in parts(text):
        vector = vector @ matrices[int(bit)]
    return "ABCDE"[vector.argmax()]


def stack(text):
    """From postfix to infix; one remainder at the end."""
    held = [re.search(r"(?:holds|stack) (\d)", text)[1]]
    for part in parts(text):
        if part[0] == "<":
            held.append(part[1])
        else:
            right, left = held.pop(), held.pop()
            held.append(f"({left}{part}{right})")
    return "".join(str(eval(term) % 10) for term in held)


def walk(text):
    """Complex numbers."""
    x, y = re.search(r"(?:from|square) (\d)(\d)\b", text).groups()
    place = complex(int(x), int(y)) + sum({"N": 1j, "S": -1j, "E": 1, "W": -1}[p[0]] * int(p[1]) for p in parts(text))
    return f"{int(place.real) % 10}{int(place.imag) % 10}"


SECOND = {"permutation": permutation, "automaton": automaton, "stack": stack, "walk": walk}
BY_NAME = pytest.mark.parametrize("family", MACHINES, ids=lambda family: family.name)


@BY_NAME
def test_answers_are_those_of_a_second_solver(family):
    rng, seen = Random(family.name), 0
    for n in range(1, family.max_steps + 1):
        for _ in range(EACH):
            problem = draw(family, n, rng)
            assert problem.answer() == SECOND[family.name](problem.text), problem.text
            seen += 1
    assert seen >= 200


@given(index=st.integers(0, len(MACHINES) - 1), seed=st.integers(), data=st.data())
@settings(deadline=None)
def test_answers_hold_for_any_seed(index, seed, data):
    family = MACHINES[index]
    problem = draw(family, data.draw(st.integers(1, family.max_steps)), Random(seed))
    assert problem.answer() == SECOND[family.name](problem.text)


@BY_NAME
def test_no_answer_can_be_had_by_always_saying_the_same(family):
    rng = Random(3)
    answers = Counter(draw(family, rng.randint(1, family.max_steps), rng).answer() for _ in range(1500))
    assert max(answers.values()) / 1500 < 0.35


TABLE = (("B", "C"), ("A", "E"), ("C", "D"), ("E", "E"), ("A", "B"))


@pytest.mark.parametrize(
    ("family", "start", "ops", "lines", "answer"),
    [
        (PERMUTATION, 2, (("P", (3, 5, 1, 2, 4)), ("Q", (1, 2, 3, 5, 4))), ["aP;P25", "bQ;Q54"], "4"),
        (AUTOMATON, "A", ((1, TABLE), (1, TABLE), (0, TABLE)), ["a1;A1C", "b1;C1D", "c0;D0E"], "E"),
        (
            STACK,
            (7,),
            (("push", 8), ("push", 4), ("mul", 0), ("add", 0)),
            ["a<8;7=78", "b<4;78=784", "c*;784=72", "d+;72=9"],
            "9",
        ),
        (WALK, (1, 8), (("N", 5), ("W", 3)), ["aN5;18=13", "bW3;13=83"], "83"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_steps_as_worked_by_hand(family, start, ops, lines, answer):
    problem = Problem(family, "", start, ops)
    states = problem.states()
    assert [problem.line(i, states[i], states[i + 1]) for i in range(len(ops))] == lines
    assert problem.answer() == answer


def test_a_stack_is_never_popped_empty_nor_deeper_than_four():
    rng = Random(2)
    depths = {len(state) for _ in range(400) for state in draw(STACK, 16, rng).states()}
    assert depths == {1, 2, 3, 4}
