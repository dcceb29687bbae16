r"""Markdown as this package writes it, as HTML: headings, paragraphs and tables, all text escaped.

No other Markdown is understood; what is not a heading or a table is a paragraph.

    titled("# Tables\n\n## The curve\n\nText.")     # [("The curve", "Text.")]
    html("Text.\n\n| a |\n| --- |\n| 1 |")          # "<p>Text.</p>\n<div ...><table>..."
"""

from __future__ import annotations

import re
from html import escape


def titled(markdown: str) -> list[tuple[str, str]]:
    """The `##` sections: title and text of each, in their order. What stands before the first is left out."""
    parts = re.split(r"^## +(.+)$", markdown, flags=re.MULTILINE)
    return [(title.strip(), body.strip()) for title, body in zip(parts[1::2], parts[2::2], strict=True)]


def html(markdown: str) -> str:
    """The HTML of paragraphs and tables, which are apart by blank lines."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", markdown) if block.strip()]
    return "\n".join(_table(block) if block.startswith("|") else f"<p>{_text(block)}</p>" for block in blocks)


def _table(block: str) -> str:
    head, _, *rows = [_cells(line) for line in block.splitlines()]
    rows = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    numeric = [bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(head))]
    lines = [_row(head, "th", numeric), *(_row(row, "td", numeric) for row in rows)]
    body = "".join(lines[1:])
    return f'<div class="wide" tabindex="0"><table><thead>{lines[0]}</thead><tbody>{body}</tbody></table></div>'


def _cells(line: str) -> list[str]:
    inner = re.sub(r"(?<!\\)\|\s*$", "", line.strip()[1:])
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _row(cells: list[str], tag: str, numeric: list[bool]) -> str:
    marks = [' class="number"' if is_number else "" for is_number in numeric]
    made = [f"<{tag}{mark}>{_text(cell)}</{tag}>" for cell, mark in zip(cells, marks, strict=False)]
    return f"<tr>{''.join(made)}</tr>"


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d,.]+( %)?|[-+]?[\d.,]+ to [-+]?[\d.,]+|-|", cell))


def _text(text: str) -> str:
    """Escaped text; what stands in backquotes is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
