"""An error is told by its first line or by all that it says, on one line, and by its type where it says nothing."""

from __future__ import annotations

import pytest

from s1repro.reasons import first_line, whole_message


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no such model\nDid you mean ...?"), "no such model"),
        (ValueError("\n  a line, set in \n"), "a line, set in"),
        (OSError(), "OSError"),
        (ValueError(" \n"), "ValueError"),
    ],
)
def test_the_first_line_is_told_or_the_type(error: Exception, said: str) -> None:
    assert first_line(error) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("2 errors:\n  a,\tset in\n\n  b\n"), "2 errors: a, set in b"),
        (OSError(), "OSError"),
        (ValueError(" \n"), "ValueError"),
    ],
)
def test_the_whole_message_stands_on_one_line_or_the_type(error: Exception, said: str) -> None:
    assert whole_message(error) == said
