"""Reading on a screen: the first screen holds what matters, and rows become cards on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.opened import SCHEMES, WIDTHS, Scheme, open_page

PAGES = ("index", "assessment", "glossary", "services/index", "services/llama")
HEIGHT = 900
"""CSS pixels of the screens that the tests open."""

# The text that the style puts before each cell of a card, beside the head of its column.
_LABELS = """table => {
  const heads = [...table.querySelectorAll("th")].map(each => each.textContent.trim());
  return [...table.querySelectorAll("tbody tr")].map(row =>
    [...row.children].slice(1).map((cell, place) => [
      heads[place + 1],
      getComputedStyle(cell, "::before").content.replace(/^["']|["']$/g, ""),
      cell.getBoundingClientRect().width > 0,
    ]));
}"""


def bottom(page: Page, selector: str) -> float:
    """Return where the first element of a selector ends, in CSS pixels from the top."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_first_screen_holds_verdict_action_chart_and_a_problem(
    browser: Browser, site: Path, scheme: Scheme
) -> None:
    with open_page(browser, site / "index.html", scheme=scheme) as opened:
        order = [".hc-verdict", ".hc-next", ".hc-chart", "li:has(> .hc-severity)"]
        found = [bottom(opened.page, each) for each in order]
        assert found == sorted(found)
        assert found[-1] <= HEIGHT


def test_a_phone_shows_the_verdict_and_the_action_at_once(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "index.html", width=320) as opened:
        assert bottom(opened.page, ".hc-next a") <= HEIGHT


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(browser: Browser, site: Path, name: str, width: int) -> None:
    with open_page(browser, site / f"{name}.html", width=width) as opened:
        wide, seen = opened.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide == seen
        assert opened.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_no_table_of_ours_scrolls_sideways_on_a_phone(
    browser: Browser, site: Path, name: str
) -> None:
    with open_page(browser, site / f"{name}.html", width=320) as opened:
        wider = opened.page.eval_on_selector_all(
            ".md-typeset__scrollwrap",
            "all => all.filter(e => e.scrollWidth > e.clientWidth).length",
        )
        assert wider == 0


@pytest.mark.parametrize("name", ["assessment", "services/index"])
def test_each_cell_of_a_card_has_the_name_of_its_column(
    browser: Browser, site: Path, name: str
) -> None:
    with open_page(browser, site / f"{name}.html", width=320) as opened:
        tables = opened.page.locator(".hc-cards table")
        assert tables.count() >= 1
        for number in range(tables.count()):
            for row in tables.nth(number).evaluate(_LABELS):
                assert all(head == label and shown for head, label, shown in row), row


def test_at_twice_the_size_nothing_is_cut_off(browser: Browser, site: Path) -> None:
    # A page of 1280 pixels at 200 % has 640 CSS pixels.
    with open_page(browser, site / "assessment.html", width=640) as opened:
        assert opened.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )


def test_groups_of_the_navigation_open_without_a_script(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "index.html", script=False) as opened:
        nav = opened.page.locator(".md-sidebar--primary")
        for name in ("Summary", "Checklist", "Assessment", "System requirements", "Services"):
            assert nav.get_by_role("link", name=name, exact=True).is_visible()
        assert not nav.get_by_role("link", name="Configuration", exact=True).is_visible()
        nav.get_by_text("Reference", exact=True).first.click()
        assert nav.get_by_role("link", name="Configuration", exact=True).is_visible()
