"""What an evaluation put around its questions and into its traces: read from `journal_config.json`.

A sample keeps the whole prompt as the model read it; a reader wants the question in it.

    wording = read_wording(Path("runs/demo/evaluate"))
    wording.question(sample.prompt)     # "What is 1 plus 1?"
    wording.wait_strings                # ("Wait",)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from s1repro.chat import FORMATS
from s1repro.evaluate.journal import IDENTITY
from s1repro.strict import parse


@dataclass(frozen=True)
class Wording:
    """The text before and after a question, the Waits in their turn, and what starts a forced answer."""

    before: str = ""
    after: str = ""
    wait_strings: tuple[str, ...] = ("Wait",)
    final_string: str = "Final Answer:"

    def question(self, prompt: str) -> str:
        """The question within a prompt; the whole prompt where it is not put together like this."""
        start = len(self.before) if self.before and prompt.startswith(self.before) else 0
        end = prompt.rfind(self.after) if self.after else -1
        return prompt[start:end].strip() if end >= start and start > 0 else prompt.strip()


def read_wording(folder: Path) -> Wording:
    """The wording of an evaluation's folder; the usual one where it does not say."""
    path = folder / IDENTITY
    said = parse(path.read_bytes(), str(path)) if path.is_file() else {}
    fmt = FORMATS.get(str(said.get("model.format")))
    waits = said.get("method.wait_strings", Wording.wait_strings)
    return Wording(
        before=fmt.before_question if fmt else "",
        after=fmt.after_question if fmt else "",
        wait_strings=tuple(str(wait) for wait in waits),
        final_string=str(said.get("method.final_string", Wording.final_string)),
    )
