"""An error is told by its first line, and by its type where it has none."""

from __future__ import annotations

import pytest

from s1repro.reasons import first_line


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
