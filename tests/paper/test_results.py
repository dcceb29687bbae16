"""The runs that are there become one table: seeds one row, a damaged run named, what is unfinished left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s1repro.config import Config
from s1repro.evaluate.journal import claim, complete
from s1repro.paper.results import run
from s1repro.records import Sample
from tests.report.conftest import measured
from tests.toy import as_it_is, make_config

Write = Callable[..., None]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    made = make_config(runs=str(tmp_path))
    made.name = "demo"
    return made


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("s1", {(16, 0): 3}, seed=1)`: an evaluation of 10 questions a point, right on the first few of them."""

    def write_run(name: str, curve: dict[tuple[int, int], int], **identity: object) -> None:
        samples: list[Sample] = [measured(*point, q, q < right) for point, right in curve.items() for q in range(10)]
        folder, who = tmp_path / name / "evaluate", {"model": "m", "seed": 0, **identity}
        folder.mkdir(parents=True)
        claim(folder, who, {"toy": "q"})
        complete(folder, who, samples, {("toy", "force", *point): 1 for point in curve}, {"toy": "f"}, as_it_is)

    return write_run


def test_seeds_are_one_row_and_the_best_point_stands_beside_the_largest_budget(
    write: Write, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("base", {(16, 0): 1}, model="another")
    for seed, right in enumerate((3, 5)):
        write(f"many-s{seed}", {(16, 0): right + 3, (64, 0): right, (64, 1): 9}, seed=seed)
    (tmp_path / "torn" / "evaluate").mkdir(parents=True)
    run(config)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("results: left out: ") and "torn" in told[0] and told[1].startswith("results: 2 rows, ")
    lines = (tmp_path / "demo" / "results" / "results.md").read_text().splitlines()
    head, _, base, many = [line for line in lines if line.startswith("|")]
    assert head == "|  | toy | toy: tokens | toy: best |"
    assert base.startswith("| base | 10.0 (1.8 to 40.4) | ") and base.endswith(" | 10.0 (1.8 to 40.4) |")
    assert many.startswith("| many-s0, many-s1 | 40.0 (") and " | 90.0 (" in many
    assert "many-s0, many-s1" in (tmp_path / "demo" / "results" / "results.tex").read_text()
    assert "results,base,toy,10," in (tmp_path / "demo" / "results" / "results.csv").read_text()


def test_runs_are_chosen_by_name_and_none_is_one_line(write: Write, config: Config, tmp_path: Path) -> None:
    write("base", {(16, 0): 1})
    config.paper.results = ["other*"]
    with pytest.raises(ValueError, match=r"^paper\.results: no run in .* is named other\*; it has base$"):
        run(config)
    (tmp_path / "torn" / "evaluate").mkdir(parents=True)
    config.paper.results = ["torn"]
    with pytest.raises(ValueError, match=r"^results: no run of torn has a finished point in "):
        run(config)
    config.paper.results = []
    with pytest.raises(ValueError, match=r"^paper\.results is empty; name runs, or \[\*\] for all$"):
        run(config)
    assert not (tmp_path / "demo").exists()
