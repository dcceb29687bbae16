"""What an error of a library says, in the one line that a user reads.

Libraries say what is wrong in their first line and go on with advice of their own; some say nothing at all.

    first_line(OSError("no such model\nDid you mean ...?"))     # "no such model"
"""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or the name of its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
