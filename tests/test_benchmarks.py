import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import Dataset

from s1repro.benchmarks import Benchmark, bare_questions, benchmark_fingerprint, listed, load_benchmark
from s1repro.records import Question
from tests.hub import Repo, serving

SMALL = Benchmark("small")
DOCS = [
    {"id": "d1", "question": "What is 2+2?", "answer": "4", "domain": "11"},
    {"id": "d2", "question": "What is [2]+3?", "answer": "[5]", "domain": "12"},
]
YAML = """
task: small
dataset_path: json
dataset_kwargs: {data_files: {test: data/small.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: question
doc_to_target: answer
generation_kwargs: {until: ["\\n"]}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
metadata: {kind: exact}
"""

HUB = "dataset_path: me/set\ndataset_kwargs: {revision: REVISION}\n"
REPO = str(Path(__file__).resolve().parents[1])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with evals/small.yaml and its data; `place(old, new)` edits the YAML, `docs` the data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    def write(old="", new="", docs=DOCS, name="small"):
        assert old in YAML
        for path, text in {
            Path("evals") / f"{name}.yaml": YAML.replace(old, new) if old else YAML,
            Path("data/small.jsonl"): "".join(json.dumps(doc) + "\n" for doc in docs),
        }.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    return write


def test_questions_come_as_the_data_has_them_without_a_network(place, monkeypatch):
    asked = []

    def refuse(_, address):
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    place()
    assert load_benchmark(SMALL) == [
        Question(id="d1", text="What is 2+2?", reference="4", kind="exact", domain="11"),
        Question(id="d2", text="What is [2]+3?", reference="[5]", kind="exact", domain="12"),
    ]
    assert not asked


def test_metadata_names_columns_and_templates_are_filled(place):
    docs = [{"number": 7, "problem": "x?", "solution": "so 1/2", "topic": "26"}]
    new = 'doc_to_text: "Q: {{problem}}"\ndoc_to_target: solution'
    place("doc_to_text: question\ndoc_to_target: answer", new, docs)
    path = Path("evals/small.yaml")
    path.write_text(path.read_text().replace("{kind: exact}", "{kind: math, id: number, domain: topic}"))
    assert load_benchmark(SMALL) == [
        Question(id="7", text="Q: x?", reference="so 1/2", kind="math", domain="26"),
    ]


def test_questions_without_id_are_numbered_and_choices_are_looked_up(place):
    docs = [{"question": "a", "answer": 1}, {"question": "b", "answer": 0}]
    place("doc_to_target: answer", "doc_to_target: answer\ndoc_to_choice: [A, B]", docs)
    assert [(q.id, q.reference, q.domain) for q in load_benchmark(SMALL)] == [
        ("small-0", "B", ""),
        ("small-1", "A", ""),
    ]


@pytest.mark.parametrize(
    ("old", "new", "docs", "says"),
    [
        ("{kind: exact}", "{kind: fuzzy}", DOCS, "metadata.kind is 'fuzzy'; give exact, math or choice"),
        ("{kind: exact}", "{}", DOCS, "metadata.kind is None"),
        ("{kind: exact}", "{kind: exact, id: uid}", DOCS, "metadata.id is 'uid', a column the data set does not have"),
        (
            "{kind: exact}",
            "{kind: exact, count: 3}",
            DOCS,
            "data set json has 2 questions, not the 3 of metadata.count",
        ),
        ("doc_to_text: question", "doc_to_text: problem", DOCS, "doc_to_text is 'problem', a column the data set"),
        ("doc_to_target: answer", "doc_to_target: solution", DOCS, "doc_to_target is 'solution', a column the data"),
        ("task: small", "task: other", DOCS, "lm-eval cannot load this task"),
        ("test_split: test", "test_split: tests", DOCS, "lm-eval cannot load this task"),
        ("data/small.jsonl", "data/gone.jsonl", DOCS, "no data file data/gone.jsonl"),
        ("doc_to_target: answer", "doc_to_target: list", [{"question": "a", "list": ["b"]}], "must give one text"),
        ("doc_to_target: answer", "doc_to_target: answer", [{"question": "a", "answer": " "}], "must give one text"),
        ("{kind: exact}", "{kind: exact}", [DOCS[0], DOCS[0]], "id 'd1' occurs twice"),
        ("dataset_path: json", "dataset_path: [json", DOCS, "not YAML"),
        (
            "{kind: exact}",
            "{kind: choice}",
            [{"question": "a", "answer": "K"}],
            "kind choice needs a letter from A to J",
        ),
        ("{kind: exact}", "{kind: choice}", [{"question": "a", "answer": "A, B"}], "kind choice needs a letter"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_yaml(place, old, new, docs, says):
    place(old, new, docs)
    with pytest.raises(ValueError, match=says.replace(".", r"\.")) as error:
        load_benchmark(SMALL)
    assert str(error.value).startswith("evals/small.yaml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ask", [load_benchmark, bare_questions, benchmark_fingerprint])
def test_an_unknown_name_lists_what_is_there(place, ask):
    place()
    place(name="large")
    with pytest.raises(ValueError, match=r"no benchmark 'smal' in evals/; choose from: large, small"):
        ask(Benchmark("smal"))


def test_the_fingerprint_follows_yaml_includes_functions_and_data(place):
    place("doc_to_target: answer", "doc_to_target: !function tools.target\ninclude: common/base.txt")
    Path("evals/common").mkdir()
    Path("evals/tools.py").write_text("def target(doc): return doc['answer']\n")
    Path("evals/common/base.txt").write_text("num_fewshot: 0\n")
    marks = [benchmark_fingerprint(SMALL)]
    for file in ["evals/small.yaml", "evals/tools.py", "evals/common/base.txt", "data/small.jsonl"]:
        with open(file, "a") as text:
            text.write("\n")
        marks.append(benchmark_fingerprint(SMALL))
    assert len(set(marks)) == 5
    Path("evals/unrelated.yaml").write_text("task: unrelated\n")
    assert benchmark_fingerprint(SMALL) == benchmark_fingerprint(Benchmark("small", limit=1)) == marks[-1]
    Path("own.jsonl").write_text(json.dumps(DOCS[0]) + "\n")
    assert benchmark_fingerprint(Benchmark("small", "own.jsonl")) not in marks
    assert [question.reference for question in load_benchmark(SMALL)] == ["4", "[5]"]


@pytest.mark.parametrize("name", ["own.jsonl", "own.json", "own.parquet", "own.csv"])
def test_a_file_takes_the_place_of_the_data_set(place, name):
    place("dataset_path: json", "dataset_path: nobody/nothing\ndataset_name: main")
    data = Dataset.from_list([{"id": f"f{i}", "question": f"{i}?", "answer": f"{i} m", "domain": ""} for i in range(3)])
    match name.partition(".")[2]:
        case "jsonl":
            data.to_json(name)
        case "json":
            Path(name).write_text(json.dumps(data.to_list()))
        case "parquet":
            data.to_parquet(name)
        case "csv":
            data.to_csv(name)
    questions = load_benchmark(Benchmark("small", name))
    assert [(q.id, q.text, q.reference) for q in questions] == [(f"f{i}", f"{i}?", f"{i} m") for i in range(3)]


SPELLED = {"q1": "1", "q2": "2.5", "q3": "025", "q4": "12345678901234567890", "q5": "25", "q6": "[1, 2]"}
"""References as they are written; in JSON those that are no JSON numbers are texts."""


@pytest.mark.parametrize("target", ["answer", '"{{answer}}"'])
@pytest.mark.parametrize("name", ["own.csv", "own.jsonl", "own.json", "own.parquet", "the task's own"])
def test_references_keep_their_spelling(place, name, target):
    texts = ("q3", "q6")
    rows = [
        f'{{"id": "{id}", "question": "{id}?", "answer": {json.dumps(value) if id in texts else value}}}'
        for id, value in SPELLED.items()
    ]
    place("doc_to_target: answer", f"doc_to_target: {target}")
    match name:
        case "own.csv":
            Path(name).write_text("id,question,answer\n" + "".join(f'{i},{i}?,"{v}"\n' for i, v in SPELLED.items()))
        case "own.json":
            Path(name).write_text(f"[{', '.join(rows)}]")
        case "own.parquet":
            Dataset.from_list([{"id": i, "question": f"{i}?", "answer": v} for i, v in SPELLED.items()]).to_parquet(
                name
            )
        case _:
            Path("data/small.jsonl" if name == "the task's own" else name).write_text("\n".join(rows))
    questions = load_benchmark(Benchmark("small", None if name == "the task's own" else name))
    assert {question.id: question.reference for question in questions} == SPELLED


@pytest.mark.parametrize(
    ("written", "reads"),
    [("25", "25"), ("1.0", "1.0"), ("2.50", "2.50"), ("1e3", "1e3"), ('"None"', "None"), ('"[1, 2]"', "[1, 2]")],
)
def test_a_json_reference_reads_as_it_is_written(place, written, reads):
    place()
    Path("data/small.jsonl").write_text(f'{{"question": "a", "answer": {written}}}\n')
    assert load_benchmark(SMALL)[0].reference == reads


def test_a_description_stands_in_front_of_the_question_and_is_no_part_of_it(place):
    place("output_type:", 'description: "Solve {{id}}.\\n\\n"\noutput_type:')
    assert [question.text for question in load_benchmark(SMALL)] == [
        "Solve d1.\n\nWhat is 2+2?",
        "Solve d2.\n\nWhat is [2]+3?",
    ]
    assert bare_questions(SMALL) == ["What is 2+2?", "What is [2]+3?"]


@pytest.mark.parametrize("setting", ["num_fewshot: 5", "repeats: 4", "gen_prefix: So", "descripton: Solve."])
@pytest.mark.parametrize("ask", [load_benchmark, bare_questions, lambda one: listed([one.name], {})])
def test_a_setting_that_is_not_honoured_is_refused_wherever_the_task_is_read(place, setting, ask):
    place("output_type:", f"{setting}\noutput_type:")
    with pytest.raises(ValueError, match=rf"^evals/small\.yaml: {setting.partition(':')[0]} is [^\n]*$"):
        ask(SMALL)


@pytest.mark.parametrize(
    ("docs", "says"),
    [
        ([{"question": " ", "answer": "1"}], "question small-0 is empty; doc_to_text must give a text"),
        ([DOCS[0], {"question": None, "answer": "1"}], "question small-1 is empty; doc_to_text must give a text"),
        ([{"question": "a", "answer": True}], "the reference of question small-0 is True; doc_to_target must give"),
        ([{"question": "a", "answer": {"b": 1}}, {"question": "a", "answer": "b"}], "Could not convert 'b'|cannot mix"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(place, docs, says):
    place(docs=docs)
    with pytest.raises(ValueError, match=rf"^evals/small\.yaml: [^\n]*({says})[^\n]*$"):
        load_benchmark(SMALL)


def test_a_choice_that_is_not_there_is_named(place):
    docs = [{"question": "a", "answer": 1}, {"question": "b", "answer": 2}]
    place("doc_to_target: answer", "doc_to_target: answer\ndoc_to_choice: [A, B]", docs)
    with pytest.raises(
        ValueError, match=r"^evals/small\.yaml: question small-1: doc_to_choice has no choice 2 \(list in"
    ):
        load_benchmark(SMALL)


def test_a_question_without_an_id_among_others_is_numbered(place):
    place(docs=[DOCS[0], {"id": None, "question": "b", "answer": "2"}])
    assert [(question.id, question.domain) for question in load_benchmark(SMALL)] == [("d1", "11"), ("small-1", "")]


@pytest.mark.parametrize(
    ("name", "data", "kind", "refused"),
    [
        ("test.csv", "question,answer\na,025\n", "exact", "'answer' is 25, a number of a csv file"),
        ("test.csv", "question,answer\na,025\n", "math", None),
        ("test.csv", "question,answer\na,9007199254740993\nb,2.5\n", "math", "a number of a csv file"),
        (
            "test.jsonl",
            '{"question": "a", "answer": 25}\n{"question": "b", "answer": 2.5}\n',
            "exact",
            "'answer' is 25.0, ",
        ),
        ("test.jsonl", '{"question": "a", "answer": 25}\n{"question": "b", "answer": 2}\n', "exact", None),
        ("test.csv", "question,answer\na,x\n", "exact", None),
    ],
)
@pytest.mark.parametrize("target", ["answer", '"{{answer}}"'])
def test_a_number_whose_spelling_a_hub_does_not_keep_is_refused(place, name, data, kind, refused, target):
    """A folder is read as the hub's data sets are."""
    place(YAML[YAML.index("dataset_path") : YAML.index("test_split")], "dataset_path: me/set\n")
    yaml = Path("evals/small.yaml")
    yaml.write_text(yaml.read_text().replace("doc_to_target: answer", f"doc_to_target: {target}"))
    yaml.write_text(yaml.read_text().replace("kind: exact", f"kind: {kind}"))
    Path("me/set").mkdir(parents=True)
    Path("me/set", name).write_text(data)
    if refused is None:
        assert load_benchmark(SMALL)
    else:
        with pytest.raises(ValueError, match=f"^evals/small.yaml: question small-0: [^\n]*{refused}[^\n]*data.files"):
            load_benchmark(SMALL)


MISTAKEN = [
    ("gone.jsonl", None, "data.files.small: no file gone.jsonl"),
    ("own.xlsx", "", "data.files.small: own.xlsx is none of .jsonl, .json, .parquet, .csv; convert it"),
    ("own.jsonl", '{"question": "a', "evals/small.yaml: cannot be read from own.jsonl ("),
    ("own.jsonl", "", "evals/small.yaml: cannot be read from own.jsonl ("),
    ("own.jsonl", '{"question": "a"}\n{"a', "evals/small.yaml: cannot be read from own.jsonl (own.jsonl:2: not JSON ("),
    ("own.csv", "question,answer\na,b,c\n", "evals/small.yaml: cannot be read from own.csv (own.csv:2: 3 values for 2"),
    ("own.jsonl", '{"problem": "a", "answer": "1"}', "evals/small.yaml: doc_to_text is 'question', a column the data"),
    ("own.jsonl", '{"question": "a", "answer": "1"}', "evals/small.yaml: own.jsonl has 1 questions, not the 2 of"),
]


@pytest.mark.parametrize(("file", "text", "says"), MISTAKEN)
def test_a_wrong_file_is_one_line(place, file, text, says):
    place("{kind: exact}", "{kind: exact, count: 2}")
    if text is not None:
        Path(file).write_text(text)
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        load_benchmark(Benchmark("small", file))
    assert "\n" not in str(error.value)


def test_a_limit_takes_an_even_sample_under_a_name_of_its_own(place):
    docs = [{"id": str(i), "question": f"{i}?", "answer": str(i)} for i in range(10)]
    place("{kind: exact}", "{kind: exact, count: 10}", docs)
    (part,) = listed(["small"], {}, 4)
    assert part.label == "small[4]"
    assert [question.id for question in load_benchmark(part)] == ["0", "2", "5", "7"]
    assert bare_questions(part) == [f"{i}?" for i in range(10)]
    for whole in (*listed(["small"], {}), *listed(["small"], {}, 10), *listed(["small"], {}, 200)):
        assert (whole.label, len(load_benchmark(whole))) == ("small", 10)


def test_what_a_list_of_benchmarks_may_not_say(place):
    place()
    with pytest.raises(ValueError, match=r"data\.files\.smal: not in data\.benchmarks, which has: small"):
        listed(["small"], {"smal": "own.jsonl"})
    with pytest.raises(ValueError, match=r"evals/small\.yaml: data\.limit needs metadata\.count"):
        listed(["small"], {}, 1)


def test_the_bare_question_is_a_column_where_the_prompt_adds_to_it(place):
    place("doc_to_text: question", 'doc_to_text: "{{question}}\\n\\nA) {{answer}}"')
    assert bare_questions(SMALL) == ["What is 2+2?\n\nA) 4", "What is [2]+3?\n\nA) [5]"]
    yaml = Path("evals/small.yaml")
    yaml.write_text(yaml.read_text().replace("{kind: exact}", "{kind: exact, question: question}"))
    assert bare_questions(SMALL) == ["What is 2+2?", "What is [2]+3?"]
    yaml.write_text(yaml.read_text().replace("question: question}", "question: stem}"))
    with pytest.raises(ValueError, match=r"question is 'stem', a column the data set does not have; it has: id, "):
        bare_questions(SMALL)


COMMIT, OTHER = "a" * 40, "b" * 40
ASK = """
import sys
from s1repro.benchmarks import Benchmark, load_benchmark
try:
    print([question.id for question in load_benchmark(Benchmark("small"))])
except ValueError as error:
    print(error)
"""


def test_a_hub_is_asked_for_the_pinned_commit_and_its_refusals_are_one_line(place, tmp_path):
    folder = tmp_path / "repo" / "data"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text("".join(json.dumps(doc) + "\n" for doc in DOCS))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    def ask(revision, **environment):
        place(YAML[YAML.index("dataset_path") : YAML.index("test_split")], HUB.replace("REVISION", revision))
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            env=clean | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "PYTHONPATH": REPO} | environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    with serving({"me/set": Repo(folder.parent, COMMIT, token="secret")}) as endpoint:
        gated = ask(COMMIT)
        assert ask(COMMIT, HF_TOKEN="secret") == "['d1', 'd2']"
        gone = ask(OTHER, HF_TOKEN="secret")
    assert ask(COMMIT, HF_HUB_OFFLINE="1") == "['d1', 'd2']"  # cached
    stale = ask(OTHER, HF_HUB_OFFLINE="1")
    far = ask(COMMIT, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "empty"))
    for line, parts in {
        gated: ["me/set is gated: log in to the hub, accept the licence", "HF_TOKEN", "data.files.small=PATH"],
        gone: [f"Revision '{OTHER}' doesn't exist", "correct dataset_path or revision", "data.files.small=PATH"],
        stale: [f"pins revision {OTHER}, but the cache has {COMMIT}", "connect to a network once"],
        far: ["me/set cannot be reached, as HF_HUB_OFFLINE forbids it", "once", "data.files.small=PATH"],
    }.items():
        assert line.startswith("evals/small.yaml: ") and "\n" not in line and "secret" not in line
        assert [part for part in parts if part not in line] == [], line
