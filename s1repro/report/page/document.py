"""The page `index.html`: one file with the curve, the tables and a reader for samples, which needs no network.

Its parts are files of their own beside this one: `index.html` names the style sheets and scripts, which are put in its
place here as they are, there is no build step. Whatever a model or a user wrote goes into the page as data and is shown
as text; a Content-Security-Policy lets nothing run but the page's own scripts, by their hashes, and nothing be fetched.

    write_page(folder / "index.html", Page(title, points, tables, notes, pack(runs, wordings)))
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from s1repro.artifacts import write_text
from s1repro.records import Point
from s1repro.report.page.archive import Archive
from s1repro.report.page.markup import html

PARTS = Path(__file__).resolve().parent
"""Where the page's own parts are."""

_ASSET = re.compile(r'<link rel="stylesheet" href="([^"]+)">|<script src="([^"]+)"></script>')
_SLOT = re.compile(r"<!--(\w+)-->")


@dataclass(frozen=True)
class Page:
    """What the page shows.

    `run` is the run that the report is of, among those of `points`. `tables` are titles and Markdown; `notes` say what
    is wrong or unusual with the data.
    """

    run: str
    title: str
    points: Sequence[Point]
    tables: Sequence[tuple[str, str]]
    notes: Sequence[str]
    archive: Archive


def write_page(path: Path, page: Page) -> None:
    """Write the page, atomically."""
    write_text(path, render(page))


def render(page: Page) -> str:
    """The whole file."""
    scripts: list[str] = []
    template = _ASSET.sub(lambda found: _asset(found, scripts), (PARTS / "index.html").read_text("utf-8"))
    filled = {**_slots(page), "policy": _policy(scripts)}
    return _SLOT.sub(lambda found: filled[found[1]], template)


def _asset(found: re.Match[str], scripts: list[str]) -> str:
    """A style sheet or script, in the place of its link."""
    if found[1]:
        return f"<style>{_style(PARTS / found[1])}</style>"
    text = (PARTS / found[2]).read_text("utf-8")
    assert "</script" not in text.lower() and "<!--" not in text, f"{found[2]} would end its own element"
    scripts.append(text)
    return f"<script>{text}</script>"


def _style(path: Path) -> str:
    """A style sheet with its fonts in it; fonts that are not here are left out of it."""

    def font(found: re.Match[str]) -> str:
        source = re.search(r"url\((fonts/[^)]+\.woff2)\)", found[0])
        if source is None or not (path.parent / source[1]).is_file():
            return ""
        data = base64.b64encode((path.parent / source[1]).read_bytes()).decode("ascii")
        return re.sub(r"src:[^}]*", f'src:url(data:font/woff2;base64,{data}) format("woff2")', found[0])

    return re.sub(r"@font-face\s*\{[^}]*\}", font, path.read_text("utf-8"))


def _policy(scripts: Sequence[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") for text in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _slots(page: Page) -> Mapping[str, str]:
    """What fills each `<!--name-->` of the template."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in page.notes)
    return {
        "title": escape(page.title),
        "run": escape(page.run),
        "summary": escape(summary(page)),
        "notes": f'<ul class="notes" aria-label="Notes on the data">{notes}</ul>' if notes else "",
        "tables": "\n".join(_folded(title, text, number == 0) for number, (title, text) in enumerate(page.tables)),
        "data": _json({"run": page.run, "points": [vars(point) for point in page.points]}),
        "index": page.archive.index,
        "chunks": "\n".join(
            f'<script type="text/plain" class="chunk">{chunk}</script>' for chunk in page.archive.chunks
        ),
    }


def summary(page: Page) -> str:
    """One line below the title: what was measured, and its best point."""
    own = [point for point in page.points if point.run == page.run and not point.unfinished]
    others = list(dict.fromkeys(point.run for point in page.points if point.run != page.run))
    benchmarks = list(dict.fromkeys(point.benchmark for point in page.points))
    beside = f" beside {', '.join(others)}" if others else ""
    parts = [f"{page.run}{beside} on {', '.join(benchmarks)}"]
    under_way = sum(point.unfinished for point in page.points)
    still = f" ({under_way} still being measured)" if under_way else ""
    parts.append(f"{len(page.points)} points{still}, {sum(point.n for point in page.points):,} answered samples")
    if own:
        best = max(own, key=lambda point: point.accuracy)
        waits = f" and {best.waits} Wait{'s' if best.waits > 1 else ''}" if best.waits else ""
        parts.append(f"best {100 * best.accuracy:.1f} % at budget {best.budget:,}{waits}")
    return " · ".join(parts)


def _folded(title: str, markdown: str, is_open: bool) -> str:
    state = " open" if is_open else ""
    return f"<details{state}><summary><h3>{escape(title)}</h3></summary>{html(markdown)}</details>"


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
