"""The pairs that the tests of another grader assert to be the same or not, read without running them.

Understands what such tests look like: `assert same("1/2", "0.5")`, `assert not same(...)`, `self.assertTrue(...)`, a
reward that is kept and then asserted to be 1.0, with texts written in the call or assigned before it. A pair is the
two texts of a call, or its `completions` and `answer`. A call with more texts says how to compare (a type, a question);
it is passed over, as is whatever else a test does.

    list(asserted(ast.parse('def test_it(): assert not same("1", "2")')))      # [(1, "1", "2", False)]
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_YES, _NO = (True, 1, 1.0), (False, 0, 0.0)
Asserted = tuple[int, str, str, bool]


def asserted(tree: ast.AST) -> Iterator[Asserted]:
    """Line, answer, reference and verdict of each pair, test by test."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test"):
            yield from _of_test(function)


def _of_test(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Asserted]:
    texts: dict[str, str] = {}
    kept: dict[str, tuple[str, str]] = {}
    for statement in function.body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                text, pair = _text(value, texts), _pair(value, texts)
                if text is not None:
                    texts[name] = text
                elif pair is not None:
                    kept[name] = pair
                continue
            case ast.Assert(test=claim):
                found = _claimed(claim, texts, kept)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr), args=[claim, *_])):
                found = _claimed(claim, texts, kept) if attr in ("assertTrue", "assertFalse") else None
                if found is not None and attr == "assertFalse":
                    found = (*found[:2], not found[2])
            case _:
                continue
        if found is not None:
            yield statement.lineno, *found


def _claimed(claim: ast.expr, texts: dict[str, str], kept: dict[str, tuple[str, str]]) -> tuple[str, str, bool] | None:
    """What is claimed of which pair: the call itself is true, `not` turns it round, and so does `== 0.0`."""
    match claim:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _claimed(operand, texts, kept)
            return None if inner is None else (*inner[:2], not inner[2])
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value)]):
            inner = _claimed(left, texts, kept)
            if inner is None or not isinstance(value, int | float) or value not in (*_YES, *_NO):
                return None
            return (*inner[:2], inner[2] == (value in _YES))
        case ast.Name(name) if name in kept:
            return (*kept[name], True)
    pair = _pair(claim, texts)
    return None if pair is None else (*pair, True)


def _pair(call: ast.expr, texts: dict[str, str]) -> tuple[str, str] | None:
    """The answer and the reference that a call compares."""
    if not isinstance(call, ast.Call):
        return None
    named = {keyword.arg: _text(keyword.value, texts) for keyword in call.keywords}
    given = [text for text in (_text(arg, texts) for arg in call.args) if text is not None]
    pair = given or [text for text in (named.get("completions"), named.get("answer")) if text is not None]
    return (pair[0], pair[1]) if len(pair) == 2 else None


def _text(value: ast.expr, texts: dict[str, str]) -> str | None:
    match value:
        case ast.Constant(str(text)):
            return text
        case ast.Name(name):
            return texts.get(name)
    return None
