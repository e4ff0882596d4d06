"""Cards of a narrow screen: each names its cells as the heads of its table do."""

from __future__ import annotations

import re

import markdown
import pytest

from tests.pages_case import SNAPSHOTS, markdown_settings, pages, structure

_OPENED = re.compile(
    r'<div class="hc-cards [^"]*" style="([^"]*)" markdown="1">\n(.*?)\n</div>', re.DOTALL
)
_LABEL = re.compile(r"--hc-(\d+):'([^']*)';")


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_the_names_of_cells_are_the_heads_of_their_columns(name: str) -> None:
    seen = 0
    for path, page in pages(name).items():
        assert page.count('<div class="hc-cards') == len(_OPENED.findall(page)), path
        for style, content in _OPENED.findall(page):
            head = next(line for line in content.splitlines() if line.startswith("|"))
            heads = [each.strip() for each in head.strip("|").split("|")]
            labels = _LABEL.findall(style)
            # Columns at the end may be left out of a table.
            assert [int(number) for number, _ in labels] == list(range(1, len(labels) + 1)), path
            assert [text for _, text in labels][: len(heads)] == heads, path
            seen += 1
    assert seen >= 1


def test_a_card_holds_one_whole_table() -> None:
    for path in ("assessment.md", "limits.md", "rules/index.md", "services/index.md", "sleep.md"):
        body = pages("watched")[path].split("\n---\n", maxsplit=1)[1]
        html = markdown.markdown(body, **markdown_settings())
        for part in html.split('<div class="hc-cards')[1:]:
            inside = part.split("</div>", maxsplit=1)[0]
            assert [tag for tag, _ in structure(inside).elements].count("table") == 1, path
        assert html.count("<div") == html.count("</div>"), path
