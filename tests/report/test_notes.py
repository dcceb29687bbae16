"""What is not as it should be is named, run by run, and what is as it should be has no line."""

from __future__ import annotations

from dataclasses import replace

from s1repro.records import Sample
from s1repro.report.curves import Evaluated
from s1repro.report.notes import notes
from tests.report.conftest import measured, whole

RUN = [measured(budget, 0, question, question < 5) for budget in (16, 32) for question in range(10)]


def test_nothing_is_said_of_whole_runs() -> None:
    assert notes([whole("toy", RUN), whole("base", RUN)]) == []


def test_points_under_way_are_counted_with_their_samples() -> None:
    (line,) = notes([Evaluated("toy", RUN[:13], frozenset({("toy", "force", 32, 0)})), whole("base", RUN)])
    assert line.startswith("Unfinished: 1 point of toy with 3 samples so far, short thinking first")
    assert line.endswith("run the evaluate stage of toy to its end")


def test_a_point_without_an_answer_is_named() -> None:
    samples = [replace(s, finish="rejected", extracted="") if s.key.budget == 16 else s for s in RUN]
    assert notes([whole("toy", samples)]) == [
        "Empty: toy, toy, force, budget 16, 0 Waits has no point on the curve, none of its 10 samples has an answer: "
        "no try fitted the budget"
    ]


def test_a_benchmark_whose_count_changed_is_named_with_all_counts() -> None:
    fewer = [sample for sample in RUN if sample.key.question < "q8"]
    assert notes([whole("toy", RUN), whole("base", fewer)]) == [
        "Other questions: toy has not the same questions everywhere (10 in toy; 8 in base; 8 in all): accuracies are "
        "each over its own, differences over those that both sides have"
    ]
    within = [sample for sample in RUN if sample.key.question < "q8" or sample.key.budget == 32]
    assert "(8 in toy; 10 in toy; 8 in all)" in notes([whole("toy", within)])[0]


def test_a_sample_of_100_000_tokens_is_named() -> None:
    long: Sample = replace(measured(131_072, 0, 3, True), thinking_tokens=100_000)
    (line,) = notes([whole("toy", [long])])
    assert line == (
        "Long: 1 sample of toy with 50,000 thinking tokens or more, the longest with 100,000 on question q3 (toy, toy, "
        "force, budget 131,072, 0 Waits)"
    )


def test_lines_that_were_left_out_are_passed_on() -> None:
    assert notes([replace(whole("toy", RUN), notes=("samples.jsonl:3: one is left out",))]) == [
        "samples.jsonl:3: one is left out"
    ]
