import asyncio

import pytest
from transformers import AutoTokenizer

from s1repro.artifacts import Journal
from s1repro.curate.difficulty import gradable, hard_rows, in_order, to_ask
from s1repro.curate.solvers import Solver
from s1repro.engines import ScriptedEngine

DIRECT = "Problem: {question}\nResult:"
STEPS = "Problem: {question}\nSolution:\n"


class Engine(ScriptedEngine):
    """Answers by a table from prompt to completion; tells whether it was closed."""

    def __init__(self, tokenizer, answers, **options):
        def script(ids):
            text = answers[tokenizer.decode(list(ids))]
            return [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]

        super().__init__(tokenizer, script, max_model_len=options.pop("max_model_len", 200), **options)
        self.closed = 0

    @property
    def prompts(self):
        return [self.tokenizer.decode(list(request.prompt_ids)) for request in self.requests]

    async def close(self):
        self.closed += 1


@pytest.fixture(scope="module")
def tokenizer(base_model):
    return AutoTokenizer.from_pretrained(base_model)


def pair(prompts, tokens, model="m"):
    """Solvers 1, 2, ... on one model."""
    return [
        Solver(number, model, model, *settings)
        for number, settings in enumerate(zip(prompts, tokens, strict=True), start=1)
    ]


def filtered(rows, solvers, engine, path, concurrency=4, **options):
    with Journal(path) as journal:
        return asyncio.run(hard_rows(rows, solvers, lambda _: engine, journal, concurrency, **options))


def test_the_second_solver_sees_what_the_first_did_not_solve(make_row, tokenizer, tmp_path):
    rows = [make_row(id, question=id) for id in "abc"]
    answers = {"Problem: a\nResult:": " 4", "Problem: b\nResult:": " 5", "Problem: c\nResult:": " 6"}
    answers |= {"Problem: b\nSolution:\n": "Result: 4", "Problem: c\nSolution:\n": "Result: 7"}
    engine = Engine(tokenizer, answers, shuffle_seed=0)
    result = filtered(rows, pair([DIRECT, STEPS], [3, 20]), engine, tmp_path / "journal")
    assert [row.id for row in result.kept] == ["c"]
    assert [(drop.row.id, drop.reason) for drop in result.dropped] == [
        ("a", "too easy: solver 1 answered right"),
        ("b", "too easy: solver 2 answered right"),
    ]
    assert sorted(engine.prompts) == sorted(answers)
    assert {(request.max_tokens, request.sampling.temperature) for request in engine.requests} == {(3, 0), (20, 0)}
    assert engine.closed == 1


def test_a_solver_is_held_to_its_tokens(make_row, tokenizer, tmp_path):
    rows = [make_row(question="a", solution="444", attempt="Answer: 444")]
    engine = Engine(tokenizer, {"Problem: a\nResult:": " 444"})
    assert filtered(rows, pair([DIRECT], [3]), engine, tmp_path / "short").kept == rows
    assert filtered(rows, pair([DIRECT], [4]), engine, tmp_path / "long").kept == []


def test_the_journal_is_not_asked_twice(make_row, tokenizer, tmp_path):
    rows = [make_row(id, question=id) for id in "abcd"]
    answers = {f"Problem: {id}\nResult:": " 5" for id in "abcd"}
    first, second, third = (Engine(tokenizer, answers) for _ in range(3))
    filtered(rows[:2], pair([DIRECT], [3]), first, tmp_path / "journal")
    filtered(rows, pair([DIRECT], [3]), second, tmp_path / "journal")
    assert sorted(second.prompts) == ["Problem: c\nResult:", "Problem: d\nResult:"]
    filtered(rows, pair([DIRECT], [3]), third, tmp_path / "journal")
    assert (third.requests, third.closed) == ([], 0)
    # Another model, limit or prompt is another question.
    filtered(rows[:1], pair([DIRECT], [3], "n"), third, tmp_path / "journal")
    filtered(rows[:1], pair([DIRECT], [2]), third, tmp_path / "journal")
    assert len(third.requests) == 2


def test_grading_is_not_journalled_so_a_corrected_reference_counts(make_row, tokenizer, tmp_path):
    engine = Engine(tokenizer, {"Problem: a\nResult:": " 4"})
    assert filtered([make_row(question="a")], pair([DIRECT], [3]), engine, tmp_path / "journal").kept == []
    corrected = make_row(question="a", solution="5")
    assert filtered([corrected], pair([DIRECT], [3]), engine, tmp_path / "journal").kept == [corrected]
    assert len(engine.requests) == 1


def test_a_failure_keeps_what_was_answered_and_closes_the_engine(make_row, tokenizer, tmp_path):
    rows = [make_row(id, question=id) for id in "abc"]
    engine = Engine(tokenizer, {"Problem: a\nResult:": " 4"})  # 'b' is not in the table
    with pytest.raises(KeyError):
        filtered(rows, pair([DIRECT], [3]), engine, tmp_path / "journal", concurrency=1)
    assert engine.closed == 1
    with Journal(tmp_path / "journal") as journal:
        assert [(entry["id"], entry["solver"], entry["completion"]) for entry in journal.read()] == [("a", 1, " 4")]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_than_the_allowed_number_are_asked_at_once(make_row, tokenizer, tmp_path, concurrency):
    class Counting(Engine):
        running = most = 0

        async def complete(self, *args, **options):
            self.running += 1
            self.most = max(self.most, self.running)
            await asyncio.sleep(0)
            try:
                return await super().complete(*args, **options)
            finally:
                self.running -= 1

    rows = [make_row(str(i), question=str(i)) for i in range(9)]
    engine = Counting(tokenizer, {f"Problem: {i}\nResult:": " 5" for i in range(9)})
    filtered(rows, pair([DIRECT], [3]), engine, tmp_path / "journal", concurrency=concurrency)
    assert engine.most == concurrency


def test_in_order_forgets_who_was_first():
    entries = [{"solver": solver, "id": id, "key": id, "completion": ""} for solver in (2, 1) for id in "ba"]
    assert [(entry["solver"], entry["id"]) for entry in in_order(entries)] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def test_one_model_after_the_other(make_row, tokenizer, tmp_path):
    """The first model's engine is closed before the second's is opened; the second sees what is left."""
    rows = [make_row(id, question=id) for id in "ab"]
    engines = {"7B": Engine(tokenizer, {"a": "4", "b": "5"}), "32B": Engine(tokenizer, {"b": "4"})}
    opened = []

    def open_engine(solver):
        assert all(engines[name].closed for name in opened)
        opened.append(solver.model)
        return engines[solver.model]

    solvers = [Solver(1, "7B", "7B", "{question}", 9, temperature=0.05), Solver(2, "32B", "32B", "{question}", 9)]
    with Journal(tmp_path / "journal") as journal:
        result = asyncio.run(hard_rows(rows, solvers, open_engine, journal, 4))
    assert result.kept == []
    assert opened == ["7B", "32B"]
    assert [engines[name].closed for name in opened] == [1, 1]
    assert [engines[name].prompts for name in opened] == [["a", "b"], ["b"]]
    assert [request.sampling.temperature for request in engines["7B"].requests] == [0.05, 0.05]
    assert len({request.sampling.seed for request in engines["7B"].requests}) == 2  # each question its own


def test_a_sampled_answer_is_drawn_with_the_same_seed_again(make_row, tokenizer, tmp_path):
    solvers = [Solver(1, "7B", "7B", "{question}", 9, temperature=0.05)]
    engines = [Engine(tokenizer, {"a": "5"}) for _ in range(2)]
    for number, engine in enumerate(engines):
        filtered([make_row(question="a")], solvers, engine, tmp_path / str(number))
    assert engines[0].requests == engines[1].requests


def test_grades_that_rows_bring_along_are_not_asked_for(make_row, tokenizer, tmp_path):
    grades = {"a": {"solver1": True}, "b": {"solver1": False, "solver2": True}, "c": {"solver1": False}}
    grades |= {"d": {"solver1": False, "solver2": False}, "e": {"teacher": True}}
    rows = [make_row(id, question=id, grades=given) for id, given in grades.items()]
    answers = {"Problem: e\nResult:": " 5", "Problem: c\nSolution:\n": "Result: 4", "Problem: e\nSolution:\n": "5"}
    engine = Engine(tokenizer, answers)
    result = filtered(rows, pair([DIRECT, STEPS], [3, 20]), engine, tmp_path / "journal")
    assert [row.id for row in result.kept] == ["d", "e"]
    assert [(drop.row.id, drop.reason) for drop in result.dropped] == [
        ("a", "too easy: solver 1 was graded right"),
        ("b", "too easy: solver 2 was graded right"),
        ("c", "too easy: solver 2 answered right"),
    ]
    assert sorted(engine.prompts) == sorted(answers)


def test_grades_that_are_not_wanted_are_left_aside(make_row, tokenizer, tmp_path):
    rows = [make_row("a", question="a", grades={"solver1": True})]
    engine = Engine(tokenizer, {"Problem: a\nResult:": " 5"})
    assert filtered(rows, pair([DIRECT], [3]), engine, tmp_path / "journal", use_grades=False).kept == rows
    assert len(engine.requests) == 1


PROOF = {"solution": "Assume that there is none at all. Then we get a smaller one.", "metadata": "{}"}


def test_nobody_is_asked_what_cannot_be_graded(make_row, tokenizer, tmp_path):
    rows = [make_row("proof", question="p", **PROOF), make_row("plain", question="a")]
    engine = Engine(tokenizer, {"Problem: a\nResult:": " 4"})
    solvers = pair([DIRECT], [3])
    assert [row.id for row in filtered(rows, solvers, engine, tmp_path / "journal").kept] == ["proof"]
    assert to_ask(rows, solvers[0], True) == rows[1:]


@pytest.mark.parametrize(
    ("grades", "use_grades", "tellable"),
    [
        ({}, True, False),
        ({"teacher": True}, True, False),
        ({"solver1": False}, True, False),
        ({"solver1": False, "solver2": False}, True, True),
        ({"solver1": True}, True, True),
        ({"solver2": True}, True, True),
        ({"solver1": True, "solver2": False}, False, False),
    ],
)
def test_a_proof_is_told_by_grades_alone(make_row, grades, use_grades, tellable):
    proof, plain = make_row("proof", grades=grades, **PROOF), make_row("plain")
    result = gradable([proof, plain], pair([DIRECT, STEPS], [3, 20]), use_grades)
    assert result.kept == ([proof, plain] if tellable else [plain])
    assert [drop.reason for drop in result.dropped] == ([] if tellable else ["not gradable offline: proof"])
