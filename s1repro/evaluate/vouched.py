"""What an evaluation's manifest vouches for: its complete points, each with a digest of its samples.

A journal is a file like any other: lines get lost, doubled and edited, folders get mixed up. Each sample carries a
check of its own (`Transcript.check`), which tells an altered line; the manifest has how many samples a point has and a
digest over them, which tells lost, foreign and exchanged ones, and a check of its own. Who forges all of them is not
found out.

    points = read_points(folder)    # {("demo", "force", 16, 0): Vouched(count=1, samples=250, digest="...")}
    require_vouched(folder / SAMPLES, points, samples)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1repro.artifacts import MANIFEST, fingerprint
from s1repro.records import Checked, Kept, SampleKey
from s1repro.strict import parse

PointKey = tuple[str, str, int, int]
"""What makes a point: benchmark, method, budget, waits."""

AGAIN = "delete it and run the evaluate stage again, which repeats no sample that is in"


@dataclass(frozen=True)
class Vouched:
    """A complete point: `count` samples a question, `samples` in all, and their digest.

    An older version's manifest has neither number nor digest: -1 and "".
    """

    count: int
    samples: int = -1
    digest: str = ""


def point_key(key: SampleKey) -> PointKey:
    """The point that a sample belongs to."""
    return key.benchmark, key.method, key.budget, key.waits


def vouch(samples: Iterable[Checked], count: int) -> Vouched:
    """What the manifest says of a point with these samples."""
    ordered = sorted(samples, key=lambda sample: sample.key)
    return Vouched(count, len(ordered), fingerprint([sample.check for sample in ordered]))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an evaluation, {} where there is none. Raises `ValueError` for what is not one."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    manifest = parse(path.read_bytes(), str(path), AGAIN)
    facts = manifest.get("facts") if isinstance(manifest, dict) else None
    if not isinstance(facts, dict) or not _are_points(facts) or not isinstance(facts.get("benchmarks"), dict):
        raise ValueError(f"{path}: not the manifest of an evaluation; {AGAIN}")
    own = {name: value for name, value in facts.items() if name != "check"}
    if "check" in facts and facts["check"] != fingerprint(own):
        raise ValueError(f"{path}: altered since it was written, its check does not fit; {AGAIN}")
    return dict(manifest)


def read_points(folder: Path) -> dict[PointKey, Vouched]:
    """The complete points by the manifest; none without one."""
    facts = read_manifest(folder).get("facts", {"points": []})
    vouched = facts.get("samples") or [()] * len(facts["points"])
    return {
        (point[0], point[1], point[2], point[3]): Vouched(point[4], *more)
        for point, more in zip(facts["points"], vouched, strict=True)
    }


def to_facts(points: Mapping[PointKey, Vouched], benchmarks: Mapping[str, str]) -> dict[str, Any]:
    """The manifest's facts: the points, the number and digest of the samples of each, the benchmarks' fingerprints, and
    a check of all."""
    ordered = sorted(points.items())
    facts = {
        "points": [[*key, point.count] for key, point in ordered],
        "samples": [[point.samples, point.digest] for _, point in ordered],
        "benchmarks": dict(benchmarks),
    }
    return {**facts, "check": fingerprint(facts)}


def require_vouched(
    path: Path, points: Mapping[PointKey, Vouched], samples: Mapping[SampleKey, Kept], lost: bool = False
) -> None:
    """Raise `ValueError`, naming file and line, where `samples`, by line, are not those of the points.

    With `lost`, a point may lack samples (an evaluation takes them again); what it has is then not looked at.
    """
    groups: dict[PointKey, dict[SampleKey, int]] = {key: {} for key in points}
    for line, key in enumerate(samples, start=1):
        point = points.get(point_key(key))
        if point is not None and key.sample < point.count:
            groups[point_key(key)][key] = line
    for name, lines in groups.items():
        if not points[name].digest:
            continue
        first, last = min(lines.values(), default=1), max(lines.values(), default=1)
        missing = points[name].samples - len(lines)
        if missing > 0 and not lost:
            raise ValueError(_lost(path, name, points[name], lines, samples))
        if missing < 0 or (missing == 0 and vouch(map(samples.__getitem__, lines), 0).digest != points[name].digest):
            raise ValueError(
                f"{path}:{first}: lines {first} to {last} have other samples of {_told(name)} than {MANIFEST} vouches "
                f"for; bring this folder's own files back, or, to believe these, delete {MANIFEST} and run the "
                "evaluate stage again"
            )


def _lost(
    path: Path, name: PointKey, point: Vouched, lines: Mapping[SampleKey, int], samples: Iterable[SampleKey]
) -> str:
    """What is missing of a point, and the line on which it would stand."""
    known = list(samples)
    questions = {key.question for key in known if key.benchmark == name[0]}
    wanted = [SampleKey(*name, question, number) for question in sorted(questions) for number in range(point.count)]
    gone = [key for key in wanted if key not in lines]
    what = f"question {json.dumps(gone[0].question)} of {_told(name)}" if gone else _told(name)
    first = gone[0] if gone else SampleKey(*name, question="", sample=0)
    before = [key for key in known if key < first]
    return (
        f"{path}:{len(before) + 1}: lines are lost, only {len(lines)} of {point.samples} samples of a point are "
        f"there, none for {what}; ask the evaluate stage for this point again"
    )


def _told(name: PointKey) -> str:
    return f"{name[0]}, {name[1]}, budget {name[2]}, {name[3]} Waits"


def _are_points(facts: Mapping[str, Any]) -> bool:
    points, samples = facts.get("points"), facts.get("samples", [])
    if not isinstance(points, list) or not isinstance(samples, list) or len(samples) not in (0, len(points)):
        return False
    return all(_is_row(point, str, str, int, int, int) for point in points) and all(
        _is_row(pair, int, str) for pair in samples
    )


def _is_row(value: object, *kinds: type) -> bool:
    return isinstance(value, list) and [type(item) for item in value] == list(kinds)
