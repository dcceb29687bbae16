"""What speculative decoding gave: how many drafted tokens were accepted, by place in the draft and in the sequence.

The counts are the evaluation's telemetry, added up over its runs; they are no part of the samples, which are the same
with any way to draft and with none.

    acceptances = {"demo": read_acceptance(Path("runs/demo/evaluate"))}
    section(acceptances)        # a part of tables.md; empty where nothing was drafted
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from s1repro.engines.acceptance import Acceptance
from s1repro.report.tables import table
from s1repro.strict import parse

HEAD = ("run", "steps", "mean accepted length", "accepted by place in the draft, %")
STRETCH_HEAD = ("run", "from token", "steps", "mean accepted length")


def read_acceptance(folder: Path) -> Acceptance:
    """The drafts of all runs of the evaluation in `folder`; nothing where it has no telemetry or drafted nothing.

    Raises `ValueError`, with file and line, for a line that is no telemetry. Half a last line, which a kill leaves, is
    passed over.
    """
    total, path = Acceptance(), folder / "telemetry.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        where = f"{path}:{number}"
        told = parse(line, where)
        try:
            if "drafts" in told:
                total.update(Acceptance.from_json(told["drafts"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{where}: not an evaluation's telemetry ({error}); delete this line") from error
    return total


def section(acceptances: Mapping[str, Acceptance]) -> str:
    """The part of `tables.md` on the runs that drafted; empty where none did."""
    rows, stretches = draft_rows(acceptances), stretch_rows(acceptances)
    if not rows:
        return ""
    parts = [
        "\n## Speculative decoding",
        "Steps of the model that checked a draft, and the tokens that one gave on average: those accepted and one of "
        "its own. The shares are of all steps, up to and with each place.",
        table(HEAD, rows),
    ]
    if stretches:
        parts.append("By the token of the sequence, question included, behind which a step began.")
        parts.append(table(STRETCH_HEAD, stretches))
    return "\n\n".join(parts) + "\n"


def draft_rows(acceptances: Mapping[str, Acceptance]) -> list[tuple[str, ...]]:
    """A row a run that drafted."""
    return [
        (run, f"{one.steps:,}", f"{one.mean_length:.2f}", ", ".join(_shares(one)))
        for run, one in acceptances.items()
        if one.steps
    ]


def stretch_rows(acceptances: Mapping[str, Acceptance]) -> list[tuple[str, ...]]:
    """A row for each run and stretch of the sequence, question included, in which steps began."""
    return [
        (run, f"{at:,}", f"{steps:,}", f"{1 + one.accepted_from[at] / steps:.2f}")
        for run, one in acceptances.items()
        for at, steps in sorted(one.steps_from.items())
    ]


def digest(acceptances: Mapping[str, Acceptance]) -> str:
    """What tells whether a report shows these."""
    return json.dumps({run: one.to_json() for run, one in acceptances.items() if one.steps})


def _shares(one: Acceptance) -> list[str]:
    """Of all steps, those whose draft was accepted up to and with each place."""
    return [f"{100 * one.accepted[place] / one.steps:.0f}" for place in sorted(one.proposed)]
