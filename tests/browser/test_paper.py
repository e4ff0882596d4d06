"""Every kind of page on paper: all of its text and addresses, no navigation, no blank sheet."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.opened import open_page
from tests.browser.pages import PARTS, pages_of
from tests.browser.paper import MARGIN_SIDE, MILLIMETRE, PAPERS, print_page, squeezed

# Words of the theme around a page, and where they stand in the text of the page itself too.
AROUND = ("Skip to content", "Table of contents", "Back to top", "Previous", "Next", "Search")

# What a reader has to find on paper: the texts of a wide screen, folded parts too. Not those that
# are said to be for a screen alone, nor those that paper has at another place: a cell's name is in
# the head row, and the heading in a fold is what opens it.
_TEXTS = """() => {
  const folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach(each => { each.open = true; });
  document.querySelectorAll(".headerlink, .md-code__nav, .hc-cell-name")
    .forEach(each => each.remove());
  const found = [...document.querySelectorAll(
    "article :is(h1, h2, h3, td, th, summary, figcaption, details p, details li, pre)"
  )].filter(each => !each.closest(".hc-noprint, form, .hc-evidence h3"))
    .map(each => each.innerText);
  folded.forEach(each => { each.open = false; });
  return found;
}"""

_LINKS = """() => [...document.querySelectorAll("article a[href^=http]")]
  .filter(each => !each.closest(".hc-noprint"))
  .map(each => each.getAttribute("href"))"""


def _kinds(site: Path) -> list[str]:
    """Return the pages of the first folder but the checklist, and of each other one its longest.

    The checklist has tests of its own.
    """

    def size(path: str) -> int:
        return (site / f"{path}.html").stat().st_size

    own = [each for each in pages_of(site, "") if each not in {"404", "checklist"}]
    return own + [max(pages_of(site, part), key=size) for part in PARTS if part]


def test_pages_print_whole_and_without_what_is_around_them(
    browser: Browser, site: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """Without a script: the theme's own would open what is folded."""
    kinds = _kinds(site)
    assert len(kinds) > len(PARTS) + 10
    with open_page(browser, site / "index.html", scheme="dark", script=False) as opened:
        for place, path in enumerate(kinds):
            with subtests.test(path):
                opened.page.goto((site / f"{path}.html").as_uri())
                _check(opened.page, tmp_path / f"{place}.pdf", place)


def _check(page: Page, file: Path, place: int) -> None:
    article = squeezed(page.locator("article").text_content() or "")
    navigation = squeezed("".join(page.locator(".md-nav__link").all_text_contents()[:6]))
    texts = [squeezed(each)[:200] for each in page.evaluate(_TEXTS)]
    printed = print_page(page, file, PAPERS[place % 2])
    assert all(each.strip() for each in printed.sheets), "a sheet is blank"
    assert navigation not in printed.text
    for words in map(squeezed, AROUND):
        assert printed.text.count(words) <= article.count(words), words
    assert [each for each in texts if each not in printed.text] == []
    for address in page.evaluate(_LINKS):
        assert f"({squeezed(address)})" in printed.text


def test_nothing_is_cut_at_the_edge_and_all_is_black_on_white(browser: Browser, site: Path) -> None:
    """In the widest tables, from the dark scheme."""
    width = int((210 - 2 * MARGIN_SIDE) * MILLIMETRE)
    with open_page(browser, site / "requirements.html", scheme="dark", width=width) as opened:
        page = opened.page
        page.emulate_media(media="print", color_scheme="dark")
        for name in ("requirements", "assessment", "images"):
            page.goto((site / f"{name}.html").as_uri())
            edges = page.locator("article table, article pre, article figure").evaluate_all(
                "all => all.map(each => each.getBoundingClientRect().right)"
            )
            assert max(edges) <= width
            colours = page.locator("article :is(p, h2, td, th)").evaluate_all(
                "all => [...new Set(all.map(each => getComputedStyle(each).color))]"
            )
            assert colours == ["rgb(0, 0, 0)"]
            background = "getComputedStyle(document.body).backgroundColor"
            assert page.evaluate(background) in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


def test_headings_of_a_table_stand_on_each_of_its_sheets(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    with open_page(browser, site / "assessment.html") as opened:
        opened.page.evaluate(
            """() => {
              const rows = document.querySelector("article table tbody");
              for (let copies = 0; copies < 6; copies += 1) {
                rows.append(...[...rows.children].slice(0, 6).map(each => each.cloneNode(true)));
              }
              document.querySelector("article").replaceChildren(rows.closest("table"));
            }"""
        )
        heads = opened.page.locator("article th").all_text_contents()
        printed = print_page(opened.page, tmp_path / "table.pdf")
    assert len(printed.sheets) > 1
    for sheet in printed.sheets:
        assert squeezed("".join(heads)) in squeezed(sheet)
