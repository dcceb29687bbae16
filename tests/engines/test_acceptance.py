"""What was drafted is counted by place in the draft and in the sequence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1repro.engines.acceptance import Acceptance, stretch
from s1repro.engines.base import Drafts

steps = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)).map(lambda step: (step[0], min(step))), max_size=40)


def counted(prompt_tokens: int, pairs: list[tuple[int, int]], every_step: bool = True) -> Acceptance:
    acceptance = Acceptance()
    proposed, accepted = (tuple(pair[i] for pair in pairs) for i in (0, 1))
    acceptance.add(prompt_tokens, Drafts(proposed, accepted, every_step))
    return acceptance


def test_counts_of_one_completion() -> None:
    # Steps begin behind 121, 125 and 127 tokens, and then 131.
    acceptance = counted(120, [(3, 3), (3, 1), (3, 3), (2, 0)])
    assert acceptance.mean_length == pytest.approx(1 + 7 / 4)
    told = acceptance.to_json()
    assert (told["steps"], told["proposed"], told["accepted"]) == (4, [4, 4, 3], [3, 2, 2])
    assert told["from"] == {"0": [3, 7], "128": [1, 0]}


def test_without_a_draft_for_each_step_nobody_knows_the_place_in_the_sequence() -> None:
    told = counted(120, [(3, 3)], every_step=False).to_json()
    assert (told["steps"], told["from"]) == (1, {})


@pytest.mark.parametrize(("place", "first"), [(0, 0), (127, 0), (128, 128), (255, 128), (256, 256), (5000, 4096)])
def test_stretches_double(place: int, first: int) -> None:
    assert stretch(place) == first


@given(st.integers(1, 3000), steps, steps)
def test_counts_add_up_and_survive_json(
    prompt_tokens: int, one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    total, again = counted(prompt_tokens, one), counted(7, other)
    total.update(again)
    assert total.steps == len(one) + len(other) == total.steps_from.total()
    assert total.accepted.total() == sum(accepted for _, accepted in one + other) == total.accepted_from.total()
    assert Acceptance.from_json(json.loads(json.dumps(total.to_json()))).to_json() == total.to_json()
