"""What speculative decoding gave: how many drafted tokens were accepted, by place in the draft and in the sequence.

The counts are the evaluation's telemetry, added up over its runs; they are no part of the samples, which are the same
with any way to draft and with none. Where a run of the same model and settings drafted nothing, it is compared: tokens
a second, and whether the samples are the same.

    drafted = {"demo": read_drafted(Path("runs/demo/evaluate"))}
    section(drafted, samples)        # a part of tables.md; empty where nothing was drafted
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1repro.artifacts import read_journal
from s1repro.engines.acceptance import Acceptance
from s1repro.evaluate.journal import claimed
from s1repro.records import Sample, SampleKey
from s1repro.report.tables import table
from s1repro.telemetry import FILE, took

HEAD = ("run", "tokens/s", "steps", "mean accepted length", "accepted by place in the draft, %")
STRETCH_HEAD = ("run", "from token", "steps", "mean accepted length")


@dataclass(frozen=True)
class Drafted:
    """What is told of a run's drafts, none where it had none.

    `rate` are its tokens a device second, None where nobody noted them, and `identity` is what it shares with a run
    that must give the same samples.
    """

    acceptance: Acceptance
    rate: float | None
    identity: Mapping[str, Any]

    @property
    def drafts(self) -> bool:
        """Whether anything was drafted."""
        return self.acceptance.steps > 0


def read_drafted(folder: Path) -> Drafted:
    """What the evaluation in `folder` drafted. Raises `ValueError` where `claimed` or `read_acceptance` does."""
    spent = took(folder)
    return Drafted(read_acceptance(folder), spent.rate if spent else None, claimed(folder))


def read_acceptance(folder: Path) -> Acceptance:
    """The drafts of all runs of the evaluation in `folder`; nothing where it has no telemetry or drafted nothing.

    Raises `ValueError`, with file and line, for a line that is no telemetry. Half a last line, which a kill leaves, is
    passed over.
    """
    total, path = Acceptance(), folder / FILE
    for number, _, told in read_journal(path) if path.is_file() else ():
        try:
            if "drafts" in told:
                total.update(Acceptance.from_json(told["drafts"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path}:{number}: not an evaluation's telemetry ({error}); delete this line") from error
    return total


def section(told: Mapping[str, Drafted], samples: Mapping[str, Sequence[Sample]]) -> str:
    """The part of `tables.md` on the runs that drafted; empty where none did."""
    rows, stretches = draft_rows(told), stretch_rows(told)
    if not rows:
        return ""
    parts = [
        "\n## Speculative decoding",
        "Steps of the model that checked a draft, and the tokens that one gave on average: those accepted and one of "
        "its own. The shares are of all steps, up to and with each place. Tokens a second are those of the whole "
        "evaluation, as many at once as it had; the engine's start is not in them.",
        table(HEAD, rows),
        *compared(told, samples),
    ]
    if stretches:
        parts.append("By the token of the sequence, question included, behind which a step began.")
        parts.append(table(STRETCH_HEAD, stretches))
    return "\n\n".join(parts) + "\n"


def draft_rows(told: Mapping[str, Drafted]) -> list[tuple[str, ...]]:
    """A row a run that drafted."""
    return [
        (
            run,
            "-" if one.rate is None else f"{one.rate:,.1f}",
            f"{one.acceptance.steps:,}",
            f"{one.acceptance.mean_length:.2f}",
            ", ".join(_shares(one.acceptance)),
        )
        for run, one in told.items()
        if one.drafts
    ]


def stretch_rows(told: Mapping[str, Drafted]) -> list[tuple[str, ...]]:
    """A row for each run and stretch of the sequence, question included, in which steps began."""
    return [
        (run, f"{at:,}", f"{steps:,}", f"{1 + one.acceptance.accepted_from[at] / steps:.2f}")
        for run, one in told.items()
        for at, steps in sorted(one.acceptance.steps_from.items())
    ]


def compared(told: Mapping[str, Drafted], samples: Mapping[str, Sequence[Sample]]) -> list[str]:
    """A sentence for each run that drafted and each of the same identity that did not."""
    lines = []
    drafting = {run: one for run, one in told.items() if one.drafts and run in samples}
    plainly = {run: one for run, one in told.items() if not one.drafts and run in samples}
    for run, one in drafting.items():
        for other, plain in plainly.items():
            if one.identity == plain.identity:
                steps = f"{one.acceptance.mean_length:.2f} tokens a step"
                parts = [steps, *_faster(one, plain), *_alike(one, samples[run], samples[other])]
                lines.append(f"{run} against {other}, which drafted nothing: {', '.join(parts)}.")
    return lines


def digest(told: Mapping[str, Drafted]) -> str:
    """What tells whether a report shows these."""
    if not any(one.drafts for one in told.values()):
        return ""
    return json.dumps({run: [one.acceptance.to_json(), one.rate, one.identity] for run, one in told.items()})


def _faster(one: Drafted, plain: Drafted) -> list[str]:
    if one.rate is None or plain.rate is None:
        return []
    return [f"{one.rate / plain.rate:.2f} times its {plain.rate:,.1f} tokens a second"]


def _alike(one: Drafted, samples: Sequence[Sample], others: Sequence[Sample]) -> list[str]:
    if one.identity.get("method.temperature"):  # of one distribution, and no two the same
        return []
    there: dict[SampleKey, Sample] = {sample.key: sample for sample in others}
    pairs = [(sample, there[sample.key]) for sample in samples if sample.key in there]
    return [f"{sum(mine == theirs for mine, theirs in pairs):,} of {len(pairs):,} samples the same"]


def _shares(one: Acceptance) -> list[str]:
    """Of all steps, those whose draft was accepted up to and with each place."""
    return [f"{100 * one.accepted[place] / one.steps:.0f}" for place in sorted(one.proposed)]
