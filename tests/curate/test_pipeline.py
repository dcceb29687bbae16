import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import s1repro.engines
from s1repro.curate.pipeline import run
from s1repro.engines import ScriptedEngine
from s1repro.settings.questions import SolverConfig
from s1repro.settings.teacher import OpenaiTeacher
from tests.curate.chat_server import completion, serving
from tests.processes import wait_for, whole_lines
from tests.toy import TASK, make_config, write_benchmark

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = {"funnel.csv", "s1k.jsonl", "dropped.jsonl", "solvers.jsonl", "manifest.json"}


def pool_rows():
    """Of 40 rows: 3 fail quality, 1 is a duplicate, 2 are contaminated, 10 too easy; 24 are left to select from."""
    rows = []
    for i in range(40):
        rows.append(
            {
                "id": f"q{i:02}",
                "question": f"Number {i}: add {i} and {i} and say the sum of both",
                "solution": str(2 * i),
                "thinking_trajectories": ["step " * (i % 9 + 1)],
                "attempt": f"Answer: {2 * i if i % 3 else 0}",
                "cot_type": "math",
                "source_type": "AIME" if i in (22, 23, 24) else "demo",
                "metadata": json.dumps({"kind": "exact", "domain": ["11", "05", "60A05"][i % 3]}),
            }
        )
    rows[0]["attempt"] = None
    rows[1]["thinking_trajectories"] = None
    rows[2]["question"] = "**12** is bold"
    rows[4]["question"] = rows[3]["question"] + " "
    rows[5]["question"] = "It is known: the quick brown fox jumps over a lazy dog"
    rows[6]["question"] = "what is  THIS?"
    return rows


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a pool and a benchmark."""
    monkeypatch.chdir(tmp_path)
    write_pool(pool_rows())
    questions = ["Say: the quick brown fox jumps over a lazy cat", "What is this?"]
    write_benchmark(tmp_path, [{"id": str(i), "question": text, "answer": "1"} for i, text in enumerate(questions)])
    return tmp_path


def write_pool(rows):
    Path("pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def settings(base_model, name="test", preset="paper", **selection):
    return make_config(
        name=name,
        model={"base": str(base_model)},
        data={"pool": "pool.jsonl"},
        selection={
            "preset": preset,
            "size": 12,
            "outright_sources": ["AIME"],
            "solvers": [
                SolverConfig(prompt="Problem: {question}\nResult:", max_tokens=6),
                SolverConfig(prompt="Problem: {question}\nSolution:\n", max_tokens=30),
            ],
            **selection,
        },
        engine={"max_model_len": 300, "max_concurrency": 4},
    )


def solver(tokenizer, **options):
    """Knows the sums of questions 10 to 14 at once, those of 15 to 19 with steps, and no others."""

    def script(ids):
        prompt = tokenizer.decode(list(ids))
        number = int(prompt.split()[2].rstrip(":"))
        known = number in range(10, 15) or (number in range(15, 20) and "Solution" in prompt)
        text = f"Result: {2 * number}" if "Solution" in prompt else f" {2 * number}"
        return [*tokenizer(text if known else " ?")["input_ids"], tokenizer.eos_token_id]

    return ScriptedEngine(tokenizer, script, max_model_len=300, shuffle_seed=1, **options)


@pytest.fixture
def engines(monkeypatch):
    """All engines that were started."""
    from transformers import AutoTokenizer

    started = []

    def start(config, model, *_):
        started.append(solver(AutoTokenizer.from_pretrained(model)))
        started[-1].asked = model
        return started[-1]

    monkeypatch.setattr(s1repro.engines, "load_engine", start)
    return started


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_whole_funnel(place, base_model, engines, capsys):
    run(settings(base_model))
    folder = Path("runs/test/curate")
    assert set(contents(folder)) == FILES
    with open(folder / "funnel.csv") as file:
        assert [tuple(line.values()) for line in csv.DictReader(file)] == [
            ("pool", "40", "0", ""),
            ("quality", "39", "1", "teacher failure: no attempt"),
            ("quality", "38", "1", "teacher failure: no trace"),
            ("quality", "37", "1", "bad formatting: bold number"),
            ("decontamination", "36", "1", "exact duplicate"),
            ("decontamination", "35", "1", "holds the whole of a benchmark question"),
            ("decontamination", "34", "1", "shares 8 words in a row with a benchmark question"),
            ("difficulty", "29", "5", "too easy: solver 1 answered right"),
            ("difficulty", "24", "5", "too easy: solver 2 answered right"),
            ("selection", "12", "12", "not drawn"),
        ]
    chosen, dropped = lines(folder / "s1k.jsonl"), lines(folder / "dropped.jsonl")
    assert [row["id"] for row in chosen[:2]] == ["q22", "q23"]  # the AIME rows that the teacher has right
    assert {row["domain"] for row in chosen} == {"11", "05", "60"}
    assert all(row["length"] == len(row["thinking_trajectories"][0]) for row in chosen)  # a token a byte
    assert sorted(row["id"] for row in chosen + dropped) == [f"q{i:02}" for i in range(40)]
    assert Counter(drop["step"] for drop in dropped) == {
        "quality": 3,
        "decontamination": 3,
        "difficulty": 10,
        "selection": 12,
    }
    assert len(engines[0].requests) == 34 + 29
    facts = json.loads((folder / "manifest.json").read_text())["facts"]
    assert (facts["rows"], facts["domains"], facts["outright"]) == (12, 3, 2)
    assert facts["tokens"] == sum(row["length"] for row in chosen)
    right = sum(row["attempt"] == f"Answer: {row['solution']}" for row in chosen)
    assert facts["teacher_right"] == {"pool": 26 / 40, "set": right / 12}
    shown = capsys.readouterr()
    assert "difficulty            24        5  too easy: solver 2 answered right" in shown.out
    assert f"teacher right: 65.0% of the pool, {right / 12:.1%} of the set" in shown.out
    assert "solver 1: 34/34" in shown.err and "solver 2: 29/29" in shown.err


def test_the_pool_is_compared_with_all_questions_without_their_choices_whatever_the_limit(place, base_model, engines):
    yaml = TASK.replace("doc_to_text: question", 'doc_to_text: "{{question}} add 7 and 7 and say the sum of both"')
    assert yaml != TASK
    bare = yaml.replace("metadata: {", "metadata: {count: 2, question: question, ")
    for name, text in (("choices", yaml), ("bare", bare)):
        Path("evals/toy.yaml").write_text(text)
        config = settings(base_model, name, preset="random")
        config.data.limit = 1
        run(config)
    reasons = {
        name: {drop["id"] for drop in lines(Path(f"runs/{name}/curate/dropped.jsonl")) if "benchmark" in drop["reason"]}
        for name in ("choices", "bare")
    }
    assert len(reasons["bare"]) == 2  # one a question: a limit of 1 leaves neither out
    assert "q07" in reasons["choices"] - reasons["bare"]


def test_the_pool_is_compared_with_the_tasks_of_another_folder(place, base_model, engines):
    Path("evals").rename("tasks")
    config = settings(base_model, preset="random")
    config.data.evals = "tasks"
    run(config)
    reasons = Counter(drop["reason"] for drop in lines(Path("runs/test/curate/dropped.jsonl")))
    assert reasons["holds the whole of a benchmark question"] == 1


def test_a_finished_run_returns_at_once_and_a_changed_one_does_not(place, base_model, engines, capsys):
    run(settings(base_model))
    before = contents(Path("runs/test/curate"))
    capsys.readouterr()
    run(settings(base_model))
    assert capsys.readouterr().out == "curate: done already, runs/test/curate\n"
    run(settings(base_model, size=13))
    assert len(lines(Path("runs/test/curate/s1k.jsonl"))) == 13
    run(settings(base_model))
    assert contents(Path("runs/test/curate")) == before
    assert len(engines) == 1  # the solvers' answers were all there


def test_an_old_manifest_does_not_vouch_for_half_written_results(place, base_model, engines, monkeypatch):
    run(settings(base_model))
    with monkeypatch.context() as patch:
        patch.setattr("s1repro.curate.pipeline.finish", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            run(settings(base_model, size=13))
    assert not Path("runs/test/curate/manifest.json").exists()


@pytest.mark.parametrize(("preset", "steps"), [("random", 34), ("diverse", 34), ("longest", 34), ("code", 24)])
def test_presets(place, base_model, engines, preset, steps):
    run(settings(base_model, preset=preset))
    folder = Path("runs/test/curate")
    assert len(lines(folder / "s1k.jsonl")) == 12
    assert len(engines) == (preset == "code")
    assert (folder / "solvers.jsonl").exists() == (preset == "code")
    with open(folder / "funnel.csv") as file:
        assert list(csv.DictReader(file))[-1]["dropped"] == str(steps - 12)


def test_only_presets_that_draw_by_domain_need_domains(place, base_model, engines):
    rows = pool_rows()
    rows[35]["metadata"] = '{"kind": "exact"}'  # one of the longest
    write_pool(rows)
    run(settings(base_model, preset="longest"))
    chosen = lines(Path("runs/test/curate/s1k.jsonl"))
    facts = json.loads(Path("runs/test/curate/manifest.json").read_text())["facts"]
    assert facts["domains"] == len({row["domain"] for row in chosen} - {""}) < len({row["domain"] for row in chosen})
    with pytest.raises(ValueError, match=r"row q35 .line 36 of the pool.: its domain is missing"):
        run(settings(base_model, preset="diverse"))


@pytest.mark.parametrize("preset", ["paper", "code"])
def test_a_missing_domain_is_told_before_a_solver_is_asked(place, base_model, engines, preset):
    rows = pool_rows()
    rows[10]["metadata"] = '{"kind": "exact"}'  # the first solver would have solved it
    write_pool(rows)
    with pytest.raises(ValueError, match=r"row q10 .line 11 of the pool.: its domain is missing"):
        run(settings(base_model, preset=preset))
    assert not engines and not Path("runs/test").exists()


def funnel_lines(step):
    with open("runs/test/curate/funnel.csv") as file:
        return [tuple(line.values()) for line in csv.DictReader(file) if line["step"] == step]


def facts_of(name="test"):
    return json.loads(Path(f"runs/{name}/curate/manifest.json").read_text())["facts"]


def test_full_takes_all_rows_and_asks_nobody(place, base_model, engines):
    run(settings(base_model, preset="full", size=1000))
    assert len(lines(Path("runs/test/curate/s1k.jsonl"))) == 34 == facts_of()["rows"]
    assert not engines


def test_sources_decontaminated_elsewhere_stay_and_are_counted(place, base_model, engines):
    rows = pool_rows()
    rows[5]["source_type"] = "elsewhere/part"
    write_pool(rows)
    run(settings(base_model, preset="longest", size=35, decontaminated_sources=["elsewhere"]))
    assert funnel_lines("decontamination")[1:] == [
        ("decontamination", "35", "1", "holds the whole of a benchmark question"),
        ("decontamination", "35", "0", "1 of selection.decontaminated_sources are exempt and stay"),
    ]
    assert facts_of()["exempt_from_decontamination"] == 1
    assert "q05" in {row["id"] for row in lines(Path("runs/test/curate/s1k.jsonl"))}


PROOF = "Assume that there is none at all. Then there is a smaller one, which cannot be."


@pytest.mark.parametrize(
    ("setting", "hard", "line"),
    [
        ("keep", 24, ("difficulty", "34", "0", "2 stay as hard: not gradable offline: proof")),
        ("drop", 22, ("difficulty", "32", "2", "not gradable offline: proof")),
    ],
)
def test_proofs_are_a_class_of_their_own(place, base_model, engines, capsys, setting, hard, line):
    rows = pool_rows()
    for row in rows[30:32]:
        row |= {"solution": PROOF, "metadata": '{"domain": "11"}', "attempt": "It is shown."}
    write_pool(rows)
    run(settings(base_model, ungradable=setting, size=hard))
    told = funnel_lines("difficulty")
    assert told[0] == line
    assert sum(int(dropped) for _, _, dropped, _ in told) == 34 - hard
    assert {row["id"] for row in lines(Path("runs/test/curate/s1k.jsonl"))} >= ({"q30", "q31"} if hard == 24 else set())
    assert facts_of()["not_gradable"] == 2
    assert len(engines[0].requests) == 32 + 27  # nobody was asked about the proofs
    right = 25  # of 26: question 31 was one of them
    assert facts_of()["teacher_right"]["pool"] == right / 38
    assert f"teacher right: {right / 38:.1%} of the pool" in capsys.readouterr().out


def test_with_grades_for_all_no_solver_is_needed(place, base_model, engines):
    """As with the 59K and its features: who has whole features needs no model, who has not is dropped."""
    rows = pool_rows()
    features = [
        {
            "question": row["question"],
            "domain": "$K$-theory" if i % 2 else "Number theory",
            "isgeminicorrect": i == 22,
            "isqwen7bcorrect": i in (10, 11),
            "isqwen32bcorrect": i == 12 if i != 39 else None,
        }
        for i, row in enumerate(rows)
    ]
    for row in rows:
        row["metadata"] = str({"kind": "exact"})
    rows[30]["solution"] = PROOF  # graded by whoever made the features
    write_pool(rows)
    Path("features.jsonl").write_text("".join(json.dumps(row) + "\n" for row in features))
    config = settings(base_model, solvers=[SolverConfig("no/7B", max_tokens=999), SolverConfig("no/32B")], size=20)
    config.data.features = "features.jsonl"
    run(config)
    assert not engines
    assert funnel_lines("quality")[2:3] == [("quality", "37", "1", "missing feature: grade of solver2")]
    assert funnel_lines("difficulty") == [
        ("difficulty", "31", "2", "too easy: solver 1 was graded right"),
        ("difficulty", "30", "1", "too easy: solver 2 was graded right"),
    ]
    chosen = lines(Path("runs/test/curate/s1k.jsonl"))
    assert {row["domain"] for row in chosen} == {"11", "19"}
    assert chosen[0]["id"] == "q22" and facts_of()["outright"] == 1


def test_two_models_one_after_the_other(place, base_model, engines, monkeypatch, tmp_path):
    second = shutil.copytree(base_model, tmp_path / "second")
    (second / "more.json").write_text("{}")  # another model
    config = settings(base_model)
    config.selection.solvers[1].model = str(second)
    run(config)
    assert [engine.asked for engine in engines] == [str(base_model), str(second)]
    assert [len(engine.requests) for engine in engines] == [34, 29]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"size": 35}, "selection.size is 35, but 34 rows are left"),
        ({"size": 25}, "selection.size is 25, but 24 rows are left"),
        ({"solvers": []}, "selection.solvers is empty"),
        ({"solvers": [SolverConfig()]}, r"solvers\[0\]\.max_tokens is 32768, but engine\.max_model_len is 300"),
        ({"solvers": [SolverConfig(prompt="x" * 300 + "{question}", max_tokens=9)]}, "which leaves none for an answer"),
        (
            {"solvers": [SolverConfig(max_tokens=9), SolverConfig(model="./none", max_tokens=9)]},
            r"solvers\[1\]\.model: no folder \./none",
        ),
    ],
)
def test_a_mistake_leaves_no_manifest(place, base_model, engines, change, says):
    config = settings(base_model)
    for name, value in change.items():
        setattr(config.selection, name, value)
    with pytest.raises(ValueError, match=says):
        run(config)
    assert len(engines) == (change == {"size": 25})  # the solvers are asked only where that may be enough
    assert not Path("runs/test/curate/manifest.json").exists()


def test_a_missing_model_or_pool_is_named(place, base_model, engines):
    with pytest.raises(ValueError, match=r"model\.base: no folder no/such/folder; make it first"):
        run(settings("no/such/folder"))
    Path("empty").mkdir()
    with pytest.raises(ValueError, match=r"model\.base: empty holds no \*\.safetensors weights"):
        run(settings("empty"))
    Path("pool.jsonl").unlink()
    with pytest.raises(ValueError, match=r"data\.pool: no file pool\.jsonl"):
        run(settings(base_model))


def test_a_teacher_is_asked_behind_the_filters_that_only_read_questions(place, base_model, engines, capsys):
    rows = pool_rows()
    for row in rows[10:]:
        row["thinking_trajectories"] = row["attempt"] = None
    write_pool(rows)

    def script(number, body):
        i = int(body["messages"][0]["content"].split()[1].rstrip(":"))
        return completion(f"Answer: {2 * i}", "length" if i == 30 else "stop", reasoning=f"{i} and {i}")

    with serving(script) as server:
        config = settings(base_model, size=3)
        config.teacher = OpenaiTeacher(base_url=server.url, model="m", limit=20)
        run(config)
        folder = Path("runs/test/curate")
        with open(folder / "funnel.csv") as file:
            steps = [tuple(line.values()) for line in csv.DictReader(file)]
        run(config)  # done
        assert len(server.requests) == 20
        config.teacher.limit = 0
        run(config)
        assert len(server.requests) == 31  # q01, too, brought no trace
    assert steps[:9] == [
        ("pool", "40", "0", ""),
        ("quality", "39", "1", "teacher failure: no attempt"),
        ("quality", "38", "1", "bad formatting: bold number"),
        ("decontamination", "37", "1", "exact duplicate"),
        ("decontamination", "36", "1", "holds the whole of a benchmark question"),
        ("decontamination", "35", "1", "shares 8 words in a row with a benchmark question"),
        ("teacher", "24", "11", "not asked: teacher.limit is 20"),
        ("quality", "23", "1", "teacher failure: cut at max_tokens"),
        ("difficulty", "21", "2", "too easy: solver 1 answered right"),
    ]


SLOW_STAGE = """
import asyncio, importlib.util, sys
spec = importlib.util.spec_from_file_location("stage_test", sys.argv[1])
test = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test)
from transformers import AutoTokenizer

class Slow(test.ScriptedEngine):
    async def complete(self, *args, **options):
        await asyncio.sleep(0.02)
        return await super().complete(*args, **options)

test.ScriptedEngine = Slow
engine = test.solver(AutoTokenizer.from_pretrained(sys.argv[2]))
test.s1repro.engines.load_engine = lambda *args: engine
test.run(test.settings(sys.argv[2], name=sys.argv[3]))
"""


def test_killed_and_restarted_it_ends_with_the_same_bytes(place, base_model, engines):
    run(settings(base_model, name="whole"))
    command = [sys.executable, "-c", SLOW_STAGE, __file__, str(base_model), "killed"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    journal = Path("runs/killed/curate/solvers.jsonl")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        wait_for(lambda: whole_lines(journal) >= 5, process)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    answered = whole_lines(journal)
    assert answered < 34 and not Path("runs/killed/curate/manifest.json").exists()
    run(settings(base_model, name="killed"))
    assert len(engines[-1].requests) == 34 + 29 - answered
    assert contents(Path("runs/killed/curate")) == contents(Path("runs/whole/curate"))


@pytest.mark.parametrize("answered", [0, 1, 33, 34, 50, 62])
def test_a_kill_at_any_answer_loses_no_other(place, base_model, engines, answered):
    run(settings(base_model, name="whole"))
    whole = contents(Path("runs/whole/curate"))
    folder = Path("runs/killed/curate")
    folder.mkdir(parents=True)
    written = whole["solvers.jsonl"].splitlines(keepends=True)
    (folder / "solvers.jsonl").write_bytes(b"".join(written[:answered]) + written[answered][:-7])
    run(settings(base_model, name="killed"))
    assert len(engines[-1].requests) == 34 + 29 - answered
    assert contents(folder) == whole
