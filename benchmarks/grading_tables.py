r"""How far grading agrees with other graders' tests: python -m benchmarks.grading_tables FILE...

Reads the parametrised cases of pytest files (math-verify's own tests, NeMo-Skills', inspect_ai's) and the pairs that
tests assert (`benchmarks.asserted_pairs`: MARIO's, AReaL's), without running them, and lists of cases in JSON; nothing
of them is kept here. Prints how many verdicts agree and each that does not. A case whose values are not written out is
counted and left out. A function says by its name or by what it asserts whether its cases are right, where no column
does. Cases are mathematics, unless a list in JSON says `"kind": "choice"`.

    git clone --depth 1 https://github.com/huggingface/Math-Verify
    python -m benchmarks.grading_tables Math-Verify/tests/test_*.py
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asserted_pairs import asserted
from s1repro.grading import grade
from s1repro.records import AnswerKind

_ANSWERS = ("pred", "prediction", "output", "answer", "predicted_answer", "given")
_REFERENCES = ("gold", "target", "reference", "gt_answer", "ref")
_VERDICTS = ("expected", "result")
_WRONG = re.compile(r"(?:in|not_)correct|not_equal|is False|assert not |status == '(?!correct)")


@dataclass(frozen=True)
class Case:
    """One pair and what its table says of it."""

    where: str
    answer: str
    reference: str
    right: bool
    kind: AnswerKind = "math"


def cases_of(path: Path) -> Iterator[Case | None]:
    """The cases of a file in their order; None for one whose values are not written out."""
    if path.suffix == ".json":
        for number, row in enumerate(json.loads(path.read_text()), 1):
            yield _case(f"{path.name} {number}", dict(row), "")
        return
    tree = ast.parse(path.read_text())
    for line, answer, reference, right in asserted(tree):
        yield Case(f"{path.name}:{line}", answer, reference, right)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in function.decorator_list:
                yield from _parametrised(path.name, function, decorator)


def _parametrised(file: str, function: ast.AST, decorator: ast.expr) -> Iterator[Case | None]:
    if not (
        isinstance(decorator, ast.Call) and len(decorator.args) > 1 and "parametrize" in ast.unparse(decorator.func)
    ):
        return
    names, table = ast.literal_eval(decorator.args[0]), decorator.args[1]
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    compares = _pair(names) or (set(names) & set(_ANSWERS) and set(names) & set(_REFERENCES))
    if not compares or not isinstance(table, ast.List | ast.Tuple):
        return
    for row in table.elts:
        try:
            values = ast.literal_eval(row)
        except ValueError:
            yield None
            continue
        columns = dict(zip(("answer", "target") if _pair(names) else names, values, strict=True))
        yield _case(f"{file}:{row.lineno}", columns, ast.unparse(function))


def _pair(names: list[str]) -> bool:
    return names == ["output_pair"]


def _case(where: str, columns: dict[str, object], function: str) -> Case | None:
    answer, reference, verdict = (
        next((columns[name] for name in names if name in columns), None) for names in (_ANSWERS, _REFERENCES, _VERDICTS)
    )
    if answer is None or reference is None:
        return None
    body = function.partition("def ")[2]
    right = verdict in (1, True, "C") if verdict is not None else not _WRONG.search(body)
    kind: AnswerKind = "choice" if columns.get("kind") == "choice" else "math"
    return Case(where, str(answer), str(reference), bool(right), kind)


def agrees(case: Case) -> bool:
    """Whether grading's verdict is the table's."""
    return grade(case.answer, case.reference, case.kind).correct == case.right


def main() -> None:
    """Print each disagreement, and how many there are."""
    read = [case for path in sys.argv[1:] for case in cases_of(Path(path))]
    cases = [case for case in read if case is not None]
    missed = [case for case in cases if not agrees(case)]
    for case in missed:
        verdict = "right" if case.right else "wrong"
        print(f"{case.where}: {verdict} there: {case.answer[-200:]!r} for {case.reference[-200:]!r}")
    same = len(cases) - len(missed)
    print(f"{same} of {len(cases)} agree; {len(read) - len(cases)} not read")


if __name__ == "__main__":
    main()
