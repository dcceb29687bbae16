r"""A place in a text, read command by command and sign by sign, white space skipped.

Cursor(r"\pi x").take("\\pi")      # "\\pi", and the cursor stands behind it
"""

from __future__ import annotations

import re

from s1repro.grading.expression import Unreadable

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")


class Cursor:
    """The text and the place where reading goes on."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        """The next command or character, white space skipped; "" at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        command = _COMMAND.match(self.text, self.at)
        return command.group() if command else self.text[self.at : self.at + 1]

    def take(self, *wanted: str) -> str:
        """The next one, if it is wanted; "" otherwise."""
        found = self.peek()
        if found and found in wanted:
            self.at += len(found)
            return found
        return ""

    def need(self, wanted: str) -> None:
        """Step over what must come."""
        if not self.take(wanted):
            raise Unreadable(f"no {wanted} at {self.at}")
