"""What an evaluation has finished: the journal of samples, whose they are, and which points are complete.

`samples.jsonl` grows a line a finished sample; once all asked-for samples are in, it is rewritten sorted, so its bytes
do not depend on who finished first or on kills. Later runs with other budgets, Waits, benchmarks or more samples add
to it. Samples of another model or method never mix: `journal_config.json` says whose they are, and so does each line.
Times are in `telemetry.jsonl`, never here. No line is believed: what is lost, doubled or altered is refused with file
and line, by who goes on with an evaluation and by who reports it (`s1repro.evaluate.vouched`); lines of another
evaluation are refused by the first and set aside by the second.

    owner = claim(folder, identity, digests)         # ValueError when the folder's samples are another model's
    with Journal(folder / SAMPLES) as journal:
        done = finished(journal)
        journal.append(to_line(sample, owner))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from s1repro.artifacts import (
    MANIFEST,
    Journal,
    Line,
    fingerprint,
    finish,
    is_done,
    read_journal,
    read_line,
    write_jsonl,
    write_text,
)
from s1repro.evaluate.vouched import (
    AGAIN,
    PointKey,
    Vouched,
    point_key,
    read_manifest,
    read_points,
    require_vouched,
    to_facts,
    vouch,
)
from s1repro.records import Checked, Kept, Sample, SampleKey, Transcript
from s1repro.strict import parse

SAMPLES = "samples.jsonl"
"""The samples, one a line."""

IDENTITY = "journal_config.json"
"""Whose samples they are."""

REWRITING = "rewriting.json"
"""There while all samples are replaced: what is to stand beside the new ones (`s1repro.evaluate.rewritten`)."""


Ordered = TypeVar("Ordered", bound=Sample)


@dataclass(frozen=True)
class Found:
    """What a folder holds: its own samples by key, in the order of the lines, and the numbers of the other lines."""

    samples: Mapping[SampleKey, Kept]
    foreign: tuple[int, ...]


def to_line(sample: Transcript, owner: str) -> dict[str, Any]:
    """A sample as a line of the journal that `owner` claimed."""
    return {**sample.to_json(), "evaluation": owner}


def transcript(sample: Kept, journal: Journal | None = None) -> Transcript:
    """The sample with its texts, from its line; through `journal` where this process holds that.

    Raises `ValueError` where the line is another one by now.
    """
    changed = ValueError(f"{sample.line.path}: changed while it was read; give the same command again")
    try:
        found = Transcript.from_json(journal.at(sample.line) if journal else read_line(sample.line))
    except (OSError, KeyError, ValueError) as error:
        raise changed from error
    if found.check != sample.check:
        raise changed
    return found if found.key == sample.key else replace(found, key=sample.key)


def claim(folder: Path, identity: Mapping[str, Any], benchmarks: Mapping[str, str]) -> str:
    """Say whose samples `folder` holds: `identity`, and a digest of each benchmark's questions. Returns the owner.

    Raises `ValueError` when it already holds samples of another identity or of other questions under the same name, or
    a manifest of another run; benchmarks that it does not know yet are added.
    """
    samples = folder / SAMPLES
    held: dict[str, Any] = {"benchmarks": {}}
    _require_settled(folder)
    if samples.is_file() and samples.stat().st_size > 0:
        held = identity_of(folder)
        names = [*identity, *sorted(held.keys() - identity.keys() - {"benchmarks"})]
        different = [name for name in names if held.get(name) != identity.get(name)]
        different += [name for name, digest in benchmarks.items() if held["benchmarks"].get(name, digest) != digest]
        if different:
            raise ValueError(
                f"{folder} holds samples made with another {', '.join(different)}; choose another name=... or delete "
                f"this folder{_or_regrade(benchmarks.keys() >= set(different))}"
            )
        _require_own(folder)
    else:  # a folder without samples belongs to nobody yet
        (folder / MANIFEST).unlink(missing_ok=True)
    merged = {**identity, "benchmarks": {**held["benchmarks"], **benchmarks}}
    write_text(folder / IDENTITY, json.dumps(merged, indent=2, sort_keys=True) + "\n")
    return fingerprint(identity)


def _or_regrade(benchmarks_alone: bool) -> str:
    return " (corrected references alone: python -m s1repro.evaluate.regrade)" if benchmarks_alone else ""


def finished(journal: Journal, lost: bool = True) -> dict[SampleKey, Kept]:
    """The samples that are in, by key, in the order of the lines.

    Raises `ValueError`, with file and line, where one is not a sample, was altered, is there twice or is another
    evaluation's, or where those of a point are not what the manifest vouches for. A point may lack some where `lost`
    says so: they are taken again.
    """
    path, points = journal.path, read_points(journal.path.parent)
    _require_own(path.parent)
    found = _found(path, journal.lines())
    if found.foreign:
        raise ValueError(
            f"{path}:{found.foreign[0]}: a sample of another evaluation than {IDENTITY} beside it names; delete this "
            f"line{f' and {len(found.foreign) - 1} others like it' if len(found.foreign) > 1 else ''}"
        )
    require_vouched(path, points, found.samples, lost)
    return dict(found.samples)


def vouched(folder: Path) -> Found:
    """All samples of an evaluation, those of points under way among them; lines of another one are set aside.

    Changes nothing. Raises `ValueError`, with file and line, where `finished` does for other reasons, where a sample of
    a complete point is lost, one is of a benchmark that was never asked, no line is its own, or the manifest is another
    run's.
    """
    path, points = folder / SAMPLES, read_points(folder)
    _require_settled(folder)
    held = identity_of(folder)
    _require_own(folder)
    found = _found(path, read_journal(path))
    samples = found.samples
    if found.foreign and not samples:
        raise ValueError(
            f"{path}:{found.foreign[0]}: all samples are of another evaluation than {IDENTITY} beside it names; bring "
            "this folder's own file back"
        )
    for line, key in enumerate(samples, start=1):
        if key.benchmark not in held["benchmarks"]:
            asked = ", ".join(sorted(held["benchmarks"]))
            raise ValueError(
                f"{path}:{line}: a sample of {key.benchmark!r}, and this evaluation asked {asked}; delete this line"
            )
    old = [name for name, point in points.items() if not point.digest]
    if old:
        raise ValueError(
            f"{folder / MANIFEST}: of an older version, which cannot tell altered samples; run the evaluate stage "
            "again, which repeats no sample that is in"
        )
    require_vouched(path, points, samples)
    return found


def complete(
    folder: Path,
    identity: Mapping[str, Any],
    samples: Iterable[Kept],
    asked: Mapping[PointKey, int],
    sources: Mapping[str, str],
    read: Callable[[Kept], Transcript],
) -> None:
    """Rewrite `samples.jsonl` sorted, as the samples are `read`, and write the manifest with the complete points.

    Complete are those of `asked`, which gives each point's samples a question, and those that an earlier manifest
    lists. `sources` are the benchmarks' fingerprints, for `is_complete`.
    """
    ordered, owner = in_order(samples), fingerprint(identity)
    write_jsonl(folder / SAMPLES, (to_line(read(sample), owner) for sample in ordered))
    finish(folder, owner, [SAMPLES, IDENTITY], facts_of(folder, ordered, asked, sources))


def in_order(samples: Iterable[Ordered]) -> list[Ordered]:
    """The samples as a finished `samples.jsonl` has them."""
    return sorted(samples, key=lambda sample: sample.key)


def facts_of(
    folder: Path, samples: Iterable[Checked], asked: Mapping[PointKey, int], sources: Mapping[str, str]
) -> dict[str, Any]:
    """What a manifest says of `samples`; for the rest see `complete`."""
    groups: dict[PointKey, list[Checked]] = {}
    for sample in samples:
        groups.setdefault(point_key(sample.key), []).append(sample)
    points = read_points(folder)
    for name in points.keys() | asked.keys():
        points[name] = _grown(points.get(name, Vouched(0)), asked.get(name, 0), groups.get(name, []))
    known = read_manifest(folder).get("facts", {}).get("benchmarks", {})
    return to_facts(points, {**known, **sources})


def _grown(point: Vouched, asked: int, samples: Iterable[Checked]) -> Vouched:
    """The point with what was asked for now, as it is vouched for.

    A larger one from before, of which samples were lost, stays what it was: it is not complete without them.
    """
    count = max(point.count, asked)
    made = vouch((sample for sample in samples if sample.key.sample < count), count)
    return point if point.digest and count > asked and made.samples < point.samples else made


def is_complete(
    folder: Path, identity: Mapping[str, Any], asked: Mapping[PointKey, int], sources: Mapping[str, str]
) -> bool:
    """Whether all samples of `asked` were taken from `sources` as they are now. Reads the manifest only.

    Raises `ValueError` for a manifest that cannot be read.
    """
    points, known = read_points(folder), read_manifest(folder).get("facts", {}).get("benchmarks", {})
    if not is_done(folder, fingerprint(identity)) or not all(point.digest for point in points.values()):
        return False
    return all(points.get(name, Vouched(0)).count >= count for name, count in asked.items()) and all(
        known.get(name) == source for name, source in sources.items()
    )


def listed_points(folder: Path) -> dict[PointKey, int]:
    """The complete points by the manifest, with the samples a question of each. None without a manifest."""
    return {name: point.count for name, point in read_points(folder).items()}


def identity_of(folder: Path) -> dict[str, Any]:
    """Whose samples an evaluation holds: what was `claim`ed, with the digests of the benchmarks' questions.

    Raises `ValueError` where nobody says so.
    """
    path = folder / IDENTITY
    if not path.is_file():
        raise ValueError(f"{folder / SAMPLES} has no {IDENTITY} beside it; delete {folder} and run again")
    held = parse(path.read_bytes(), str(path), f"delete {folder} and run again")
    if not isinstance(held, dict) or not isinstance(held.get("benchmarks"), dict):
        raise ValueError(f"{path}: does not say whose samples these are; delete {folder} and run again")
    return held


def claimed(folder: Path) -> dict[str, Any]:
    """The `identity` that an evaluation was `claim`ed with: what it shares with another one on other questions.

    Raises `ValueError` where nobody says so.
    """
    return {name: value for name, value in identity_of(folder).items() if name != "benchmarks"}


def _found(path: Path, lines: Iterable[tuple[int, Line, Mapping[str, Any]]]) -> Found:
    """The lines of `path`, told apart by whose they are; those of an older version do not say so and are its own."""
    owner = _owner(path.parent)
    samples: dict[SampleKey, Kept] = {}
    foreign: list[int] = []
    for number, line, data in lines:
        if owner is not None and data.get("evaluation", owner) != owner:
            foreign.append(number)
            continue
        where = f"{path}:{number}: "
        try:
            sample = Transcript.from_json(data).kept(line)
        except KeyError as error:
            raise ValueError(f"{where}not a sample, no field {error}; delete this line") from error
        except ValueError as error:
            raise ValueError(f"{where}not a sample, {error}; delete this line and run evaluate again") from error
        if sample.key in samples:
            twin = list(samples).index(sample.key) + 1
            raise ValueError(f"{where}the same sample as in line {twin}; delete one of the two")
        samples[sample.key] = sample
    return Found(samples, tuple(foreign))


def _owner(folder: Path) -> str | None:
    """Whose samples the folder holds, as each line says it; None where nobody has claimed it."""
    if not (folder / IDENTITY).is_file():
        return None
    return fingerprint(claimed(folder))


def _require_settled(folder: Path) -> None:
    """Raise `ValueError` where all samples are being replaced."""
    if (folder / REWRITING).is_file():
        raise ValueError(
            f"{folder}: its samples are being graded again, or that was cut short: let it end, or give the command "
            "again (python -m s1repro.evaluate.regrade)"
        )


def _require_own(folder: Path) -> None:
    """Raise `ValueError` where the manifest is of other samples than the folder's."""
    manifest = read_manifest(folder)
    if manifest and manifest.get("fingerprint") != _owner(folder):
        raise ValueError(f"{folder / MANIFEST}: of another run than {IDENTITY} beside it; {AGAIN}")
