"""What an error of a library says, in the one line that a user reads.

Most say what is wrong in their first line and go on with advice of their own; of others the lines belong together, and
some say nothing at all.

    first_line(OSError("no such model\nDid you mean ...?"))     # "no such model"
    whole_message(ValueError("2 errors:\n  a\n  b"))            # "2 errors: a b"
"""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or the name of its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()


def whole_message(error: BaseException) -> str:
    """All that an error says, on one line, or the name of its type where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__
