"""The families one by one: steps worked by hand, and what only some of them promise."""

from random import Random

import pytest

from s1repro.demo.documents import worked
from s1repro.demo.machines import AUTOMATON, PERMUTATION, STACK, WALK
from s1repro.demo.problem import Problem, draw

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
    assert worked(Problem(family, "", start, ops)).split("\n") == [*lines, f"Result: {answer}"]


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
