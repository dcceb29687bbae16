"""The file: one, whole, without a network, the same each time; what it holds cannot end the element it stands in."""

from __future__ import annotations

import base64
import gzip
import json
import re
import tomllib
from pathlib import Path

from s1repro.evaluate.points import to_points
from s1repro.report.page.archive import pack
from s1repro.report.page.document import PARTS, Page, render
from s1repro.report.page.wording import Wording
from tests.report.page.made import AFTER, BEFORE, made_run

RUN = made_run(3)
PAGE = Page("demo", "A curve", to_points(RUN, "demo"), [], [], pack({"demo": RUN}, {"demo": Wording(BEFORE, AFTER)}))


def test_the_same_samples_give_the_same_bytes() -> None:
    again = pack({"demo": RUN}, {"demo": Wording(BEFORE, AFTER)})
    assert render(PAGE) == render(Page("demo", "A curve", PAGE.points, [], [], again))


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = render(PAGE)
    outside = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', re.sub(r"<script>.*?</script>", "", text, flags=re.S))
    assert outside == []
    assert re.findall(r"url\((?!data:)[^)]*\)", "".join(re.findall(r"<style>.*?</style>", text, flags=re.S))) == []
    assert "<!--" not in text, "every slot is filled"


def test_all_samples_are_in_it() -> None:
    (packed,) = re.findall(r'id="index">([^<]*)<', render(PAGE))
    index = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert index["columns"]["budget"] == [sample.key.budget for sample in RUN]
    assert index["columns"]["correct"] == [int(sample.correct) for sample in RUN]
    assert {len(column) for column in index["columns"].values()} == {len(RUN)}


def test_an_installed_package_has_all_parts_of_the_page() -> None:
    told = tomllib.loads((PARTS.parents[2] / "pyproject.toml").read_text())
    shipped = told["tool"]["setuptools"]["package-data"]["s1repro.report.page"]
    parts = {path for path in PARTS.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert parts == {path for pattern in shipped for path in PARTS.glob(pattern) if path.is_file()}


def test_the_vendored_libraries_are_told_of() -> None:
    told = (PARTS / "vendor" / "README.md").read_text()
    files: list[Path] = [path for path in (PARTS / "vendor").iterdir() if path.is_file() and path.name != "README.md"]
    assert [path.name for path in files if f"`{path.name}`" not in told] == []
