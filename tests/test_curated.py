"""Which file `curated` may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.curated import curated_set


def test_a_set_is_a_file_of_rows(tmp_path: Path) -> None:
    (tmp_path / "s1k.jsonl").write_text("{}\n")
    assert curated_set(str(tmp_path / "s1k.jsonl")) == tmp_path / "s1k.jsonl"
    with pytest.raises(ValueError, match=r"none\.jsonl: no curated set; run the curate stage of this run first"):
        curated_set(str(tmp_path / "none.jsonl"))
    (tmp_path / "s1k.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"s1k\.parquet is a parquet file.* give it to curate as data\.pool"):
        curated_set(str(tmp_path / "s1k.parquet"))
