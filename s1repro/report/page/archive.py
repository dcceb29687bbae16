"""The samples of a page in a form that a page can hold: columns of numbers, and each text once.

The index has a column a field and one row a sample, in the order of the runs; the texts come in chunks, so that a page
can show its list before it has unpacked them all. Both are JSON, compressed and in base64: a page of GPQA's questions
does not have them in plain text either.

    held = pack({"demo": samples, "base": others}, wordings)
    held.index          # base64 of the gzip of {"runs": [...], "columns": {...}, ...}
    held.chunks         # the same of lists of `s1repro.report.page.texts.Entry`
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from s1repro.records import Finish, Sample, Transcript
from s1repro.report.page.marks import final_length, wait_marks
from s1repro.report.page.texts import Entry, Texts, utf16_length
from s1repro.report.page.wording import Wording

CHUNK = 4_000_000
"""Characters of text in a chunk, about."""

NUMBERS = (
    "thinking_tokens",
    "sampled_tokens",
    "injected_tokens",
    "answer_tokens",
    "prompt_tokens",
    "discarded_tokens",
    "waits_used",
    "tries",
)
"""Accounts of a sample that are columns under their own names."""


@dataclass(frozen=True)
class Archive:
    """The index and the chunks of text, each base64 of gzip of JSON."""

    index: str
    chunks: tuple[str, ...]


def pack(runs: Mapping[str, Sequence[Transcript]], wordings: Mapping[str, Wording]) -> Archive:
    """The archive of the samples of all runs; the same samples give the same bytes."""
    texts, labels = Texts(), Texts()
    names: dict[str, dict[str, int]] = {name: {} for name in ("runs", "benchmarks", "methods")}
    columns: dict[str, list[Any]] = defaultdict(list)
    marks: dict[int, list[list[int]]] = {}
    for run, samples in runs.items():
        for trace in traces(samples):
            whole = texts.add(max((sample.thinking for sample in trace), key=len))
            for sample in trace:
                row = len(columns["run"])
                _add_key(columns, names, run, sample)
                _add_labels(columns, labels, sample)
                _add_texts(columns, texts, whole, sample, wordings[run])
                found = wait_marks(trace, sample, wordings[run].wait_strings)
                if found:
                    marks[row] = [[*_units(sample.thinking, mark.start, mark.end), int(mark.guessed)] for mark in found]
    index = {**{name: list(known) for name, known in names.items()}, "finishes": get_args(Finish)}
    whole_index = {**index, "labels": labels.entries, "columns": columns, "marks": marks}
    return Archive(_compressed(whole_index), tuple(_compressed(chunk) for chunk in _chunks(texts.entries)))


def traces(samples: Sequence[Transcript]) -> list[list[Transcript]]:
    """The samples that may share a trace, together: all points of one question and sample, in their order."""
    groups: dict[tuple[str, str, str, int], list[Transcript]] = defaultdict(list)
    for sample in samples:
        key = sample.key
        groups[key.benchmark, key.method, key.question, key.sample].append(sample)
    return list(groups.values())


def _add_key(columns: dict[str, list[Any]], names: dict[str, dict[str, int]], run: str, sample: Sample) -> None:
    key = sample.key
    for column, kind, name in (
        ("run", "runs", run),
        ("benchmark", "benchmarks", key.benchmark),
        ("method", "methods", key.method),
    ):
        columns[column].append(names[kind].setdefault(name, len(names[kind])))
    columns["budget"].append(key.budget)
    columns["waits"].append(key.waits)
    columns["sample"].append(key.sample)
    columns["correct"].append(int(sample.correct))
    columns["finish"].append(get_args(Finish).index(sample.finish))
    columns["answer_cut"].append(int(sample.answer_cut))
    for name in NUMBERS:
        columns[name].append(getattr(sample, name))


def _add_labels(columns: dict[str, list[Any]], labels: Texts, sample: Sample) -> None:
    """What a list shows of a sample: it is there before the long texts are."""
    columns["question"].append(labels.add(sample.key.question))
    columns["extracted"].append(labels.add(sample.extracted))
    columns["reference"].append(labels.add(sample.reference))


def _add_texts(columns: dict[str, list[Any]], texts: Texts, whole: int, sample: Transcript, wording: Wording) -> None:
    columns["asked"].append(texts.add(wording.question(sample.prompt)))
    columns["prompt"].append(texts.add(sample.prompt))
    columns["thinking"].append(texts.add(sample.thinking, like=whole))
    columns["answer"].append(texts.add(sample.answer))
    columns["final"].append(_units(sample.answer, final_length(sample, wording.final_string))[0])


def _units(text: str, *ends: int) -> list[int]:
    return [utf16_length(text[:end]) for end in ends]


def _chunks(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry) if isinstance(entry, str) else len(str(entry[2]))
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _compressed(value: object) -> str:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return base64.b64encode(gzip.compress(data, compresslevel=6, mtime=0)).decode("ascii")
