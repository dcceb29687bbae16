from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.demo.problem import LABELS, Family, Problem, draw, listing
from s1repro.demo.worlds import FAMILIES

DOUBLE = Family(
    name="double",
    domain="11",
    wordings=("Double {}", "Twice {}"),
    begin=lambda rng, n: (rng.randrange(9), (2,) * n),
    fill=lambda start, ops: (f"{start} for {len(ops)} times",),
    apply=lambda state, op: state * op,
    write=lambda state, op, result: f"*{op};{state}={result}",
    answer=lambda states: str(sum(states)),
)


def test_states_answer_and_lines_are_the_familys_own():
    problem = Problem(DOUBLE, "", 3, (2, 2, 2))
    assert problem.states() == [3, 6, 12, 24]
    assert problem.answer() == "45"
    assert problem.line(0, 3, 6) == "a*2;3=6"
    assert problem.line(2, 12, 24) == "c*2;12=24"
    assert problem.line(1, 7, 99) == "b*2;7=99"  # a line says what it is given, right or wrong


def test_draw_is_seeded():
    assert draw(DOUBLE, 2, Random(5)) == draw(DOUBLE, 2, Random(5))
    assert len({draw(DOUBLE, 2, Random(seed)).text for seed in range(40)}) > 4


def test_a_listing_is_one_lettered_word():
    assert listing(["+7", "*2", "-1"]) == "a+7,b*2,c-1"
    assert len(listing([f"+{i % 10}" for i in range(26)]).split()) == 1


@given(index=st.integers(0, len(FAMILIES) - 1), seed=st.integers(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_all_lines_are_what_a_reader_of_the_text_would_write(reader, index, seed, data):
    family = FAMILIES[index]
    n = data.draw(st.integers(1, family.max_steps))
    problem = draw(family, n, Random(seed))
    states, written = problem.states(), []
    for i in range(n):
        before, result = reader.next_step(family.name, problem.text, written)
        assert problem.line(i, states[i], states[i + 1]) == f"{LABELS[i]}{before}{result}"
        written.append(result)
    assert reader.next_step(family.name, problem.text, written) is None
    assert problem.answer() == reader.answer(family.name, problem.text, [])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_dial_is_the_number_of_steps(family):
    rng = Random(1)
    for n in range(1, family.max_steps + 1):
        assert {len(draw(family, n, rng).ops) for _ in range(10)} == {n}
