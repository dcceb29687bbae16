import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.demo.documents import (
    DIRECT_PROMPT,
    LOOK_UP_PROMPT,
    SHORTCUT_PROMPT,
    WORKED_PROMPT,
    draw_document,
    draw_look_up,
    shortcut_length,
    worked,
)
from s1repro.demo.problem import LABELS, draw
from s1repro.demo.worlds import FAMILIES

LISTED = {family.name for family in FAMILIES if family.listed}
HASTY = {family.name for family in FAMILIES if family.shortcuts}


def solution(reader, name, question, upto=None):
    """The whole solution as the second solver writes it, or its first `upto` steps and the result."""
    written, lines = [], []
    while step := reader.next_step(name, question, written):
        lines.append(LABELS[len(written)] + "".join(step))
        written.append(step[1])
    return "\n".join([*lines[:upto], f"Result: {reader.answer(name, question, [])}"])


PROMPTS = {"direct": DIRECT_PROMPT, "worked": WORKED_PROMPT, "shortcut": SHORTCUT_PROMPT, "look up": LOOK_UP_PROMPT}


def parse(document):
    """(kind, question) of a document, from its fixed words."""
    for kind, prompt in PROMPTS.items():
        before, after = prompt.split("{question}")
        if document.given.startswith(before) and document.given.endswith(after):
            return kind, document.given[len(before) : -len(after)]
    raise AssertionError(document.given)


def entries(reader, question):
    """What can be looked up: the entries of the table and, from two on, of the lettered list."""
    listed = [letter + part for letter, part in zip(LABELS, reader.listed(question), strict=False)]
    table = re.findall(r"(?<=[ ,])(?:[PQ][1-5][1-5]|[A-E][01][A-E])(?=[ ,])", question)
    return sorted(table + (listed if len(listed) > 1 else []))


def test_documents_tell_the_truth(reader):
    rng, seen, shuffled = Random(1), set(), set()
    for _ in range(5000):
        document = draw_document(rng, 16)
        kind, question = parse(document)
        name = reader.family(question)
        seen.add((name, kind))
        whole = solution(reader, name, question)
        if kind == "look up":
            told = document.told.removeprefix(" ").removesuffix("\n").split(",")
            assert sorted(told) == entries(reader, question)
            if told != sorted(told):
                shuffled.add(name)
        elif kind == "direct":
            assert document.told == f" {reader.answer(name, question, [])}\n"
        elif kind == "worked":
            assert document.told == whole + "\n"
        else:
            first = solution(reader, name, question, max(0, whole.count("\n") - 3)) if name in HASTY else whole
            assert document.told == f"{first}\nCheck.\n{whole}\n"
    assert shuffled == LISTED
    assert seen == {(family.name, kind) for family in FAMILIES for kind in PROMPTS if kind != "look up"} | {
        (name, "look up") for name in LISTED
    }


@given(seed=st.integers(), limit=st.integers(2, 16))
@settings(deadline=None)
def test_look_ups_are_of_what_the_question_lists(reader, seed, limit):
    document = draw_look_up(Random(seed), limit)
    kind, question = parse(document)
    assert kind == "look up"
    assert 2 <= len(reader.listed(question)) <= limit
    assert sorted(document.told.removeprefix(" ").removesuffix("\n").split(",")) == entries(reader, question)


def test_most_documents_are_worked_and_no_kind_is_rare():
    rng, count = Random(2), 6000
    kinds = Counter(parse(draw_document(rng, 16))[0] for _ in range(count))
    assert set(kinds) == set(PROMPTS)
    assert min(kinds.values()) / count > 0.05
    assert (kinds["worked"] + kinds["shortcut"]) / count > 0.5


def test_no_document_is_in_a_thinking_format():
    rng = Random(3)
    for _ in range(3000):
        document = draw_document(rng, 16)
        assert not any(
            word in document.given + document.told for word in ("Wait", "Answer", "<|", "think", "assistant")
        )


@pytest.mark.parametrize("limit", [2, 7, 16])
def test_problems_keep_to_the_limit_and_reach_it(reader, limit):
    rng, steps = Random(4), {family.name: set() for family in FAMILIES}
    for _ in range(3000):
        question = parse(draw_document(rng, limit))[1]
        name = reader.family(question)
        steps[name].add(solution(reader, name, question).count("\n"))
    for family in FAMILIES:
        assert steps[family.name] == set(range(1, min(limit, family.max_steps) + 1)), family.name


def test_every_family_is_told_of(reader):
    rng, count = Random(5), 4000
    names = Counter(reader.family(parse(draw_document(rng, 16))[1]) for _ in range(count))
    assert set(names) == {family.name for family in FAMILIES}
    assert min(names.values()) / count > 0.05
    assert draw_document(Random(6), 16) == draw_document(Random(6), 16)


def test_worked_can_stop_early_and_still_says_the_result():
    problem = draw(FAMILIES[0], 5, Random(7))
    whole = worked(problem).split("\n")
    assert len(whole) == 6
    assert worked(problem, 2).split("\n") == [*whole[:2], whole[-1]]
    assert worked(problem, 0) == whole[-1]


def test_a_shortcut_leaves_out_three_steps_where_there_are_so_many():
    rng = Random(8)
    lengths = [shortcut_length(draw(FAMILIES[0], n, rng)) for n in (1, 2, 3, 4, 5, 16)]
    assert lengths == [0, 0, 0, 1, 2, 13]
