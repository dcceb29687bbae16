"""Waits are marked where the trace was interrupted, not where a model says "Wait" of its own accord."""

from __future__ import annotations

from s1repro.report.page.marks import WaitMark, final_length, wait_marks
from tests.toy import make_sample

NONE = make_sample(waits=0, thinking="Wait, two and two.\n")
ONE = make_sample(waits=1, thinking="Wait, two and two.\nWait, is four. Wait!\n")
TWO = make_sample(waits=2, thinking="Wait, two and two.\nWait, is four. Wait!\nWait... yes")


def test_the_places_come_from_the_siblings() -> None:
    assert wait_marks([NONE, ONE, TWO], TWO, ("Wait",)) == (WaitMark(19, 23, False), WaitMark(40, 44, False))
    assert wait_marks([NONE, ONE, TWO], NONE, ("Wait",)) == ()


def test_a_place_that_no_sibling_knows_is_guessed() -> None:
    assert wait_marks([NONE, TWO], TWO, ("Wait",)) == (WaitMark(19, 23, False), WaitMark(34, 38, True))
    assert wait_marks([ONE], ONE, ("Wait",)) == (WaitMark(0, 4, True),)


def test_a_trace_cut_by_its_budget_tells_no_place() -> None:
    cut = make_sample(budget=8, thinking="Wait, two", finish="budget", cut=8)
    assert wait_marks([cut, ONE], ONE, ("Wait",)) == (WaitMark(0, 4, True),)


def test_several_strings_take_turns_and_one_without_letters_has_no_place() -> None:
    one = make_sample(waits=1, thinking="Wait, two and two.\nHm, four")
    assert wait_marks([NONE, one], one, ("Hm", "Wait")) == (WaitMark(19, 21, False),)
    assert wait_marks([NONE, one], one, ("",)) == ()


def test_the_final_string_is_marked_where_it_was_forced() -> None:
    forced = make_sample(answer="Final Answer: 4", finish="budget")
    assert final_length(forced, "Final Answer:") == 13
    assert final_length(make_sample(answer="Final Answer: 4"), "Final Answer:") == 0
    assert final_length(make_sample(answer="4", finish="budget"), "Final Answer:") == 0
