import pytest

from s1repro.curate.audit import overlaps, trainable


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"solution": ""}, ""),  # training does not need it
        ({"question": " "}, "nothing to train on: no question"),
        ({"trace": ""}, "nothing to train on: no trace"),
        ({"attempt": "\n"}, "nothing to train on: no attempt"),
    ],
)
def test_only_what_can_be_trained_on_stays(make_row, fields, reason):
    filtered = trainable([make_row("a"), make_row("b", **fields)])
    assert [drop.reason for drop in filtered.dropped] == ([reason] if reason else [])
    assert len(filtered.kept) == 2 - bool(reason)


SHARES, WHOLE = "shares 3 words in a row with a benchmark question", "holds the whole of a benchmark question"


def test_overlaps_are_told_benchmark_by_benchmark_without_its_questions(make_row):
    rows = [make_row("a", question="one two three FOUR five"), make_row("b", question="what is this ?")]
    measured = {"first": ["x two three  four", "this ?"], "second": ["three four five"], "third": ["else"]}
    found = [overlap.to_json() for overlap in overlaps(rows, measured, n=3, match="words")]
    assert found == [
        {"id": "a", "benchmark": "first", "reason": SHARES, "detail": "question 1 of first: two three four"},
        {"id": "b", "benchmark": "first", "reason": WHOLE, "detail": "question 2 of first: this ?"},
        {"id": "a", "benchmark": "second", "reason": SHARES, "detail": "question 1 of second: three four five"},
    ]
