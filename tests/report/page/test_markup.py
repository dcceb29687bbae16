"""Markdown as this package writes it becomes HTML, and nothing in it becomes markup."""

from __future__ import annotations

from s1repro.report.page.markup import html, titled

TEXT = (
    "# Tables\n\n## One\n\nSome `code` & text.\n\n| run | n |\n| --- | --- |\n| a \\| b | 1,000 |\n\n## Two\n\nMore.\n"
)


def test_sections_have_their_titles_and_texts() -> None:
    assert [title for title, _ in titled(TEXT)] == ["One", "Two"]
    assert titled(TEXT)[1] == ("Two", "More.")


def test_tables_and_paragraphs() -> None:
    made = html(titled(TEXT)[0][1])
    assert "<p>Some <code>code</code> &amp; text.</p>" in made
    assert '<th>run</th><th class="number">n</th>' in made
    assert '<td>a | b</td><td class="number">1,000</td>' in made


def test_nothing_becomes_markup() -> None:
    made = html("<b>a</b>\n\n| <i> |\n| --- |\n| <script> |")
    assert "<b>" not in made and "<i>" not in made and "<script>" not in made


def test_a_short_row_is_filled_up() -> None:
    assert html("| a | b |\n| --- | --- |\n| 1 |").count("<td") == 2
