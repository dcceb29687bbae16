"""Questions made up here, in GPQA's published columns: its own are not for repositories."""

import importlib.util
import random
from collections import Counter
from pathlib import Path

from datasets import Dataset

PATH = Path(__file__).resolve().parents[2] / "evals" / "gpqa.py"
spec = importlib.util.spec_from_file_location("gpqa", PATH)
gpqa = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gpqa)


def row(number):
    wrong = {f"Incorrect Answer {k}": f"{number} apples and {k}" for k in (1, 2, 3)}
    return {"Record ID": f"rec{number}", "Question": "How many?", "Correct Answer": f"{number} apples", **wrong}


ROWS = [row(number) for number in range(198)]
CHOICES = ["choice1", "choice2", "choice3", "choice4"]


def test_the_letter_is_that_of_the_right_answer_and_no_text_changes():
    for doc, raw in zip(gpqa.process_docs(Dataset.from_list(ROWS)), ROWS, strict=True):
        assert doc[CHOICES["ABCD".index(doc["answer"])]] == raw["Correct Answer"]
        assert sorted(doc[name] for name in CHOICES) == sorted(raw[column] for column in gpqa.CHOICES)


def test_the_order_hangs_on_the_record_alone():
    random.seed(3)
    once = {doc["Record ID"]: doc for doc in gpqa.process_docs(Dataset.from_list(ROWS))}
    random.seed(4)
    again = gpqa.process_docs(Dataset.from_list(ROWS[::-3]))
    assert len(again) == 66 and all(once[doc["Record ID"]] == doc for doc in again)
    assert gpqa.shuffled(row(0))["answer"] == "D"  # as on every machine and in every version


def test_no_letter_is_favoured():
    counts = Counter(gpqa.shuffled(raw)["answer"] for raw in ROWS)
    assert set(counts) == set("ABCD") and max(counts.values()) < 198 * 0.4


def test_equal_choices_do_not_confuse_the_letter():
    twice = row(1) | {"Incorrect Answer 2": "1 apples"}
    shuffled = gpqa.shuffled(twice)
    assert shuffled["answer"] == gpqa.shuffled(row(1))["answer"]
