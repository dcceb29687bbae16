import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.demo.documents import (
    AT_ONCE_SHARE,
    DIRECT_PROMPT,
    LOOK_UP_PROMPT,
    ODD_SHARE,
    SECOND_CHECK_SHARE,
    SHORTCUT_PROMPT,
    WORDS,
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


CUES = {"direct": "Final Answer:", "worked": "Solution:", "shortcut": "Shortcut:", "look up": "Look up:"}
PROMPTS = {"direct": DIRECT_PROMPT, "worked": WORKED_PROMPT, "shortcut": SHORTCUT_PROMPT, "look up": LOOK_UP_PROMPT}


def parse(document):
    """(kind, question) of a document, from its fixed words or from among its oddments."""
    for kind, prompt in PROMPTS.items():
        before, after = prompt.split("{question}")
        if document.given.startswith(before) and document.given.endswith(after):
            return kind, document.given[len(before) : -len(after)]
    lines = document.given.split("\n")
    (question,) = (line.lstrip("#@~|%&$") for line in lines if " " in line and line not in CUES.values())
    odd = "".join(lines).replace(question, "", 1)
    kind = next((kind for kind, cue in CUES.items() if odd.endswith(cue)), "bare")
    for word in (*WORDS, *"#@~|%&$", CUES.get(kind, "")):
        odd = odd.replace(word, "")
    assert odd == "", document.given
    return kind, question


def entries(reader, question):
    """What can be looked up: the entries of the table and, from two on, of the lettered list."""
    listed = [letter + part for letter, part in zip(LABELS, reader.listed(question), strict=False)]
    table = re.findall(r"(?<=[ ,])[A-C][01][A-C](?=[ ,])", question)
    return sorted(table + (listed if len(listed) > 1 else []))


def test_documents_tell_the_truth(reader):
    rng, seen, shuffled = Random(1), set(), set()
    for _ in range(5000):
        document = draw_document(rng, 12)
        kind, question = parse(document)
        name = reader.family(question)
        seen.add((name, kind))
        whole, final = solution(reader, name, question), f"Final Answer: {reader.answer(name, question, [])}\n"
        if kind == "look up":
            told = document.told.removeprefix(" ").removesuffix("\n").split(",")
            assert sorted(told) == entries(reader, question)
            if told != sorted(told):
                shuffled.add(name)
        elif kind == "direct":
            assert document.told == f" {reader.answer(name, question, [])}\n"
        elif kind == "worked":
            assert document.told == f"{whole}\n{final}"
        elif kind == "bare":
            assert document.told in (final, f"{whole}\n{final}")
        else:
            first = solution(reader, name, question, max(0, whole.count("\n") - 3)) if name in HASTY else whole
            assert document.told in [first + f"\nWait, check.\n{whole}" * checks + f"\n{final}" for checks in (1, 2)]
    assert shuffled == LISTED
    of_all = ("direct", "worked", "shortcut", "bare")
    assert seen == {(f.name, kind) for f in FAMILIES for kind in of_all} | {(name, "look up") for name in LISTED}


@given(seed=st.integers(), limit=st.integers(2, 12))
@settings(deadline=None)
def test_look_ups_are_of_what_the_question_lists(reader, seed, limit):
    document = draw_look_up(Random(seed), limit)
    kind, question = parse(document)
    assert kind == "look up"
    assert 2 <= len(reader.listed(question)) <= limit
    assert sorted(document.told.removeprefix(" ").removesuffix("\n").split(",")) == entries(reader, question)


def test_most_documents_are_worked_and_no_kind_is_rare():
    rng, count = Random(2), 6000
    kinds = Counter(parse(draw_document(rng, 12))[0] for _ in range(count))
    assert set(kinds) == {*PROMPTS, "bare"}
    assert min(kinds.values()) / count > 0.05
    assert (kinds["worked"] + kinds["shortcut"]) / count > 0.5


def test_no_document_is_in_a_thinking_format():
    rng = Random(3)
    for _ in range(3000):
        document = draw_document(rng, 12)
        kind, question = parse(document)
        assert "<|" not in document.given + document.told
        assert not re.search(r"(?i)think|assistant|user|system|wait|answer", question)
        assert not re.search(r"(?i)think|assistant|user|system", document.told)
        assert document.told.count("Final Answer:") == (kind in ("worked", "shortcut", "bare"))
        assert ("Final Answer:" in document.given) == (kind == "direct")
        assert ("Wait" in document.told) == (kind == "shortcut")
        assert document.told.count("Wait") == document.told.count("\nWait, check.\n")


BARE_SHARE = 0.12


def test_bare_questions_are_mostly_answered_at_once():
    rng = Random(11)
    documents = [draw_document(rng, 12) for _ in range(8000)]
    bare = [document for document in documents if parse(document)[0] == "bare"]
    assert abs(len(bare) / len(documents) - BARE_SHARE) < 0.02
    at_once = sum(document.told.startswith("Final Answer:") for document in bare)
    assert abs(at_once / len(bare) - AT_ONCE_SHARE) < 0.07


def test_half_of_the_questions_stand_among_oddments():
    rng, count = Random(10), 4000
    usual = sum(draw_document(rng, 12).given.startswith("Problem: ") for _ in range(count))
    assert abs(usual / count - (1 - BARE_SHARE) * (1 - ODD_SHARE)) < 0.04
    assert len({draw_document(rng, 12).given.split("\n")[0] for _ in range(2000)} & {"", *WORDS}) == len(WORDS) + 1


def test_checks_come_once_or_twice_in_the_stated_share():
    rng = Random(9)
    shortcuts = [d for d in (draw_document(rng, 12) for _ in range(8000)) if parse(d)[0] == "shortcut"]
    checks = Counter(document.told.count("Wait, check.") for document in shortcuts)
    assert set(checks) == {1, 2}
    error = (SECOND_CHECK_SHARE * (1 - SECOND_CHECK_SHARE) / len(shortcuts)) ** 0.5
    assert error < 0.015
    assert abs(checks[2] / len(shortcuts) - SECOND_CHECK_SHARE) < 4 * error


@pytest.mark.parametrize("limit", [2, 7, 12])
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
    names = Counter(reader.family(parse(draw_document(rng, 12))[1]) for _ in range(count))
    assert set(names) == {family.name for family in FAMILIES}
    assert min(names.values()) / count > 0.05
    assert draw_document(Random(6), 12) == draw_document(Random(6), 12)


def test_worked_can_stop_early_and_still_says_the_result():
    problem = draw(FAMILIES[0], 5, Random(7))
    whole = worked(problem).split("\n")
    assert len(whole) == 6
    assert worked(problem, 2).split("\n") == [*whole[:2], whole[-1]]
    assert worked(problem, 0) == whole[-1]


def test_a_shortcut_leaves_out_three_steps_where_there_are_so_many():
    rng = Random(8)
    lengths = [shortcut_length(draw(FAMILIES[0], n, rng)) for n in (1, 2, 3, 4, 5, 12)]
    assert lengths == [0, 0, 0, 1, 2, 9]
