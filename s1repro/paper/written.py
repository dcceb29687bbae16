"""The tables as files: Markdown for people, LaTeX for a paper, CSV for programs.

In Markdown and LaTeX each column of ours stands beside the paper's, an empty cell has the number of its reason, and the
reasons stand below. The CSV has a line a cell, with both numbers and the reason.

    markdown([table1, table2])
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from s1repro.paper.measured import Missing
from s1repro.paper.table import Entry, Number, Table

CSV_HEAD = ("table", "row", "column", "ours", "low", "high", "paper", "paper_low", "paper_high", "empty_because")

LATEX = str.maketrans({c: f"\\{c}" for c in "%&_#${}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"})


def markdown(tables: Sequence[Table], title: str = "The paper's tables, ours beside the paper's") -> str:
    """All tables, with their notes and reasons."""
    parts = [f"# {title}"]
    for table in tables:
        head, rows, reasons = laid_out(table)
        lines = [head, ["---"] * len(head), *rows]
        parts += [f"## {table.title}", table.note]
        parts.append("\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines))
        if reasons:
            parts.append("\n".join(f"[{number}] {reason}  " for number, reason in enumerate(reasons, start=1)))
    return "\n\n".join(parts) + "\n"


def latex(tables: Sequence[Table]) -> str:
    """All tables as floats for a document that uses the package booktabs."""
    parts = ["% needs \\usepackage{booktabs}"]
    for table in tables:
        head, rows, reasons = laid_out(table)
        told = [f"[{number}] {reason}." for number, reason in enumerate(reasons, start=1)]
        caption = _escaped(" ".join([f"{table.title}. {table.note}", *told]))
        body = [" & ".join(map(_escaped, line)) + r" \\" for line in rows]
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    rf"\caption{{{caption}}}",
                    rf"\label{{tab:{table.name}}}",
                    rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
                    r"\toprule",
                    " & ".join(map(_escaped, head)) + r" \\",
                    r"\midrule",
                    *body,
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def table_csv(table: Table) -> str:
    """A line a cell: `CSV_HEAD`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for entry in table.entries:
        if entry.ours is None and entry.paper is None:
            continue
        reason = entry.ours.reason if isinstance(entry.ours, Missing) else ""
        ours = entry.ours if isinstance(entry.ours, Number) else None
        writer.writerow([table.name, entry.row, entry.column, *_ends(ours), *_ends(entry.paper), reason])
    return text.getvalue()


def laid_out(table: Table) -> tuple[list[str], list[list[str]], list[str]]:
    """Head, rows, and the reasons of empty cells, which are numbered from 1 in the cells."""
    cells = {(entry.row, entry.column): entry for entry in table.entries}
    reasons = list(dict.fromkeys(e.ours.reason for e in table.entries if isinstance(e.ours, Missing)))
    ours = {entry.column for entry in table.entries if entry.ours is not None}
    papers = {entry.column for entry in table.entries if entry.paper is not None}
    head = [""]
    for column in table.columns:
        head += [column] * (column in ours) + [f"paper: {column}"] * (column in papers)
    rows = []
    for row in table.rows:
        line = [row]
        for column in table.columns:
            entry = cells.get((row, column), Entry(row, column, None))
            line += [_shown(entry.ours, reasons)] * (column in ours)
            line += [_shown(entry.paper, reasons)] * (column in papers)
        rows.append(line)
    return head, rows, reasons


def _shown(cell: Number | Missing | None, reasons: Sequence[str]) -> str:
    if isinstance(cell, Missing):
        return f"[{reasons.index(cell.reason) + 1}]"
    return cell.text() if cell else ""


def _ends(number: Number | None) -> list[str]:
    values = (number.value, number.low, number.high) if number else (None, None, None)
    return ["" if value is None else f"{value:.6g}" for value in values]


def _escaped(text: str) -> str:
    return text.replace("\\", "/").translate(LATEX)
