"""All samples of an evaluation are replaced at once: a kill leaves the old ones, or what becomes the new ones.

Samples, the questions they are of and the manifest say the same of each other and stand in three files, and no file
system replaces three at once. So the new samples are written whole beside the old ones, then what is to stand beside
them (`REWRITING`); from there it only goes on: `settle` puts everything in its place, now or when it is asked the next
time. Until it has, the stages refuse the folder. Which samples are new is not decided here.

    with Journal(folder / SAMPLES) as journal:
        journal.hold()
        settle(folder)                                  # what a kill has left
        rewrite(folder, samples, digests, sources, read)
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from s1repro.artifacts import MANIFEST, fingerprint, finish, write_jsonl, write_text
from s1repro.evaluate.journal import IDENTITY, REWRITING, SAMPLES, claimed, facts_of, identity_of, in_order, to_line
from s1repro.records import Kept, Transcript
from s1repro.strict import parse

NEW = "samples.new.jsonl"
"""The new samples, until they take the place of the old ones."""


def rewrite(
    folder: Path,
    samples: Iterable[Kept],
    digests: Mapping[str, str],
    sources: Mapping[str, str],
    read: Callable[[Kept], Transcript],
) -> None:
    """Put `samples`, as they are `read`, in the place of the folder's, which must have the same keys.

    `digests` are those of the benchmarks' questions, as `claim` takes them, `sources` the fingerprints that `complete`
    takes. A folder without a manifest, in which no point is complete, gets none.
    """
    held, owner, ordered = identity_of(folder), fingerprint(claimed(folder)), in_order(samples)
    write_jsonl(folder / NEW, (to_line(read(sample), owner) for sample in ordered))
    identity = {**held, "benchmarks": {**held["benchmarks"], **digests}}
    facts = facts_of(folder, ordered, {}, sources) if (folder / MANIFEST).is_file() else None
    write_text(folder / REWRITING, json.dumps({"identity": identity, "facts": facts}) + "\n")
    settle(folder)


def settle(folder: Path) -> bool:
    """Bring what `rewrite` began to its end. Whether there was something to do: the samples are another file then."""
    path = folder / REWRITING
    if not path.is_file():
        (folder / NEW).unlink(missing_ok=True)  # of a kill before that
        return False
    begun = parse(path.read_bytes(), str(path))
    assert isinstance(begun, dict)
    if (folder / NEW).is_file():
        os.replace(folder / NEW, folder / SAMPLES)
    write_text(folder / IDENTITY, json.dumps(begun["identity"], indent=2, sort_keys=True) + "\n")
    if begun["facts"] is not None:
        finish(folder, fingerprint(claimed(folder)), [SAMPLES, IDENTITY], begun["facts"])
    path.unlink()
    return True
