import json
import socket
from pathlib import Path

import pytest

from s1repro.benchmarks import benchmark_fingerprint, load_benchmark
from s1repro.records import Question

EVALS = Path(__file__).resolve().parents[1] / "evals"
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
    assert load_benchmark("small") == [
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
    assert load_benchmark("small") == [
        Question(id="7", text="Q: x?", reference="so 1/2", kind="math", domain="26"),
    ]


def test_questions_without_id_are_numbered_and_choices_are_looked_up(place):
    docs = [{"question": "a", "answer": 1}, {"question": "b", "answer": 0}]
    place("doc_to_target: answer", "doc_to_target: answer\ndoc_to_choice: [A, B]", docs)
    assert [(q.id, q.reference, q.domain) for q in load_benchmark("small")] == [
        ("small-0", "B", ""),
        ("small-1", "A", ""),
    ]


def test_the_demos_own_yaml_reads(place, monkeypatch):
    place()
    Path("data/demo").mkdir()
    Path("data/small.jsonl").rename("data/demo/benchmark.jsonl")
    assert [q.id for q in load_benchmark("demo", EVALS)] == ["d1", "d2"]
    assert len(benchmark_fingerprint("demo", EVALS)) == 16


@pytest.mark.parametrize(
    ("old", "new", "docs", "says"),
    [
        ("{kind: exact}", "{kind: fuzzy}", DOCS, "metadata.kind is 'fuzzy'; give exact, math or choice"),
        ("{kind: exact}", "{}", DOCS, "metadata.kind is None"),
        ("{kind: exact}", "{kind: exact, id: uid}", DOCS, "metadata.id is 'uid', a column the data set does not have"),
        ("task: small", "task: other", DOCS, "lm-eval cannot load this task"),
        ("test_split: test", "test_split: tests", DOCS, "lm-eval cannot load this task"),
        ("data/small.jsonl", "data/gone.jsonl", DOCS, "no data file data/gone.jsonl"),
        ("doc_to_target: answer", "doc_to_target: list", [{"question": "a", "list": ["b"]}], "must give one text"),
        ("doc_to_target: answer", "doc_to_target: answer", [{"question": "a", "answer": " "}], "must give one text"),
        ("{kind: exact}", "{kind: exact}", [DOCS[0], DOCS[0]], "id 'd1' occurs twice"),
        ("dataset_path: json", "dataset_path: [json", DOCS, "not YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_yaml(place, old, new, docs, says):
    place(old, new, docs)
    with pytest.raises(ValueError, match=says.replace(".", r"\.")) as error:
        load_benchmark("small")
    assert str(error.value).startswith("evals/small.yaml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ask", [load_benchmark, benchmark_fingerprint])
def test_an_unknown_name_lists_what_is_there(place, ask):
    place()
    place(name="large")
    with pytest.raises(ValueError, match=r"no benchmark 'smal' in evals/; choose from: large, small"):
        ask("smal")


def test_the_fingerprint_follows_yaml_includes_functions_and_data(place):
    place("doc_to_target: answer", "doc_to_target: !function tools.target\ninclude: common/base.txt")
    Path("evals/common").mkdir()
    Path("evals/tools.py").write_text("def target(doc): return doc['answer']\n")
    Path("evals/common/base.txt").write_text("num_fewshot: 0\n")
    marks = [benchmark_fingerprint("small")]
    for file in ["evals/small.yaml", "evals/tools.py", "evals/common/base.txt", "data/small.jsonl"]:
        with open(file, "a") as text:
            text.write("\n")
        marks.append(benchmark_fingerprint("small"))
    assert len(set(marks)) == 5
    Path("evals/unrelated.yaml").write_text("task: unrelated\n")
    assert benchmark_fingerprint("small") == marks[-1]
    assert [question.reference for question in load_benchmark("small")] == ["4", "[5]"]
