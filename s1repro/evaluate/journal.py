"""What an evaluation has finished: the journal of samples, whose they are, and which points are complete.

`samples.jsonl` grows a line a finished sample; once all asked-for samples are in, it is rewritten sorted, so its bytes
do not depend on who finished first or on kills. Later runs with other budgets, Waits, benchmarks or more samples add
to it. Samples of another model or method never mix: `journal_config.json` says whose they are. Times are in
`telemetry.jsonl`, never here.

    claim(folder, identity)                  # ValueError when the folder's samples are another model's
    with Journal(folder / SAMPLES) as journal:
        done = finished(journal)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from s1repro.artifacts import MANIFEST, Journal, fingerprint, finish, is_done, write_jsonl, write_text
from s1repro.records import Sample, SampleKey

SAMPLES = "samples.jsonl"
"""The samples, one a line."""

IDENTITY = "journal_config.json"
"""Whose samples they are."""

PointKey = tuple[str, str, int, int]
"""What makes a point: benchmark, method, budget, waits."""


def claim(folder: Path, identity: Mapping[str, Any], benchmarks: Mapping[str, str]) -> None:
    """Say whose samples `folder` holds: `identity`, and a digest of each benchmark's questions.

    Raises `ValueError` when it already holds samples of another identity or of other questions under the same name;
    benchmarks that it does not know yet are added.
    """
    path, samples = folder / IDENTITY, folder / SAMPLES
    held: dict[str, Any] = {"benchmarks": {}}
    if samples.is_file() and samples.stat().st_size > 0:  # a folder without samples belongs to nobody yet
        if not path.is_file():
            raise ValueError(f"{samples} has no {IDENTITY} beside it; delete {folder} and run again")
        held = json.loads(path.read_text(encoding="utf-8"))
        different = [name for name, value in identity.items() if held.get(name) != value]
        different += [name for name, digest in benchmarks.items() if held["benchmarks"].get(name, digest) != digest]
        if different:
            raise ValueError(
                f"{folder} holds samples made with another {', '.join(different)}; choose another name=... or delete "
                "this folder"
            )
    merged = {**identity, "benchmarks": {**held["benchmarks"], **benchmarks}}
    write_text(path, json.dumps(merged, indent=2, sort_keys=True) + "\n")


def finished(journal: Journal) -> dict[SampleKey, Sample]:
    """The samples that are in, by key. Raises `ValueError` naming the line that is not a sample."""
    samples = {}
    for number, line in enumerate(journal.read(), start=1):
        try:
            sample = Sample.from_json(line)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{journal.path}:{number}: not a sample, no field {error}; delete this line") from error
        samples[sample.key] = sample
    return samples


def complete(
    folder: Path,
    identity: Mapping[str, Any],
    samples: Iterable[Sample],
    asked: Mapping[PointKey, int],
    sources: Mapping[str, str],
) -> None:
    """Rewrite `samples.jsonl` sorted, and write the manifest with the points that are complete.

    Complete are those of `asked`, which gives each point's samples a question, and those that an earlier manifest
    lists. `sources` are the benchmarks' fingerprints, for `is_complete`.
    """
    ordered = sorted(samples, key=lambda sample: tuple(vars(sample.key).values()))
    write_jsonl(folder / SAMPLES, (sample.to_json() for sample in ordered))
    counts = listed_points(folder)
    counts.update({point: max(count, counts.get(point, 0)) for point, count in asked.items()})
    facts = {
        "points": [[*point, count] for point, count in sorted(counts.items())],
        "benchmarks": {**_facts(folder).get("benchmarks", {}), **sources},
    }
    finish(folder, fingerprint(identity), [SAMPLES, IDENTITY], facts)


def is_complete(
    folder: Path, identity: Mapping[str, Any], asked: Mapping[PointKey, int], sources: Mapping[str, str]
) -> bool:
    """Whether all samples of `asked` were taken from `sources` as they are now. Reads the manifest only."""
    if not is_done(folder, fingerprint(identity)):
        return False
    listed, known = listed_points(folder), _facts(folder)["benchmarks"]
    return all(listed.get(point, 0) >= count for point, count in asked.items()) and all(
        known.get(name) == source for name, source in sources.items()
    )


def listed_points(folder: Path) -> dict[PointKey, int]:
    """The complete points by the manifest, with the samples a question of each. None without a manifest."""
    return {(point[0], point[1], point[2], point[3]): point[4] for point in _facts(folder).get("points", [])}


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["facts"] if path.is_file() else {}
    return facts
