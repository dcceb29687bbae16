"""Pairs that other graders' tests assert, read without running them."""

from __future__ import annotations

import ast

import pytest

from benchmarks.asserted_pairs import asserted


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        ('assert same("1/2", "0.5")', [(2, "1/2", "0.5", True)]),
        ('assert not same("1", "2")', [(2, "1", "2", False)]),
        ('assert same("1", "2", verbose=True) is False', [(2, "1", "2", False)]),
        ('assert worker.verify("1", "1") == 1.0', [(2, "1", "1", True)]),
        ('one = "1"\n    self.assertFalse(same(one, "2"))', [(3, "1", "2", False)]),
        ('reward = f(prompt="p", completions="1", answer="2")\n    assert reward == 0.0', [(3, "1", "2", False)]),
        ('assert same("1", "2") or True', []),
        ('assert isinstance(same("1", "2"), float)', []),
        ("assert same(read(), 5)", []),
        ('assert same("True", "Y", "a kind")', []),
        ('assert extract("1", "2") == "3"', []),
        ("for x in y:\n        pass", []),
    ],
)
def test_what_is_read(body: str, pairs: list[tuple[int, str, str, bool]]) -> None:
    assert list(asserted(ast.parse(f"def test_it(self):\n    {body}\n"))) == pairs


def test_what_is_no_test_is_passed_over() -> None:
    assert list(asserted(ast.parse('def check():\n    assert same("1", "1")'))) == []
