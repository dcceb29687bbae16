"""A user's mistakes, through the real commands: one line that names what is wrong, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from s1repro.evaluate.journal import claim, complete
from tests.commands import exit_code
from tests.toy import TASK, as_it_is, make_sample, write_benchmark

REPO = Path(__file__).resolve().parent.parent
ROW = {
    "question": "What is 2 plus 2?",
    "solution": "4",
    "thinking_trajectories": ["Two and two."],
    "attempt": "Answer: 4",
    "cot_type": "math",
    "source_type": "demo",
    "metadata": "{}",
}
QUESTION = {"id": "q0", "question": "What is 1 plus 1?", "answer": "2"}


@pytest.fixture
def place(tiny_qwen: Path, tmp_path: Path) -> Path:
    """A folder in which each stage finds what it reads: a pool, a benchmark, a curated set, a model."""
    lines = [json.dumps({**ROW, "id": f"r{i}", "question": f"What is {i} plus 2?"}) for i in range(4)]
    (tmp_path / "pool.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "cut.jsonl").write_text("\n".join([lines[0], lines[1][:40], *lines[2:]]) + "\n")
    (tmp_path / "no_attempt.jsonl").write_text("\n".join([*lines, json.dumps({"question": "Why?"})]) + "\n")
    write_benchmark(tmp_path, [QUESTION])
    attempts = {"graded": {"grades": {"teacher": "Maybe"}}, "silent": {"thinking_trajectories": [" "]}}
    attempts["endless"] = {"thinking_trajectories": ["on and " * 400]}
    for name, fields in attempts.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({**ROW, **fields}) + "\n")
    (tmp_path / "set.parquet").write_bytes(b"PAR1\xbc")
    far = TASK.replace("toy", "far").replace("dataset_path: json", "dataset_path: nobody/far")
    (tmp_path / "evals" / "far.yaml").write_text(far.replace("dataset_kwargs: {data_files: {test: far.jsonl}}\n", ""))
    curated = tmp_path / "runs" / "demo" / "curate" / "s1k.jsonl"
    curated.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "pool.jsonl", curated)
    write_evaluations(tmp_path / "runs")
    shutil.copytree(tiny_qwen, tmp_path / "model")
    shutil.copytree(tiny_qwen, tmp_path / "weightless", ignore=shutil.ignore_patterns("*.safetensors"))
    return tmp_path


def write_evaluations(runs: Path) -> None:
    """Finished evaluations `hot`, `cold` and `twin`, that with cold's seed, and damaged ones."""
    for name, temperature in (("hot", 1.0), ("cold", 0.0), ("twin", 0.0), ("doubled", 0.0), ("torn", 0.0)):
        identity, folder = {"model": "m", "seed": 0, "method.temperature": temperature}, runs / name / "evaluate"
        folder.mkdir(parents=True)
        claim(folder, identity, {"toy": "q"})
        complete(folder, identity, [make_sample()], {("toy", "force", 16, 0): 1}, {"toy": "f"}, as_it_is)
    samples, manifest = runs / "doubled/evaluate/samples.jsonl", runs / "torn/evaluate/manifest.json"
    samples.write_text(samples.read_text() * 2)
    manifest.write_text(manifest.read_text()[:40])
    unfit = make_sample(finish="rejected", extracted="")
    claim(runs / "unfit" / "evaluate", {"model": "m"}, {"toy": "q"})
    complete(runs / "unfit" / "evaluate", {"model": "m"}, [unfit], {("toy", "force", 16, 0): 1}, {"toy": "f"}, as_it_is)


def settings(overrides: list[str]) -> list[str]:
    """What a stage is told: its files in `place`, unless `overrides` say otherwise."""
    known = ["data.pool=pool.jsonl", "data.benchmarks=[toy]", "model.base=model", "checkpoint=model"]
    small = ["recipe=demo", "selection.size=2", "engine.max_model_len=256"]
    forced = ["method.budgets=[8]", "method.waits=[0]", "method.max_answer_tokens=20"]
    return list({one.partition("=")[0]: one for one in [*known, *small, *forced, *overrides]}.values())


def run_apart(place: Path, stage: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, where what a library says when it is imported would be a second line."""
    environment = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}
    return subprocess.run(
        [sys.executable, "-m", f"s1repro.{stage}", *arguments],
        cwd=place,
        env=environment | {"PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=600,
    )


APART = (["data.benchmarks=[far]"], ["model.base=nowhere"])
"""A process of its own for these: they come furthest, to the clients of the hub."""

MISTAKES = [
    pytest.param("curate", ["data.pool=nowhere.jsonl"], ["data.pool", "nowhere.jsonl"], id="missing pool"),
    pytest.param("curate", ["data.pool=cut.jsonl"], ["cut.jsonl:2: not JSON"], id="malformed row"),
    pytest.param("curate", ["data.pool=no_attempt.jsonl"], ["no_attempt.jsonl:5: no field 'solution'"], id="field"),
    pytest.param("curate", ["data.pool=no/where"], ["data.pool", "no/where", "HF_HUB_OFFLINE", "HF_HOME"], id="no hub"),
    pytest.param(
        "curate", ["data.features=no/where"], ["data.features: ", "no/where", "set data.features"], id="features"
    ),
    pytest.param(
        "curate", ["data.pool=graded.jsonl"], ["graded.jsonl:1: grades.teacher is 'Maybe'"], id="unknown grade"
    ),
    pytest.param("curate", ["data.teacher=r1"], ["pool.jsonl:1: no field 'r1_thinking_trajectory'"], id="teacher"),
    pytest.param(
        "curate",
        ["data.pool=silent.jsonl", "selection=published", "selection.size=1000"],
        ["none of the 1 rows"],
        id="no trace",
    ),
    pytest.param("curate", ["selection.size=5"], ["selection.size is 5", "4 rows"], id="pool too small"),
    pytest.param("curate", ["data.benchmarks=[nope]"], ["'nope'", "choose from: far, toy"], id="benchmark of curate"),
    pytest.param("curate", ["model.base=./nowhere"], ["model.base", "./nowhere"], id="base model of curate"),
    pytest.param("curate", ["model.base=nobody/nothing"], ["model.base", "nobody/nothing"], id="hub model of curate"),
    pytest.param("curate", [], ["r0 (line 1 of the pool)", "domain is missing", "4 of 4"], id="pool without domains"),
    pytest.param("curate", ["selection=full", "selection.size=2"], ["selection.size", "full"], id="full with a size"),
    pytest.param(
        "curate",
        ["selection.solvers=[{token: 3}]"],
        ["token: no such key", "SolverConfig has: model, prompt, chat, max_tokens"],
        id="solver's key",
    ),
    pytest.param("curate", ["selection.preset=best"], ["selection.preset", "'best'", "paper, code"], id="preset"),
    pytest.param("train", ["recipe=nope"], ["recipe=nope", "demo"], id="recipe"),
    pytest.param("train", ["name=other"], ["runs/other/curate/s1k.jsonl", "curate stage"], id="no curated set"),
    pytest.param("train", ["curated=set.parquet"], ["set.parquet is a parquet file", "data.pool"], id="set as parquet"),
    pytest.param("train", ["curated=silent.jsonl"], ["silent.jsonl:1: the thinking trace is empty"], id="empty trace"),
    pytest.param(
        "train", ["curated=endless.jsonl"], ["endless.jsonl:1: ", "made for 512;"], id="longer than the model"
    ),
    pytest.param("train", ["model.base=./nowhere"], ["model.base", "./nowhere"], id="base model of train"),
    pytest.param("train", ["model.revision=main"], ["model.revision is 'main'; give a commit"], id="branch"),
    pytest.param(
        "train",
        [f"model.revision={'a' * 40}", "checkpoint=other"],
        ["model.base: model is a folder, which has no rev"],
        id="base's commit",
    ),
    pytest.param(
        "evaluate",
        [f"checkpoint_revision={'a' * 40}", "checkpoint=model", "model.base=other"],
        ["checkpoint: model is a folder, which has no revisions: leave aaaa"],
        id="checkpoint's commit",
    ),
    pytest.param("train", ["model.base=nowhere"], ["model.base", "'nowhere'"], id="folder that could be a hub model"),
    pytest.param("train", ["model.base=weightless"], ["model.base", "*.safetensors"], id="base without weights"),
    pytest.param("train", ["model.format=qwne"], ["model.format", "'qwne'", "qwen, qwen-plain, llama"], id="format"),
    pytest.param(
        "train", ["model.format=llama"], ["<|start_header_id|>", "model.format"], id="format of another model"
    ),
    pytest.param("evaluate", ["method=nonsense"], ["method=nonsense", "choose from: best-of-n, ccc"], id="method"),
    pytest.param("evaluate", ["engine=vlm"], ["engine=vlm", "choose from: demo, ", "transformers, "], id="engine"),
    pytest.param("evaluate", ["method.budgtes=[8]"], ["did you mean method.budgets?"], id="misspelt key"),
    pytest.param("evaluate", ["method.budgets=[8,0]"], ["method.budgets", "0]", "1 or more"], id="budget below 1"),
    pytest.param(
        "evaluate", ["method.budgets=[8,9]", "method.waits=[1]"], ["give method.waits=[0,1], or one"], id="Waits alone"
    ),
    pytest.param("evaluate", ["checkpoint=weightless"], ["checkpoint", "weightless", "*.safetensors"], id="no weights"),
    pytest.param("evaluate", ["checkpoint=./nowhere"], ["checkpoint", "./nowhere"], id="missing checkpoint"),
    pytest.param("evaluate", ["data.benchmarks=[toy,nope]"], ["'nope'", "choose from: far, toy"], id="benchmark"),
    pytest.param("evaluate", ["data.benchmarks=[]"], ["data.benchmarks is empty"], id="no benchmark"),
    pytest.param("evaluate", ["data.evals=nowhere"], ["data.evals: no folder nowhere"], id="folder of tasks"),
    pytest.param("curate", ["data.files.toy=no.csv"], ["data.files.toy: no file no.csv"], id="benchmark file"),
    pytest.param(
        "evaluate", ["data.files.try=toy.jsonl"], ["data.files.try", "which has: toy"], id="file of no benchmark"
    ),
    pytest.param("evaluate", ["data.limit=0"], ["data.limit is 0; give 1 or more"], id="limit below 1"),
    pytest.param("evaluate", ["data.limit=1"], ["toy.yaml: data.limit needs metadata.count"], id="limit without count"),
    pytest.param(
        "evaluate", ["data.files.toy=pool.jsonl"], ["'answer', a column", "attempt"], id="file of other columns"
    ),
    pytest.param("evaluate", ["data.benchmarks=[far]"], ["nobody/far cannot be reached", "data.files.far"], id="hub"),
    pytest.param(
        "curate", ["data.benchmarks=[far]"], ["nobody/far cannot be reached", "data.files.far"], id="hub, curate"
    ),
    pytest.param(
        "evaluate",
        ["method.budgets=[8,250]"],
        ["toy, question q0", " prompt tokens", "250 thinking tokens", "max_model_len 256"],
        id="budget longer than the model",
    ),
    pytest.param(
        "evaluate",
        ["engine/speculative=eagle3"],
        ["engine.speculative.model", "runs/demo/draft/head", "make it first"],
        id="no head",
    ),
    pytest.param(
        "evaluate", ["engine.speculative=ngram"], ["choose one by engine/speculative=..."], id="value for a group"
    ),
    pytest.param(
        "evaluate",
        ["engine/speculative=ngram", "engine.speculative.tokns=2"],
        ["engine.speculative (ngram) has: tokens"],
        id="key of drafts",
    ),
    pytest.param(
        "evaluate", ["engine/speculative=nope"], ["choose from: draft-model, eagle3, method"], id="way to draft"
    ),
    pytest.param(
        "evaluate.regrade", ["name=other"], ["runs/other/evaluate: no evaluation of run 'other'"], id="nothing to grade"
    ),
    pytest.param(
        "evaluate.regrade", ["name=hot"], ["runs/hot/evaluate: toy has other questions than were"], id="other questions"
    ),
    pytest.param("serve", ["serve.host=192.0.2.1"], ["serve.host is 192.0.2.1 and serve.port 8080,"], id="no host"),
    pytest.param("report", ["name=other"], ["runs/other/evaluate", "evaluate stage"], id="no evaluation"),
    pytest.param("paper", ["paper.run=false"], ["no run has a finished evaluation"], id="paper of nothing"),
    pytest.param(
        "paper", ["paper.parallel=[voets]"], ["paper.parallel: no run 'voets'", "paper.runs has: own"], id="paper's run"
    ),
    pytest.param("paper", ["paper.runs.own.stages=[eval]"], ["paper.runs.own.stages", "evaluate"], id="paper's stage"),
    pytest.param("paper", ["+paper.notes.tabel1=x"], ["'tabel1'", "choose from: table1, "], id="note of no table"),
    pytest.param("paper", ["paper.price=-1"], ["paper.price is -1.0"], id="price below 0"),
]

REPORTS = {
    "a line twice": ("name=doubled", "samples.jsonl:2: the same sample as in line 1"),
    "torn manifest": ("name=torn", "runs/torn/evaluate/manifest.json: not JSON"),
    "no answer at all": ("name=unfit", "give larger method.budgets, or method.tries\n"),
    "a page of less than nothing": ("report.page_mb=-1", "report.page_mb is -1; give 0 or more"),
    "merge": ("report.merge=[warm-*]", "report.merge: no run in runs is named warm-*; it has cold, "),
    "merge of two methods": ("report.merge=[cold,hot]", "report.merge: cold and hot differ in method.temperature"),
    "merge of one seed twice": (
        "report.merge=[cold,twin]",
        "report.merge: cold and twin both have toy, force, budget 16, 0 Waits, of seed 0",
    ),
}
MISTAKES += [
    pytest.param("report", [told, "report.baselines=[]"], [said], id=name) for name, (told, said) in REPORTS.items()
]


@pytest.mark.parametrize(("stage", "overrides", "parts"), MISTAKES)
def test_a_mistake_ends_in_one_line_and_leaves_nothing(
    place: Path,
    stage: str,
    overrides: list[str],
    parts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    before, arguments = sorted(place.rglob("*")), settings(overrides)
    if overrides in APART and stage != "curate":
        done = run_apart(place, stage, arguments)
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        capsys.readouterr()
        code = exit_code(f"s1repro.{stage}", arguments)
        out, err = capsys.readouterr()
    assert code == 2, err
    assert err.startswith("error: ") and err.count("\n") == 1, err
    assert out == ""
    for part in parts:
        assert part in err
    assert sorted(place.rglob("*")) == before


LM_EVAL = [
    pytest.param("recipe=demo,budget=8,waits=0", [], ["give checkpoint=FOLDER"], id="no checkpoint"),
    pytest.param("checkpoint=model,budgte=8", [], ["budgte is no argument", "budget, waits"], id="misspelt argument"),
    pytest.param("pretrained=model,checkpoint=model", [], ["the model is checkpoint="], id="lm-eval's name"),
    pytest.param("recipe=demo,checkpoint=./nowhere,budget=8,waits=0", [], ["./nowhere"], id="missing checkpoint"),
    pytest.param("recipe=demo,checkpoint=model", [], ["points of a curve", "give budget=N"], id="a whole curve"),
    pytest.param("checkpoint=model,budget=8", ["--batch_size", "4"], ["engine.max_concurrency=N"], id="batch size"),
]


@pytest.mark.parametrize(("model", "words", "parts"), LM_EVAL)
def test_a_mistake_in_lm_eval_s_model_ends_in_one_line_and_leaves_nothing(
    place: Path,
    model: str,
    words: list[str],
    parts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import lm_eval.tasks

    from s1repro.evaluate import harness  # once: lm-eval takes a model's name once in a process

    # lm-eval's own tasks, thousands of files, are indexed anew each time.
    monkeypatch.setattr(lm_eval.tasks, "TaskManager", partial(lm_eval.tasks.TaskManager, include_defaults=False))
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    capsys.readouterr()
    asked = ["run", "--model", "s1repro", "--model_args", model, "--tasks", "toy", "--include_path", "evals"]
    assert exit_code("s1repro.evaluate.harness", [*asked, *words], harness.main) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert all(part in line for part in parts), line
    assert sorted(place.rglob("*")) == before
