"""What flows between the stages: frozen records and their JSONL form.

`curate` reads `Row`s and writes selected `Row`s, `evaluate` reads `Question`s and writes `Transcript`s, `report`
turns their `Sample`s into `Point`s. Records hold plain data only; reading and writing files safely is
`s1repro.artifacts`, checking a row against a schema is `s1repro.curate.published`.

    >>> Question(id="q1", text="2+2?", reference="4", kind="exact", domain="11").reference
    '4'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args, get_type_hints

from s1repro.artifacts import Line, fingerprint

AnswerKind = Literal["exact", "math", "choice"]
"""How an answer is compared: letter for letter, as mathematics, or as a multiple-choice letter."""

CHOICES = "ABCDEFGHIJ"
"""The letters that options of a multiple-choice question may have."""

Finish = Literal["natural", "steps", "budget", "turn_end", "loop", "rejected"]
"""Why thinking ended: the model ended it, it counted down to 0 steps left, the budget was spent, the model ended its
whole turn, it went in circles, or no try of rejection sampling fitted the budget."""


@dataclass(frozen=True)
class Question:
    """A benchmark question with its reference answer."""

    id: str
    text: str
    reference: str
    kind: AnswerKind
    domain: str


@dataclass(frozen=True)
class Row:
    """One row of a curated set, in the schema of the published s1K, plus id, domain and length.

    `line` is the row's number in the source it came from (1-based); it is not written.
    `length` is the thinking trace's length in tokens, 0 until it was counted.
    `grades` are verdicts that came with the row: whether the `teacher`, `solver1` (the paper's 7B) and `solver2` (32B)
    answered right. Who was not graded is not there; a row without any is written without them.
    """

    id: str
    question: str
    solution: str
    thinking_trajectories: tuple[str, ...]
    attempt: str
    cot_type: str
    source_type: str
    metadata: str
    domain: str = ""
    length: int = 0
    grades: Mapping[str, bool] = field(default_factory=dict, hash=False)
    line: int = field(default=0, compare=False)

    @property
    def trace(self) -> str:
        """The thinking trace: the trajectories on lines of their own, as the public code trains on them."""
        return "\n".join(self.thinking_trajectories)

    def is_from(self, sources: Iterable[str]) -> bool:
        """Whether the row is of one of `sources`, whatever their case.

        A source's name stands for itself and for what is below it (`qfq/openaimath` for `qfq/openaimath/Algebra`).
        """
        name = self.source_type.lower() + "/"
        return any(name.startswith(source.lower() + "/") for source in sources)

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object, without `line`."""
        return {
            "id": self.id,
            "question": self.question,
            "solution": self.solution,
            "thinking_trajectories": list(self.thinking_trajectories),
            "attempt": self.attempt,
            "cot_type": self.cot_type,
            "source_type": self.source_type,
            "metadata": self.metadata,
            "domain": self.domain,
            "length": self.length,
            **({"grades": dict(self.grades)} if self.grades else {}),
        }


@dataclass(frozen=True, order=True)
class SampleKey:
    """What makes a sample unique within a run; samples are journalled, resumed and put in order by it."""

    benchmark: str
    method: str
    budget: int
    waits: int
    question: str
    sample: int


@dataclass(frozen=True)
class Sample:
    """One answered question at one budget, but for its texts: what all numbers are made of.

    Token accounts: `thinking_tokens = sampled_tokens + injected_tokens` (Waits count as thinking and are the
    injected ones), `answer_tokens` holds the answer with the injected final string, `prompt_tokens` the
    prompt alone. `cut` is the thinking token at which the trace was cut, None where the model ended it. `answer_cut`
    says that the answer was cut where it stood: at its own cap, or at the model's length. `tries` traces were sampled
    for this one; what was not kept, of all of them, is `discarded_tokens`.
    """

    key: SampleKey
    extracted: str
    reference: str
    correct: bool
    prompt_tokens: int
    thinking_tokens: int
    sampled_tokens: int
    injected_tokens: int
    answer_tokens: int
    waits_used: int
    finish: Finish
    cut: int | None
    answer_cut: bool
    tries: int
    discarded_tokens: int
    seed: int


@dataclass(frozen=True)
class Kept(Sample):
    """A sample as a run is held in memory: its texts, most of it, are in its `line` alone.

    `check` is that of the whole, so that two are equal only where their texts are.
    """

    check: str
    line: Line = field(compare=False)


@dataclass(frozen=True)
class Transcript(Sample):
    """A sample with its texts: a line of `samples.jsonl`."""

    prompt: str
    thinking: str
    answer: str

    @cached_property
    def check(self) -> str:
        """16 hex digits that change with every field: an altered line of a journal is told by them."""
        return fingerprint(self._flat())

    def to_json(self) -> dict[str, Any]:
        """The sample as one flat JSON object, key fields first and its check last."""
        return {**self._flat(), "check": self.check}

    def _flat(self) -> dict[str, Any]:
        return {**vars(self.key), **{name: getattr(self, name) for name in _OF_SAMPLE}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Transcript:
        """Read back what `to_json` wrote; a line of an older version has no check.

        `evaluation`, by which a journal says whose sample it is, is for the journal to read.
        Raises `KeyError` where a field is missing, and `ValueError` where one is unknown, of a wrong type, or altered.
        """
        unknown = data.keys() - _OF_KEY.keys() - _OF_SAMPLE.keys() - {"check", "evaluation"}
        if unknown:
            raise ValueError(f"unknown field {min(unknown)!r}")
        for name, kind in (_OF_KEY | _OF_SAMPLE).items():
            _require_kind(name, data[name], kind)
        key = SampleKey(**{name: data[name] for name in _OF_KEY})
        sample = cls(key=key, **{name: data[name] for name in _OF_SAMPLE})
        if "check" in data and data["check"] != sample.check:
            raise ValueError("altered since it was written, its check does not fit")
        return sample

    def kept(self, line: Line) -> Kept:
        """The sample without its texts, which are in that line."""
        own = {name: getattr(self, name) for name in Sample.__dataclass_fields__}
        return Kept(**own, check=self.check, line=line)


Checked = Kept | Transcript
"""A sample that tells an altered one."""

KINDS = {str: "a text", int: "a whole number", bool: "true or false", type(None): "null"}
"""What the types of a sample's fields are called."""
_OF_KEY: dict[str, Any] = get_type_hints(SampleKey)
_HINTS: dict[str, Any] = get_type_hints(Transcript)
_OF_SAMPLE = {name: _HINTS[name] for name in (*Transcript.__annotations__, *Sample.__annotations__) if name != "key"}


def _require_kind(name: str, value: object, kind: Any) -> None:
    """Raise `ValueError` where a field does not hold what its annotation says; true is no number."""
    kinds = get_args(kind) or (kind,)
    if type(value) in kinds or (value is None and type(None) in kinds) or (isinstance(value, str) and value in kinds):
        return
    names = [repr(one) if isinstance(one, str) else KINDS[one] for one in kinds]
    raise ValueError(f"{name} is {repr(value)[:60]}, not {' or '.join(names)}")


@dataclass(frozen=True)
class Point:
    """One point of a curve: all samples of one (benchmark, method, budget, waits), a row of `curve.csv`."""

    benchmark: str
    method: str
    budget: int
    waits: int
    n: int
    accuracy: float
    ci_low: float
    ci_high: float
    thinking_tokens: float
    sampled_tokens: float
    injected_tokens: float
    answer_tokens: float
    run: str
    seeds: int = 1
    """How many seeds it is the mean of; with one the interval is over questions, with more over questions and seeds."""
    unfinished: bool = False
    """Whether it is still being measured: then these are the samples so far, and more of short thinking among them."""
