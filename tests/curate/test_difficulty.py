import asyncio

import pytest
from transformers import AutoTokenizer

from s1repro.artifacts import Journal
from s1repro.curate.difficulty import Solver, hard_rows, in_order, pair, solved
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


def filtered(rows, solvers, engine, path, model="m", concurrency=4):
    with Journal(path) as journal:
        return asyncio.run(hard_rows(rows, solvers, model, lambda: engine, journal, concurrency))


@pytest.mark.parametrize(
    ("prompt", "completion", "metadata", "right"),
    [
        (DIRECT, " 4\nProblem: another\nResult: 9", '{"kind": "exact"}', True),
        (DIRECT, "\n4", '{"kind": "exact"}', True),
        (DIRECT, " 5\n4", '{"kind": "exact"}', False),
        (DIRECT, "", '{"kind": "exact"}', False),
        (DIRECT, " \n", '{"kind": "exact"}', False),
        (STEPS, "a:2+2=4\nResult: 4\n", '{"kind": "exact"}', True),
        (STEPS, "Result: 4\nno,\nResult: 5", '{"kind": "exact"}', False),
        (STEPS, "a:2+2=4", '{"kind": "exact"}', False),
        (STEPS, "It follows.\nAnswer: 4", '{"kind": "exact"}', True),
        (STEPS, "It is \\boxed{4}.", "{}", True),
        (STEPS, "It is \\boxed{5}.", "{}", False),
    ],
)
def test_solved(make_row, prompt, completion, metadata, right):
    assert solved(make_row(metadata=metadata), Solver(1, prompt, 9), completion) == right


def test_questions_with_braces_or_marks_are_filled_in_as_they_are(make_row):
    row = make_row(question="Result: {question} {0}?")
    assert Solver(1, STEPS, 9).ask(row.question) == "Problem: Result: {question} {0}?\nSolution:\n"
    assert not solved(row, Solver(1, STEPS, 9), "nothing")


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


def test_a_prompt_without_room_counts_as_unsolved(make_row, tokenizer, tmp_path):
    rows = [make_row("long", question="x" * 50), make_row("fits", question="x")]
    engine = Engine(tokenizer, {"Problem: x\nResult:": "4"}, max_model_len=len("Problem: x\nResult:") + 1)
    assert [row.id for row in filtered(rows, pair([DIRECT], [3]), engine, tmp_path / "journal").kept] == ["long"]
    assert [request.max_tokens for request in engine.requests] == [1]


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
    filtered(rows[:1], pair([DIRECT], [3]), third, tmp_path / "journal", model="n")
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


@pytest.mark.parametrize(
    ("prompts", "tokens", "says"),
    [
        ([DIRECT], [1, 2], "1 solver_prompts and 2 solver_tokens"),
        ([], [], "0 solver_prompts and 0 solver_tokens"),
        ([DIRECT, "no place"], [1, 2], "prompt 2 lacks {question}"),
        ([DIRECT], [0], "solver 1 gets 0 tokens"),
    ],
)
def test_pair_refuses(prompts, tokens, says):
    with pytest.raises(ValueError, match=says):
        pair(prompts, tokens)
