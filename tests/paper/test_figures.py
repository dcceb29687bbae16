"""The figures show our points and the paper's, and a panel without data says why."""

from __future__ import annotations

import re
from pathlib import Path

from s1repro.artifacts import write_jsonl
from s1repro.config import Config
from s1repro.paper.figures import draw_all
from s1repro.paper.measured import Measured


def texts(svg: Path) -> str:
    """Text is drawn as outlines; matplotlib keeps what it said in a comment."""
    return "\n".join(re.findall(r"<!-- (.*?) -->", svg.read_text()))


def test_panels_name_what_they_show(config: Config, measured: Measured, tmp_path: Path) -> None:
    config.curated = str(tmp_path / "set.jsonl")
    write_jsonl(config.curated, [{"domain": "11"}, {"domain": "11"}, {"domain": "05"}])
    draw_all(config, measured, tmp_path)
    one, two, four = (texts(tmp_path / f"figure{number}.svg") for number in (1, 2, 4))
    assert "the paper's s1-32B\non AIME24, read off its plot" in one and "ours on toy" in one and "4,096" in one
    assert "the paper's r1-distill-32B, MATH500" in two and "1K-random" in two
    assert "Number theory" in two and "Combinatorics" in two, "domains have their names"
    assert "1 Wait" in four and "samples voting (log2)" in four and "Four votes in place of 64." in four
    parallel = texts(tmp_path / "parallel.svg")
    assert "votes, budget 16" in parallel and "No rebase: no reward model." in parallel
    assert len(list(tmp_path.glob("*.??g"))) == 8


def test_what_is_not_there_is_said(config: Config, tmp_path: Path) -> None:
    draw_all(config, Measured.read(config, {"toy-votes": "evaluate: too small"}), tmp_path)
    assert "Nothing to draw: evaluate: too small" in texts(tmp_path / "figure4.svg").replace("\n", " ")
    assert "Nothing to draw: no curated set unused" in texts(tmp_path / "figure2.svg").replace("\n", " ")
