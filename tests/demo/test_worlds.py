import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.curate.domains import class_names
from s1repro.demo.problem import LABELS, draw
from s1repro.demo.teacher import HASTY
from s1repro.demo.worlds import FAMILIES
from tests.demo.solvers import SOLVERS

QUESTIONS = 3000
BY_NAME = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def runs(question, n=8):
    """The runs of n words that the decontamination lays side by side, here with their case."""
    words = question.split()
    n = min(n, len(words))
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def payload(words):
    """The words that are lists, tables or rows of numbers, without the sentence's own marks."""
    return frozenset(word.rstrip(".:;?") for word in words if re.search(r"[,:;(]\S|^a[^a-z]", word))


def test_ten_families_and_eight_subjects_at_least():
    names = [family.name for family in FAMILIES]
    domains = {family.domain for family in FAMILIES}
    assert len(names) == len(set(names)) >= 10
    assert len(domains) >= 8
    assert domains <= set(class_names())


@BY_NAME
def test_answers_are_those_of_a_second_solver(family):
    rng, seen = Random(family.name), 0
    for n in range(1, family.max_steps + 1):
        for _ in range(25):
            problem = draw(family, n, rng)
            assert problem.answer() == SOLVERS[family.name](problem.text), problem.text
            seen += 1
    assert seen >= 200


@given(family=st.sampled_from(FAMILIES), seed=st.integers(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_answers_hold_for_any_seed(family, seed, data):
    problem = draw(family, data.draw(st.integers(1, family.max_steps)), Random(seed))
    assert problem.answer() == SOLVERS[family.name](problem.text)


@BY_NAME
def test_no_answer_can_be_had_by_always_saying_the_same(family):
    rng = Random(3)
    answers = Counter(draw(family, rng.randint(1, family.max_steps), rng).answer() for _ in range(1500))
    assert max(answers.values()) / 1500 < 0.35


@BY_NAME
def test_every_step_has_its_letter_and_the_dial_spans_tenfold(family):
    assert 10 <= family.max_steps <= len(LABELS)


@BY_NAME
def test_questions_of_a_family_share_no_eight_words_but_with_the_same_list(family):
    rng = Random(7)
    questions = sorted({draw(family, rng.randint(1, family.max_steps), rng).text for _ in range(QUESTIONS)})
    holders = {}
    for question in questions:
        for run in runs(question):
            holders.setdefault(tuple(word.lower() for word in run), []).append(question)
    shared = [group for group in holders.values() if len(group) > 1]
    for group in shared:
        assert len({payload(question.split()) for question in group}) == 1, group
    assert len({question for group in shared for question in group}) <= 0.01 * len(questions)


@BY_NAME
def test_any_eight_words_in_a_row_hold_the_whole_list(family):
    rng = Random(8)
    for n in range(1, family.max_steps + 1):
        for _ in range(10):
            question = draw(family, n, rng).text
            assert payload(question.split())
            assert {payload(run) for run in runs(question)} == {payload(question.split())}


@BY_NAME
def test_wordings_vary(family):
    rng = Random(9)
    assert len({draw(family, 5, rng).text.split()[0] for _ in range(40)}) >= 2


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.slip], ids=lambda family: family.name)
def test_a_slip_is_another_state_of_the_same_kind(reader, family):
    def kind(character):
        return "digit" if character.isdigit() else "letter" if character.isalpha() else character

    rng = Random(10)
    for n in range(1, family.max_steps + 1):
        problem = draw(family, n, rng)
        states, written = problem.states(), []
        for i in range(n):
            before, result = reader.next_step(family.name, problem.text, written)
            wrong = problem.line(i, states[i], family.slip(states[i + 1], rng)).removeprefix(LABELS[i] + before)
            assert wrong != result
            assert len(wrong) == len(result)
            assert [kind(c) for c in wrong] == [kind(c) for c in result]
            written.append(result)


def test_hasty_families_can_guess_wrong():
    hasty = [family for family in FAMILIES if family.name in HASTY]
    assert len(hasty) == len(HASTY)
    assert all(family.slip and family.shortcuts for family in hasty)


def test_lengths_vary_tenfold_by_the_dial(demo_tokenizer):
    """The length of a whole solution, and so of a trace, is set by the number of steps."""
    from s1repro.demo.documents import worked

    rng = Random(11)
    for family in FAMILIES:
        texts = [[worked(draw(family, n, rng)) for _ in range(15)] for n in range(1, family.max_steps + 1)]
        means = [sum(len(ids) for ids in demo_tokenizer(group)["input_ids"]) / 15 for group in texts]
        assert all(longer > shorter for shorter, longer in zip(means, means[2:], strict=False)), family.name
        assert means[-1] >= 6 * means[0], family.name
