"""The teacher's mistakes are counted in what it wrote, by a reader who knows the question's text alone."""

from dataclasses import dataclass
from random import Random

import pytest

from s1repro.demo.problem import LABELS, draw
from s1repro.demo.teacher import GUESS_WRONG_SHARE, HASTY, SECOND_CHECK_SHARE, SLIP_SHARE, check_share, think
from s1repro.demo.worlds import FAMILIES

EACH = 48
"""Traces of every family and number of steps."""


@dataclass(frozen=True)
class Read:
    """One trace, read again: `wrong_steps` of the first pass do not follow from what stands before them."""

    family: object
    steps: int
    thought: object
    right: str
    results: list[str]  # what each pass ends in
    wrong_steps: int
    follows: bool  # the first pass's result follows from its last line
    written: int


@pytest.fixture(scope="module")
def traces(reader):
    rng = Random(12)
    found = []
    for family in FAMILIES:
        for n in range(1, family.max_steps + 1):
            for _ in range(EACH):
                problem = draw(family, n, rng)
                thought = think(problem, rng)
                found.append(read(reader, family, n, problem.text, thought))
    return found


def read(reader, family, n, question, thought):
    """Read a trace line by line; each line's work must be what follows from the results written above it."""
    passes = thought.trace.split("\nWait, check.\n")
    right = reader.answer(family.name, question, [])
    for number, text in enumerate(passes):
        *lines, result = text.split("\n")
        written, wrong = [], 0
        for label, line in zip(LABELS, lines, strict=False):
            before, expected = reader.next_step(family.name, question, written)
            told = line.removeprefix(label + before)
            assert told != line, (line, before)  # the step takes up the state above it, wrong or right
            wrong += told != expected
            written.append(told)
        if number:
            assert wrong == 0
            assert len(lines) == n
            assert result == f"Result: {right}"
        else:
            first = (wrong, result == f"Result: {reader.answer(family.name, question, written)}", len(lines))
    results = [text.rpartition("Result: ")[2] for text in passes]
    return Read(family, n, thought, right, results, *first)


def near(values, share):
    """The share of true values is the stated one within four standard errors, in a sample that can tell."""
    values = list(values)
    error = (share * (1 - share) / len(values)) ** 0.5
    assert 0 < error < 0.06
    assert abs(sum(values) / len(values) - share) < 4 * error


def test_the_attempt_is_the_last_result(traces):
    for trace in traces:
        assert trace.thought.attempt == f"Final Answer: {trace.results[-1]}"


def test_a_check_begins_with_wait_and_ends_right(traces):
    checked = [trace for trace in traces if trace.thought.checks]
    assert len(checked) > 300
    for trace in traces:
        assert trace.thought.trace.count("Wait") == trace.thought.checks == len(trace.results) - 1
        assert trace.thought.trace.count("\nWait, check.\n") == trace.thought.checks
        assert all(result == trace.right for result in trace.results[1:])  # that its steps are right, `read` asserts
    assert any(trace.results[0] != trace.right for trace in checked)


def test_a_trace_slips_at_most_once_and_carries_on(traces):
    """That the lines below a slip work on from the wrong state is asserted for all traces by `read`."""
    assert {trace.wrong_steps for trace in traces} == {0, 1}
    slipped = [trace for trace in traces if trace.wrong_steps and trace.follows]
    assert len(slipped) > 200
    lost = sum(trace.results[0] != trace.right for trace in slipped) / len(slipped)
    assert lost > 0.5  # some are healed by a step that forgets, such as *2 modulo 10


def test_slips_have_the_stated_share(traces):
    near((t.wrong_steps == 1 for t in traces if t.family.slip and t.written), SLIP_SHARE)
    assert not any(t.wrong_steps for t in traces if not t.family.slip)


def test_guesses_have_the_stated_share(traces):
    near((not t.follows for t in traces if t.family.name in HASTY), GUESS_WRONG_SHARE)
    for trace in traces:
        assert trace.written == (max(0, trace.steps - 3) if trace.family.name in HASTY else trace.steps)
        assert trace.follows or trace.family.name in HASTY


def test_checks_have_the_stated_shares(traces):
    long = [t for t in traces if check_share(t.steps, t.family.max_steps)]
    near((t.thought.checks > 0 for t in long), 0.25)
    assert not any(t.thought.checks for t in traces if not check_share(t.steps, t.family.max_steps))
    near((t.thought.checks == 2 for t in traces if t.thought.checks), SECOND_CHECK_SHARE)
    assert {t.thought.checks for t in traces} == {0, 1, 2}


def test_only_the_longest_work_is_checked():
    assert [n for n in range(1, 13) if check_share(n, 12)] == [10, 11, 12]
    assert [n for n in range(1, 11) if check_share(n, 10)] == [9, 10]


def test_thoughts_are_seeded():
    problem = draw(FAMILIES[0], 12, Random(1))
    assert think(problem, Random(2)) == think(problem, Random(2))
    assert len({think(problem, Random(seed)).trace for seed in range(60)}) > 3


def test_trace_lengths_vary_tenfold_by_the_dial(traces, demo_tokenizer):
    lengths = {
        n: [len(ids) for ids in demo_tokenizer([t.thought.trace for t in traces if t.steps == n])["input_ids"]]
        for n in (1, 4, 8, 12)
    }
    means = [sum(of) / len(of) for of in lengths.values()]
    assert means == sorted(means)
    assert means[-1] >= 10 * means[0]
    assert max(lengths[12]) >= 10 * max(lengths[1])
