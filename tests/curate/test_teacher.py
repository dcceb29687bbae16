import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.servers import Served, vllm_command
from s1repro import endpoint
from s1repro.artifacts import Journal
from s1repro.curate.teacher import IN_A_ROW, answer, in_order, request, shaping, within_limit
from s1repro.settings.teacher import OpenaiTeacher
from tests.commands import exit_code
from tests.curate.chat_server import completion, serving

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(endpoint, "PAUSE", 0.01)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def settings(url="http://127.0.0.1:1/v1", **others):
    return OpenaiTeacher(base_url=url, **{"model": "m", "retries": 1, "timeout": 60.0, "concurrency": 4, **others})


@pytest.fixture
def ask(tmp_path):
    def ask(rows, url, **others):
        with Journal(tmp_path / "teacher.jsonl") as journal:
            return asyncio.run(answer(rows, settings(url, **others), journal))

    return ask


@pytest.fixture
def questions(make_row):
    def make(count, **fields):
        return [make_row(f"q{i:02}", trace="", attempt="", **fields) for i in range(count)]

    return make


def sums(number, body):
    question = body["messages"][-1]["content"]
    return completion(f"It is {question}", reasoning_content=f"Thinking about {question}")


def test_rows_without_a_trace_are_asked(make_row, questions, ask, tmp_path, capsys):
    rows = [*questions(6), make_row("own", trace="my own", attempt="Answer: 4")]
    with serving(sums) as server:
        taught = ask(rows, server.url, prompt_price=1e5, completion_price=1e6)
    assert [row.id for row in taught.rows.kept] == [row.id for row in rows] and not taught.rows.dropped
    assert taught.rows.kept[3].thinking_trajectories == ("Thinking about What is question q03?",)
    assert taught.rows.kept[3].attempt == "It is What is question q03?"
    assert taught.rows.kept[6] == rows[6]
    assert sorted(server.questions()) == [row.question for row in rows[:6]]
    assert taught.facts() == {"asked": 6, "failed": 0, "prompt_tokens": 60, "completion_tokens": 120}
    assert str(taught) == "teacher: asked 6, failed on 0; 60 + 120 tokens, $126.00 so far"
    shown = capsys.readouterr().err
    assert "teacher: 6/6, " in shown and " tokens/s, 60 + 120 tokens, $126.00 so far, took" in shown
    assert len((tmp_path / "teacher.jsonl").read_text().splitlines()) == 6


def test_the_grade_of_another_attempt_goes_with_it(make_row, ask):
    grades = {"teacher": True, "solver1": False}
    with serving(sums) as server:
        taught = ask([make_row("new", trace="", grades=grades), make_row("own", grades=grades)], server.url)
    assert [row.grades for row in taught.rows.kept] == [{"solver1": False}, grades]


def test_the_request_and_what_shapes_it():
    chosen = settings(system="Be brief.", prompt="Q: {question}\nA:", extra={"top_p": 0.9, "seed": None}, max_tokens=7)
    assert request("2+2?", chosen) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Q: 2+2?\nA:"}],
        "max_tokens": 7,
        "temperature": 0.6,
        "top_p": 0.9,
    }
    same = settings("http://elsewhere/v1", retries=9, timeout=1.0, concurrency=1, key_env="X", prompt_price=3.0)
    assert shaping(same) == shaping(settings())
    for change in ({"model": "n"}, {"seed": 1}, {"limit": 5}, {"reasoning": "required"}, {"extra": {"top_p": 0.9}}):
        assert shaping(settings(**change)) != shaping(settings())


def test_nothing_is_asked_twice(questions, ask):
    rows = questions(12)
    with serving(sums) as server:
        ask(rows[:5], server.url)
        assert len(server.requests) == 5
        taught = ask(rows[2:], server.url)  # another selection
        assert sorted(server.questions()) == [row.question for row in rows]
        assert taught.bill.completion_tokens == 200  # of all ten, paid now or before
        ask(rows, server.url, concurrency=1, timeout=3.0)
        assert len(server.requests) == 12
        ask(rows, server.url, temperature=0.5)
        assert len(server.requests) == 24


def test_whole_replies_only(questions, ask, tmp_path):
    said = [
        completion("4", reasoning="Two and two"),
        completion("4", "length", reasoning="Two and"),
        completion("", reasoning="Two and two"),
        completion("Two and two.\n\nSo \\boxed{4}"),
    ]
    with serving(lambda number, body: said[int(body["messages"][0]["content"][-2])]) as server:
        taught = ask(questions(4), server.url)
        assert {drop.row.id: drop.reason for drop in taught.rows.dropped} == {
            "q01": "teacher failure: cut at max_tokens",
            "q02": "teacher failure: no answer after the thinking",
        }
        assert [(row.trace, row.attempt) for row in taught.rows.kept] == [
            ("Two and two", "4"),
            ("Two and two.", "So \\boxed{4}"),
        ]
        strict = ask(questions(4), server.url, reasoning="required")
        assert len(server.requests) == 4  # paid for, and split anew
    assert [drop.reason for drop in strict.rows.dropped][-1] == "teacher failure: no reasoning content"


def test_a_teacher_without_reasoning_is_found_out_at_the_first_reply(questions, ask):
    with serving(lambda number, body: completion("2 and 2.\n\n\\boxed{4}")) as server:
        with pytest.raises(ValueError, match=r"m answers without reasoning content .*teacher\.reasoning=auto"):
            ask(questions(20), server.url, reasoning="required")
        assert len(server.requests) == 1
        assert len(ask(questions(20), server.url).rows.kept) == 20
        assert len(server.requests) == 20


def test_a_cut_first_reply_says_nothing_about_reasoning(questions, ask):
    with serving(lambda n, body: completion("Hm", "length") if n == 0 else completion("<think>x</think>4")) as server:
        taught = ask(questions(5), server.url, reasoning="required")
    assert (len(taught.rows.kept), len(taught.rows.dropped)) == (4, 1)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_stops_what_is_under_way(questions, ask, status):
    with serving(lambda number, body: (status, {}, {})) as server, pytest.raises(ValueError, match=r"OPENAI|model"):
        ask(questions(20), server.url)
    assert len(server.requests) <= 4


def test_a_key_that_runs_out_stops_the_others(questions, ask, tmp_path):
    with serving(lambda number, body: sums(number, body) if number < 7 else (402, {}, {})) as server:
        with pytest.raises(ValueError, match="HTTP 402"):
            ask(questions(40), server.url)
        assert len(server.requests) <= 7 + 4
    assert len((tmp_path / "teacher.jsonl").read_text().splitlines()) == 7


def test_a_failing_question_is_dropped_and_asked_again_by_a_restart_only(questions, ask, tmp_path):
    bad = {"q03": (500, {}, {}), "q07": {"choices": []}, "q11": (400, {"message": "too long"}, {})}
    refuse = True

    def script(number, body):
        wrong = bad.get(body["messages"][0]["content"].rstrip("?")[-3:]) if refuse else None
        return wrong or sums(number, body)

    with serving(script) as server:
        taught = ask(questions(16), server.url)
        assert {drop.row.id: drop.reason for drop in taught.rows.dropped} == {
            "q03": "teacher failure: HTTP 500",
            "q07": "teacher failure: not a chat completion",
            "q11": "teacher failure: HTTP 400",
        }
        assert len(server.requests) == 16 + 2
        refuse = False
        again = ask(questions(16), server.url)
        assert len(server.requests) == 16 + 2 + 3 and not again.rows.dropped
    entries = in_order(Journal(tmp_path / "teacher.jsonl").read())
    assert [entry["id"] for entry in entries] == [f"q{i:02}" for i in range(16)]
    assert not any("failure" in entry for entry in entries)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ((500, {"message": "no memory"}, {}), r"HTTP 500: no memory"),
        ((400, {"message": "bad seed"}, {}), r"HTTP 400: bad seed"),
        ({"choices": []}, "not a chat completion"),
        ("reset", "connection lost"),
    ],
)
def test_a_server_that_only_fails_is_not_every_questions_fault(questions, ask, said, says):
    with serving(lambda number, body: said) as server:
        with pytest.raises(ValueError, match=rf"{IN_A_ROW} questions in a row got no answer from .*{says}"):
            ask(questions(50), server.url)
        assert len(server.requests) < 50  # it gave up long before it had asked them all


def test_few_questions_that_all_fail(questions, ask):
    with (
        serving(lambda number, body: (500, {}, {})) as server,
        pytest.raises(ValueError, match=r"no question got an answer .*HTTP 500"),
    ):
        ask(questions(2), server.url)


def test_a_server_that_dies_on_the_way_stops_the_run_and_loses_nothing(questions, ask, tmp_path):
    with serving(sums) as server:
        ask(questions(9), server.url)
    with pytest.raises(ValueError, match="cannot be reached"):
        ask(questions(30), server.url)
    with serving(sums) as server:
        assert len(ask(questions(30), server.url).rows.kept) == 30
        assert len(server.requests) == 21


def test_slow_failures_at_the_end_are_no_broken_server(questions, ask):
    hard, pause = {f"q{i:02}" for i in range(2, 9)}, 0.3

    def script(number, body):
        if body["messages"][0]["content"].rstrip("?")[-3:] in hard:
            time.sleep(pause)
            return 500, {}, {}
        return sums(number, body)

    with serving(script) as server:
        taught = ask(questions(20), server.url, concurrency=20, retries=3)  # a lost connection is no failure
        assert {drop.row.id for drop in taught.rows.dropped} == hard
        pause = 0
        again = ask(questions(20), server.url, concurrency=1)  # known to be hard: no end without an end
        assert {drop.row.id for drop in again.rows.dropped} == hard


def test_the_choice_is_seeded_nested_and_leaves_own_traces_alone(make_row, questions):
    rows = [*questions(50), make_row("own")]
    assert within_limit(rows, 0, 0).kept == rows
    few, more = within_limit(rows, 10, 0), within_limit(rows, 20, 0)
    assert len(few.kept) == 11 and few.kept[-1].id == "own"
    assert {row.id for row in few.kept} < {row.id for row in more.kept}
    assert within_limit(rows[::-1], 10, 0).kept == few.kept[::-1]
    assert within_limit(rows, 10, 1).kept != few.kept
    assert {drop.reason for drop in few.dropped} == {"not asked: teacher.limit is 10"}


def test_retries_are_shown_while_nothing_is_done(questions, ask, monkeypatch, capsys):
    monkeypatch.setattr("s1repro.progress.Progress.say", lambda self, note: print("said:", note))
    with serving(lambda number, body: (429, {}, {}) if number == 0 else sums(number, body)) as server:
        ask(questions(1), server.url)  # a second one could be answered first
    assert "said: 0 + 0 tokens so far, 1 asked again (last: HTTP 429)" in capsys.readouterr().out


KEY = "sk-very-secret-1234"


@pytest.fixture
def place(tmp_path, base_model):
    """A folder with a pool of 40 questions without traces, and a tokenizer."""
    rows = [
        {
            "question": f"What is {i} plus {i}?",
            "solution": str(2 * i),
            "cot_type": "math",
            "source_type": "demo",
            "metadata": '{"kind": "exact", "domain": "11"}',
        }
        for i in range(40)
    ]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "model").symlink_to(base_model)
    return tmp_path


def overrides(url, name):
    known = ["recipe=demo", "data.pool=pool.jsonl", "data.benchmarks=[]", "model.base=model", f"name={name}"]
    teacher = ["teacher=openai", f"teacher.base_url={url}", "teacher.model=m", "teacher.concurrency=3"]
    return [*known, *teacher, "selection=random", "selection.size=20"]


def start(place, url, name):
    """`python -m s1repro.curate` as a user types it, with a key in the environment."""
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    environment |= {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "OPENAI_API_KEY": KEY}
    command = [sys.executable, "-m", "s1repro.curate", *overrides(url, name)]
    return subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def curate(place, monkeypatch, capfd):
    """`curate(url, "name", "teacher.limit=3")`: the same command in this process; its exit code, output and errors."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def curate(url, name, *more):
        capfd.readouterr()
        code = exit_code("s1repro.curate", [*overrides(url, name), *more])
        return code, *capfd.readouterr()

    return curate


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def slow_sums(number, body):
    time.sleep(0.05)
    return sums(number, body)


def answered(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.mark.parametrize(("end", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)], ids=str)
def test_a_run_that_was_ended_pays_for_nothing_twice(place, curate, end, status):
    journal = place / "runs" / "ended" / "curate" / "teacher.jsonl"
    with serving(slow_sums) as server:
        code, out, err = curate(server.url, "whole")
        assert code == 0 and "teacher: asked 40, failed on 0; 400 + 800 tokens so far" in out, err
        del server.requests[:]
        process = start(place, server.url, "ended")
        deadline = time.monotonic() + 300
        while answered(journal) < 8:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(end)
        _, err = process.communicate(timeout=300)
        assert process.returncode == status, err
        assert "Traceback" not in err
        paid = [json.loads(line)["content"].removeprefix("It is ") for line in journal.read_text().splitlines()[:-1]]
        assert 7 <= len(paid) < 37 and not (journal.parent / "manifest.json").exists()
        code, _, err = curate(server.url, "ended")
        assert code == 0, err
    asked = server.questions()
    assert set(asked) == {f"What is {i} plus {i}?" for i in range(40)}
    assert [question for question in paid if asked.count(question) != 1] == []
    assert len(asked) <= 40 + 3  # at most what was under way
    assert contents(place / "runs" / "ended" / "curate") == contents(place / "runs" / "whole" / "curate")


@pytest.mark.parametrize(
    ("said", "more", "says"),
    [
        ((401, {"error": {"message": f"wrong key {KEY}"}}, {}), [], ["OPENAI_API_KEY", "HTTP 401: wrong key ***"]),
        ((404, {"error": {"message": "no m"}}, {}), [], ["teacher.model=m", "HTTP 404: no m"]),
        (completion("4, \\boxed{4}"), ["teacher.reasoning=required"], ["m answers without reasoning content"]),
        (completion(), ["selection.size=41"], ["selection.size is 41", "40 rows"]),
        (completion(), ["teacher.limit=19"], ["selection.size is 20", "19 rows"]),
        (completion(), ["teacher=none"], ["teacher.base_url: no such key; teacher has none as it is chosen"]),
    ],
)
def test_a_mistake_is_one_line_and_costs_what_is_under_way_at_most(place, curate, said, more, says):
    with serving(lambda number, body: said) as server:
        code, out, err = curate(server.url, "wrong", *more)
        assert len(server.requests) <= (1 if "teacher.reasoning=required" in more else 3)
    lines = [line for line in err.splitlines() if not line.startswith("teacher: 0/40") and "1/40" not in line]
    assert code == 2 and out == ""
    assert len(lines) == 1 and lines[0].startswith("error: "), err
    assert all(part in lines[0] for part in says), err
    assert not list(place.glob("runs/*/curate/manifest.json"))


def test_the_key_is_in_no_file_and_no_line(place, curate, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    echo = (500, {"error": {"message": f"key {KEY} is tired"}}, {})
    with serving(lambda number, body: echo if number % 3 == 0 else sums(number, body)) as server:
        code, out, err = curate(server.url, "secret", "teacher.retries=4", "teacher.limit=22")
        assert code == 0, err
    assert set(server.keys) == {f"Bearer {KEY}"}
    written = [path.read_bytes() for path in place.rglob("runs/**/*") if path.is_file()]
    assert any(place.rglob("*.wandb")) and not any(KEY.encode() in data for data in written)
    assert KEY not in out + err


TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)


@pytest.fixture(scope="module")
def vllm_server(tiny_qwen, tmp_path_factory):
    """The address of a real vLLM server of the tiny model, which wants a key."""
    template = tmp_path_factory.mktemp("vllm") / "chat.jinja"
    template.write_text(TEMPLATE)
    told = ["--served-model-name", "m", "--api-key", KEY, "--chat-template", str(template)]
    with Served([*vllm_command(256), str(tiny_qwen), *told, "--generation-config", "vllm"]) as server:
        yield f"{server.url}/v1"


@pytest.mark.slow
def test_a_real_vllm_server(vllm_server, questions, ask, tmp_path, monkeypatch):
    rows = questions(12)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with pytest.raises(ValueError, match=r"refuses the key in OPENAI_API_KEY \(HTTP 401"):
        ask(rows, vllm_server, max_tokens=16)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ValueError, match=r"no such model or address \(HTTP 404: The model `n` does not exist"):
        ask(rows, vllm_server, model="n", max_tokens=16)
    with pytest.raises(
        ValueError, match=rf"{IN_A_ROW} questions in a row .*HTTP 400: max_tokens=4000 cannot be greater"
    ):
        ask(rows, vllm_server, max_tokens=4000)
    taught = ask(rows, vllm_server, max_tokens=16)
    assert taught.asked == 12 and taught.bill.completion_tokens > 0
    assert taught.bill.prompt_tokens > 12 * 10
    assert {drop.reason for drop in taught.rows.dropped} <= {  # random weights say nothing of use
        "teacher failure: cut at max_tokens",
        "teacher failure: no final answer in plain text",
        "teacher failure: an empty reply",
    }
    # What a server with a reasoning parser would split is written out here, by a grammar.
    shape = {"structured_outputs": {"regex": "<think>\n[a-z]{1,5} 2\n</think>\n\nAnswer: [0-9]"}}
    taught = ask(rows, vllm_server, max_tokens=100, extra=shape, reasoning="required")
    assert len(taught.rows.kept) == 12
    assert all(re.fullmatch("[a-z]+ 2", row.trace) and row.attempt[:8] == "Answer: " for row in taught.rows.kept)
    again = [json.loads(line) for line in (tmp_path / "teacher.jsonl").read_text().splitlines()]
    ask(rows, "http://127.0.0.1:1/v1", max_tokens=100, extra=shape, retries=0)  # all there: nobody is asked
    assert len({entry["key"] for entry in again if "content" in entry}) == 24
