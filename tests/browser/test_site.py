"""The built example in a real browser: what a person who opens the file sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.opened import SCHEMES, WIDTHS, Scheme, open_page

PAGES = (
    "index",
    "assessment",
    "checklist",
    "requirements",
    "sleep",
    "images",
    "local-or-api",
    "services/index",
)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_and_stay_at_home(
    browser: Browser, site: Path, name: str, width: int, scheme: Scheme
) -> None:
    with open_page(browser, site / f"{name}.html", width=width, scheme=scheme) as opened:
        assert opened.page.locator("h1").count() == 1
        assert not opened.too_wide()
        assert opened.complaints == []


# What a reader needs from a page, and how much of it there is at least.
WITHOUT_SCRIPT: dict[str, dict[str, int]] = {
    "index": {"h2": 2, "tbody tr": 3, "svg[role=img] title": 1},
    "assessment": {"h2": 2, "tbody tr": 10},
    "requirements": {"h2": 3, "tbody tr": 10},
    "images": {"h2": 1, "tbody tr": 2, "svg[role=img] title": 1},
    "models": {"h2": 1, "tbody tr": 2, "svg[role=img] title": 1},
    "checklist": {"h2": 1, "input[type=checkbox]": 5},
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", WITHOUT_SCRIPT)
def test_the_report_is_there_without_script(
    browser: Browser, site: Path, name: str, scheme: Scheme
) -> None:
    with open_page(browser, site / f"{name}.html", scheme=scheme, script=False) as opened:
        article = opened.page.locator("article")
        assert article.locator("h1:visible").count() == 1
        for selector, least in WITHOUT_SCRIPT[name].items():
            assert article.locator(selector).count() >= least, selector
            assert article.locator(selector.removesuffix(" title")).first.is_visible(), selector
        assert all(box.is_enabled() for box in article.locator("input").all())
        assert opened.complaints == []


def test_the_final_table_needs_no_scrolling_on_a_phone(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "assessment.html", width=320, script=False) as opened:
        cells = opened.page.locator(".hc-final tbody td")
        boxes = [cells.nth(each).bounding_box() for each in range(cells.count())]
        assert len(boxes) >= 5 * 5
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)
        labels = (
            "getComputedStyle(document.querySelectorAll('.hc-final td')[1], '::before').content"
        )
        assert opened.page.evaluate(labels) == '"Evidence"'


def test_links_lead_from_the_index_to_a_service(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "services" / "index.html") as opened:
        opened.page.locator("main table a").first.click()
        opened.page.wait_for_load_state()
        assert "/services/" in opened.page.url
        assert opened.page.locator("h1").count() == 1
