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
    return [part.rstrip(".") for part in re.findall(r"(?<=[\s,])[a-l]([^a-z,\s]+)", text)]


def permutation(text):
    """A product of matrices."""
    product = np.eye(9, dtype=int)
    for part in parts(text):
        low, swap = int(part.removeprefix("S")) - 1, np.eye(9, dtype=int)
        swap[low : low + 2, low : low + 2] = [[0, 1], [1, 0]]
        product = swap @ product
    return str(product[:, int(re.search(r"(?:send|element) (\d)\b", text)[1]) - 1].argmax() + 1)


def automaton(text):
    """A product of matrices of moves."""
    matrices = np.zeros((2, 3, 3), dtype=int)
    for source, bit, target in re.findall(r"([A-C])([01])([A-C])", text):
        matrices[int(bit), "ABC".index(source), "ABC".index(target)] = 1
    vector = np.eye(3, dtype=int)["ABC".index(re.search(r"(?:in|state) ([A-C])\b", text)[1])]
    for bit in parts(text):
        vector = vector @ matrices[int(bit)]
    return "ABC"[vector.argmax()]


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
    """All to the east at once, all to the west at once; a long way round instead of a remainder."""
    total = {way: sum(int(part[1:]) for part in parts(text) if part[0] == way) for way in "EW"}
    assert total["E"] + total["W"] >= len(parts(text))  # no other way
    return str(1000 + int(re.search(r"(?:from|square) (\d)\b", text)[1]) + total["E"] - total["W"])[-1]


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


TABLE = (("B", "C"), ("A", "A"), ("C", "B"))


@pytest.mark.parametrize(
    ("family", "start", "ops", "lines", "answer"),
    [
        (PERMUTATION, 2, (2, 3, 1, 8, 3), ["aS2;2=3", "bS3;3=4", "cS1;4=4", "dS8;4=4", "eS3;4=3"], "3"),
        (AUTOMATON, "A", ((1, TABLE), (1, TABLE), (0, TABLE)), ["a1;A1C", "b1;C1B", "c0;B0A"], "A"),
        (
            STACK,
            (7,),
            (("push", 8), ("mul", 0), ("push", 4), ("add", 0), ("push", 3)),
            ["a<8;7=78", "b*;78=6", "c<4;6=64", "d+;64=0", "e<3;0=03"],
            "03",
        ),
        (WALK, 8, (("E", 5), ("W", 9)), ["aE5;8=3", "bW9;3=4"], "4"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_steps_as_worked_by_hand(family, start, ops, lines, answer):
    problem = Problem(family, "", start, ops)
    states = problem.states()
    assert [problem.line(i, states[i], states[i + 1]) for i in range(len(ops))] == lines
    assert problem.answer() == answer


def test_a_stack_is_never_popped_empty_nor_deeper_than_two():
    rng = Random(2)
    depths = {len(state) for _ in range(400) for state in draw(STACK, 12, rng).states()}
    assert depths == {1, 2}


def test_most_swaps_move_the_element_and_all_swaps_and_elements_occur(reader):
    rng, swaps, elements, moves = Random(5), set(), set(), []
    for _ in range(500):
        question, written = draw(PERMUTATION, 12, rng).text, []
        while step := reader.next_step("permutation", question, written):
            (swap, element), result = step[0].rstrip("=").split(";"), step[1]
            swaps.add(swap)
            elements |= {element, result}
            moves.append(element != result)
            written.append(result)
    assert swaps == {f"S{i}" for i in range(1, 9)}
    assert elements == set("123456789")
    assert 0.75 < sum(moves) / len(moves) < 0.9
