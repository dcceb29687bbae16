"""Where rows come from: a JSONL file, parquet files or a data set on the hub, read one row at a time.

Only the columns that are asked for are read, a few rows at once, so that a file may be larger than the memory. What the
columns mean is `s1repro.curate.published`. Of files that name a split, those of `train` are taken. Fetching questions
from their 16 sources is not covered.

    source = find("simplescaling/s1K", "main", "data.pool", "data.revision")
    for found in read(source, lambda column: column != "text"):
        found.where, found.data["question"]     # "simplescaling/s1K/data/train-00000-of-00001.parquet, row 1", "..."
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1repro.artifacts import file_sha256, fingerprint, read_jsonl
from s1repro.curate import hub
from s1repro.progress import Progress

FILES = (".jsonl", ".json", ".gz", ".parquet")
"""Suffixes of what cannot be meant as a data set's id."""
BATCH = 64
"""Rows of a parquet file in memory at once: the metadata of one programming problem can be megabytes."""


@dataclass(frozen=True)
class Source:
    """A place that was found: files of this machine, or a `commit` of a data set on the hub.

    `key` is the setting that names it, `revision_key` the one that names its revision.
    """

    place: str
    commit: str = ""
    key: str = "data.pool"
    revision_key: str = "data.revision"


@dataclass(frozen=True)
class Found:
    """One row as it was found: `where` for messages, `line` its number in the source, counted from 1."""

    where: str
    line: int
    data: dict[str, Any]


def find(place: str | Path, revision: str = "", key: str = "data.pool", revision_key: str = "data.revision") -> Source:
    """The source at `place`. `revision` is for data sets on the hub; files of this machine have none.

    Raises `ValueError` where there is nothing, or the hub has to be asked and does not answer.
    """
    place = str(place)
    if Path(place).exists():
        return Source(place, "", key, revision_key)
    if place.endswith(FILES) or not hub.is_id(place):
        raise ValueError(
            f"{key}: no file {place}; give a JSONL or parquet file, a folder of parquet files, or a data set's id on "
            "the hub such as simplescaling/s1K"
        )
    return Source(place, hub.resolve(place, revision, key, revision_key), key, revision_key)


def source_mark(source: Source) -> str:
    """16 hex digits that tell sources apart: a hub's commit, or the content of files."""
    if source.commit:
        return fingerprint([source.place, source.commit])
    return fingerprint([file_sha256(path) for path in _files(source)])


def read(source: Source, wanted: Callable[[str], bool]) -> Iterator[Found]:
    """The rows of a source, in order, each with those of its columns that are `wanted`.

    JSONL rows come with all their fields. Raises `ValueError`, with file and line, for what cannot be read, and where
    a folder or data set holds no parquet files.
    """
    files = _files(source)
    if files[0].suffix != ".parquet":
        for line, data in read_jsonl(files[0]):
            yield Found(f"{source.place}:{line}", line, data)
        return
    total = sum(_parquet(path).metadata.num_rows for path in files)
    with Progress(total, f"rows of {source.place}") as progress:
        for path in files:
            for number, data in enumerate(_parquet_rows(path, wanted), start=1):
                progress.step()
                yield Found(f"{_shown(source, path)}, row {number}", progress.done, data)


def _files(source: Source) -> list[Path]:
    """The JSONL file, or the parquet files; those of a hub are fetched."""
    place = Path(source.place)
    if source.commit:
        place = hub.download(source.place, source.commit, source.key, source.revision_key)
    if place.is_file():
        return [place]
    found = {path: path.relative_to(place).parts for path in sorted(place.rglob(hub.PARQUET))}
    visible = {path: parts for path, parts in found.items() if not any(part.startswith(".") for part in parts)}
    if not visible:
        raise ValueError(f"{source.key}: {source.place} holds no parquet files; give a folder or data set that does")
    train = [path for path, parts in visible.items() if any(part.startswith("train") for part in parts)]
    return train or list(visible)


def _shown(source: Source, path: Path) -> str:
    """The file as a user knows it: not by its name in the hub's cache."""
    if not source.commit:
        return str(path)
    parts = path.parts
    return "/".join((source.place, *parts[parts.index(source.commit) + 1 :]))


def _parquet(path: Path) -> Any:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path}: not a whole parquet file ({error}); fetch or make it again") from error


def _parquet_rows(path: Path, wanted: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    import pyarrow

    file = _parquet(path)
    columns = [name for name in file.schema_arrow.names if wanted(name)]
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise ValueError(f"{path}: the column {twice[0]!r} is there twice; delete one")
    done = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=columns):
            for row in range(batch.num_rows):
                (data,) = batch.slice(row, 1).to_pylist()
                done += 1
                yield data
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path}: its data cannot be read ({error}); fetch or make it again") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, row {done + 1}: a text is not UTF-8 ({error}); repair or delete this row") from error
