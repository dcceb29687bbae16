import pytest
from transformers import AutoTokenizer

from s1repro.curate.solvers import Solver, line_up, require_able, solved
from s1repro.settings.questions import SolverConfig
from tests.toy import make_config

DIRECT = "Problem: {question}\nResult:"
STEPS = "Problem: {question}\nSolution:\n"


def solver(prompt=STEPS, model="m", **settings):
    return Solver(1, model, "mark", prompt, **{"max_tokens": 9, **settings})


def config(base, *entries, **changes):
    settings = {"engine": {"max_model_len": 300}, **changes}
    return make_config(model={"base": str(base)}, selection={"solvers": list(entries)}, **settings)


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
    assert solved(make_row(metadata=metadata), solver(prompt), completion) == right


def test_questions_with_braces_or_marks_are_filled_in_as_they_are(make_row):
    row = make_row(question="Result: {question} {0}?")
    assert solver().ask(row.question) == "Problem: Result: {question} {0}?\nSolution:\n"
    assert not solved(row, solver(), "nothing")


def test_a_key_changes_with_all_that_shapes_an_answer():
    changes = [{}, {"prompt": DIRECT}, {"max_tokens": 8}, {"chat": True}, {"temperature": 0.05}]
    keys = [solver(**change).key("2?") for change in changes]
    keys += [solver().key("3?"), Solver(1, "m", "other weights", STEPS, 9).key("2?")]
    assert len(set(keys)) == len(keys)
    assert Solver(2, "elsewhere", "mark", STEPS, 9).key("2?") == keys[0]


def test_line_up_takes_each_entry_s_model_or_the_base(base_model):
    entries = [
        SolverConfig(prompt=DIRECT, max_tokens=6),
        SolverConfig(model="some/model", chat=True, max_tokens=30, temperature=0.05),
    ]
    trusted = config(base_model, *entries)
    trusted.model.trust_remote_code = True
    first, second = line_up(trusted)
    assert (first.number, first.model, first.prompt, first.max_tokens, first.chat) == (1, str(base_model), DIRECT, 6, 0)
    assert (second.number, second.model, second.prompt, second.chat) == (2, "some/model", "{question}", True)
    assert (first.temperature, second.temperature) == (0.0, 0.05)
    # What is trusted is the base model; another one's code is not run.
    assert (first.trust_remote_code, second.trust_remote_code) == (True, False)
    longer = line_up(config(base_model, *entries, engine={"max_model_len": 301}))
    assert len({first.mark, second.mark, *(other.mark for other in longer)}) == 4


def test_a_revision_is_the_base_model_s_alone(base_model):
    asked = config(base_model, SolverConfig(), SolverConfig(model="some/model"), SolverConfig(model="me/base"))
    asked.model.base, asked.model.revision = "me/base", "a" * 40
    solvers = line_up(asked)
    assert [solver.revision for solver in solvers] == ["a" * 40, "", "a" * 40]
    asked.model.revision = "b" * 40
    assert [one.mark == other.mark for one, other in zip(solvers, line_up(asked), strict=True)] == [False, True, False]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([], "selection.solvers is empty, but paper drops"),
        ([SolverConfig(max_tokens=9), SolverConfig(model="./none", max_tokens=9)], r"solvers\[1\]\.model: no folder"),
    ],
)
def test_line_up_refuses(base_model, entries, says):
    with pytest.raises(ValueError, match=says):
        line_up(config(base_model, *entries))


def test_a_solver_that_nobody_needs_need_not_be_there(make_row):
    missing = solver(model="./none")
    require_able(missing, [], 300)
    with pytest.raises(ValueError, match=r"selection\.solvers\[0\]: there is no model in \./none"):
        require_able(missing, [make_row()], 300)


def test_a_model_made_for_fewer_tokens_is_refused(make_row, base_model):
    require_able(solver(model=str(base_model)), [make_row()], 512)
    with pytest.raises(ValueError, match=r"solvers\[0\]: engine\.max_model_len is 513, but .* is made for 512 tokens"):
        require_able(solver(model=str(base_model)), [make_row()], 513)


def test_a_limit_beyond_the_engine_s_is_refused(make_row, base_model):
    with pytest.raises(ValueError, match=r"solvers\[0\]\.max_tokens is 301, but engine\.max_model_len is 300: lower"):
        require_able(solver(model=str(base_model), max_tokens=301), [make_row()], 300)


def test_a_question_that_leaves_no_room_is_refused(make_row, base_model):
    """A token a byte: the prompt is as long as its text."""
    fits, full, over = (make_row(str(n), question="x" * n, line=n) for n in (9, 10, 11))
    asked = solver("{question}", model=str(base_model))
    require_able(asked, [fits], 10)
    with pytest.raises(ValueError, match=r"row 10 \(line 10 of the pool\): its question takes 10 tokens.*the row out"):
        require_able(asked, [fits, full], 10)
    with pytest.raises(ValueError, match=r"row 10 .* take all 2 such rows out of the pool"):
        require_able(asked, [fits, full, over], 10)


def test_chat_uses_the_model_s_own_template(make_row, base_model):
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    asked = solver("Say: {question}", model=str(base_model), chat=True)
    with pytest.raises(ValueError, match=r"selection\.solvers\[0\]\.chat is true, but .* has no chat template"):
        require_able(asked, [make_row()], 512)
    tokenizer.chat_template = "<{{ messages[0].content }}>{% if add_generation_prompt %}:{% endif %}"
    assert tokenizer.decode(asked.prompt_ids("2?", tokenizer)) == "<Say: 2?>:"
