"""How much of what was drafted the model accepted: overall, by place in the draft, by place in the sequence.

The mean accepted length is what a step of the model gave: the drafted tokens it accepted and the one it adds itself, so
1 is no gain. Tokens behind a stop are counted, because they were drafted and checked. A step for which nothing was
drafted, as n-grams often have it, is in no count.

    acceptance = Acceptance()
    acceptance.add(len(prompt_ids), completion.drafts)
    acceptance.mean_length      # 2.9
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1repro.engines.base import Drafts

FIRST = 128
"""Tokens of the first stretch of a sequence; each further one is as long as all before it."""


@dataclass
class Acceptance:
    """Counts that add up over completions, runs and folders.

    `proposed` and `accepted` are by place in the draft, from 0; `steps_from` and `accepted_from` by the stretch of the
    sequence that a step began in, named by its first token: 0, 128, 256, 512, ...
    """

    steps: int = 0
    proposed: Counter[int] = field(default_factory=Counter)
    accepted: Counter[int] = field(default_factory=Counter)
    steps_from: Counter[int] = field(default_factory=Counter)
    accepted_from: Counter[int] = field(default_factory=Counter)

    @property
    def mean_length(self) -> float:
        """Tokens that a step gave on average, 1 and more."""
        return 1 + self.accepted.total() / max(self.steps, 1)

    def add(self, prompt_tokens: int, drafts: Drafts) -> None:
        """Count the drafts of a completion after so many tokens."""
        place = prompt_tokens + 1  # the first token is the prompt's own step
        for proposed, accepted in zip(drafts.proposed, drafts.accepted, strict=True):
            self.steps += 1
            self.proposed.update(range(proposed))
            self.accepted.update(range(accepted))
            if drafts.every_step:  # else nobody knows how many tokens came in between
                start = stretch(place)
                self.steps_from[start] += 1
                self.accepted_from[start] += accepted
                place += accepted + 1

    def update(self, other: Acceptance) -> None:
        """Add the counts of another one."""
        self.steps += other.steps
        for name in ("proposed", "accepted", "steps_from", "accepted_from"):
            getattr(self, name).update(getattr(other, name))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with the mean for the reader."""
        places = range(len(self.proposed))
        return {
            "mean_accepted_length": round(self.mean_length, 3),
            "steps": self.steps,
            "proposed": [self.proposed[place] for place in places],
            "accepted": [self.accepted[place] for place in places],
            "from": {str(at): [self.steps_from[at], self.accepted_from[at]] for at in sorted(self.steps_from)},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Acceptance:
        """What `to_json` wrote. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        made = cls(steps=int(data["steps"]))
        for name in ("proposed", "accepted"):
            getattr(made, name).update({place: int(count) for place, count in enumerate(data[name])})
        for at, (steps, accepted) in data["from"].items():
            made.steps_from[int(at)] = int(steps)
            made.accepted_from[int(at)] = int(accepted)
        return made


def stretch(place: int) -> int:
    """The first token of the stretch that a place in a sequence is in."""
    return 0 if place < FIRST else 1 << (place.bit_length() - 1)
