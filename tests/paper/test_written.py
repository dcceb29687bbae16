"""The files say the same: each number beside the paper's, each empty cell with its reason."""

from __future__ import annotations

import csv
import io

from s1repro.config import Config
from s1repro.paper.accuracies import table1
from s1repro.paper.measured import Measured, Missing
from s1repro.paper.table import Entry, Number, Table
from s1repro.paper.written import CSV_HEAD, latex, markdown, table_csv

TABLE = Table(
    "t",
    "A table",
    "Its note: 5 % of a_b.",
    [
        Entry("a | b", "x", Number(76.04, 70.26, 80.9), Number(56.7)),
        Entry("c", "x", Missing("not run & not known"), None),
        Entry("c", "y", None, Number(None, -26.7, -3.3, signed=True)),
        Entry("c", "z", Number(1234567.0, digits=0)),
    ],
)


def test_markdown_has_both_numbers_and_the_reason() -> None:
    lines = markdown([TABLE]).splitlines()
    start = lines.index("|  | x | paper: x | paper: y | z |")
    assert lines[start + 2 : start + 4] == [
        "| a / b | 76.0 (70.3 to 80.9) | 56.7 |  |  |",
        "| c | [1] |  | (-26.7 to -3.3) | 1,234,567 |",
    ]
    assert "[1] not run & not known  " in lines


def test_the_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(table_csv(TABLE))))
    assert tuple(rows[0]) == CSV_HEAD and len(rows) == 4
    assert (rows[0]["ours"], rows[0]["low"], rows[0]["paper"]) == ("76.04", "70.26", "56.7")
    assert rows[1]["empty_because"] == "not run & not known" and rows[1]["ours"] == ""
    assert (rows[2]["paper"], rows[2]["paper_low"], rows[2]["paper_high"]) == ("", "-26.7", "-3.3")


def test_latex_is_escaped_and_balanced() -> None:
    text = latex([TABLE])
    assert r"Its note: 5 \% of a\_b. [1] not run \& not known." in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert [line.replace(r"\&", "").count("&") for line in rows] == [4, 4, 4]
    assert text.count(r"\begin{") == text.count(r"\end{") == 2


def test_a_real_table_is_written_in_all_three(config: Config, measured: Measured) -> None:
    table = table1(config, measured)
    text = markdown([table])
    assert "| QwQ-32B-Preview | [2] | [2] | 50.0 | 90.6 | 54.5 |" in text and "[2] trained elsewhere" in text
    assert "QwQ-32B-Preview & [2] & [2] & 50.0" in latex([table])
    assert "table1,QwQ-32B-Preview,aime24,,,,50,,," in table_csv(table)
