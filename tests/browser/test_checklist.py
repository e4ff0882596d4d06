"""The checklist on a screen and on paper: one sheet, boxes for a pen, ticks that stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.opened import SCHEMES, Scheme, open_page
from tests.browser.paper import (
    DOTS,
    MARGIN_SIDE,
    MARGIN_TOP,
    MILLIMETRE,
    PAPERS,
    Paper,
    dots_of,
    print_page,
    squeezed,
)
from tests.checklist_case import checklist_html, checklist_view, random_plan, stress_plan
from tests.pages_case import assessed

A4_WIDTH = 210 - 2 * MARGIN_SIDE
LETTER_HEIGHT = 279.4 - 2 * MARGIN_TOP
PLANS = 24

# Puts another checklist into the page. Says how high it is printed, and how much higher it would
# be with one more step on it, or with one more in full, in CSS pixels.
_SHOW = """html => {
  const article = document.querySelector("article");
  const height = () => article.getBoundingClientRect().height;
  article.innerHTML = html;
  const before = height();
  const left = article.querySelector("li.hc-noprint");
  const next = left || article.querySelector("li.hc-short");
  next?.classList.replace(left ? "hc-noprint" : "hc-short", left ? "hc-short" : "hc-full");
  const more = height() - before;
  next?.classList.replace(left ? "hc-short" : "hc-full", left ? "hc-noprint" : "hc-short");
  return [before, more];
}"""
_FORBIDDEN = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("forbidden", "SecurityError"); }
});"""
_FULL = """Storage.prototype.setItem = () => {
  throw new DOMException("full", "QuotaExceededError");
};"""


@pytest.fixture(scope="module")
def sheet(browser: Browser, site: Path) -> Iterator[Page]:
    """The checklist as it is laid out for paper as wide as A4."""
    with open_page(browser, site / "checklist.html", width=int(A4_WIDTH * MILLIMETRE)) as opened:
        opened.page.emulate_media(media="print")
        yield opened.page


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_one_sheet_that_holds_every_step(
    browser: Browser, site: Path, tmp_path: Path, scheme: Scheme, paper: Paper
) -> None:
    with open_page(browser, site / "checklist.html", scheme=scheme) as opened:
        navigation = opened.page.locator(".md-nav__link, .md-footer").all_text_contents()
        links = opened.page.locator("article a[href^=http]")
        addresses = [each.get_attribute("href") or "" for each in links.all()]
        printed = print_page(opened.page, tmp_path / "checklist.pdf", paper)
    assert len(printed.sheets) == 1
    steps = checklist_view(assessed("hypercode")[1].plan).steps
    for step in steps:
        assert all(squeezed(each.what) in printed.text for each in step.options)
        assert step.id in printed.text
    for address in addresses:
        assert printed.text.count(squeezed(address)) == 1
    for words in ("Memory limits", "Table of contents", "Skip to content", "Search", "Clear"):
        assert squeezed(words) not in printed.text
    assert any("Memory limits" in each for each in navigation)
    for words in ("HyperCode V2.0", "snapshot of 6 February 2026", "hcreport", "Not measured"):
        assert squeezed(words) in printed.text


@pytest.mark.parametrize("paper", PAPERS)
def test_many_long_steps_are_one_sheet(sheet: Page, tmp_path: Path, paper: Paper) -> None:
    view = checklist_view(stress_plan())
    sheet.evaluate(_SHOW, checklist_html(view))
    printed = print_page(sheet, tmp_path / "checklist.pdf", paper)
    assert len(printed.sheets) == 1
    assert view.sheet.full
    assert view.sheet.short
    held = (*view.sheet.full, *view.sheet.short)
    assert all(f"{each.number}.Doone" in printed.text for each in held)
    assert f"{view.sheet.more}morestepsonthesite" in printed.text
    for step in view.sheet.full:
        assert all(squeezed(each.command) in printed.text for each in step.options)


def test_what_is_said_to_fit_fits(sheet: Page) -> None:
    """Holds for letters and words of any width. Nor is room left that the next step would fill."""
    room, filled = LETTER_HEIGHT * MILLIMETRE, []
    for seed in range(PLANS):
        view = checklist_view(random_plan(seed))
        height, more = sheet.evaluate(_SHOW, checklist_html(view))
        assert height <= room, f"plan {seed} takes {height / MILLIMETRE} mm"
        if view.sheet.short:
            filled.append((height + more) / room)
    assert len(filled) > PLANS / 2
    assert min(filled) >= 0.8


def test_a_box_is_white_inside_with_a_dark_border(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    with open_page(browser, site / "checklist.html", scheme="dark") as opened:
        page = opened.page
        page.locator("[data-hc-step]").nth(1).check()
        page.set_viewport_size({"width": int(A4_WIDTH * MILLIMETRE), "height": 900})
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("window.scrollTo(0, 0)")
        boxes = [page.locator("[data-hc-step]").nth(each).bounding_box() for each in (0, 1)]
        printed = print_page(page, tmp_path / "checklist.pdf")
    empty, ticked = (
        dots_of(
            printed,
            MARGIN_SIDE + box["x"] / MILLIMETRE,
            MARGIN_TOP + box["y"] / MILLIMETRE,
            box["width"] / MILLIMETRE,
            box["height"] / MILLIMETRE,
        )
        for box in boxes
        if box
    )
    assert len(empty) >= 4 * DOTS
    edge, middle = DOTS, len(empty) // 2
    inside = [row[edge:-edge] for row in empty[edge:-edge]]
    assert min(map(min, inside)) == 255
    column = bytes(row[middle] for row in empty)
    for border in (empty[middle][:edge], empty[middle][-edge:], column[:edge], column[-edge:]):
        assert min(border) < 50
    assert min(min(row[edge:-edge]) for row in ticked[edge:-edge]) < 50


def test_ticks_stay_are_counted_and_can_be_cleared(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/checklist.html") as opened:
        page = opened.page
        status, box = page.get_by_role("status").first, page.locator("[data-hc-step]").nth(2)
        clear = page.locator("[data-hc-clear]")
        assert page.get_by_text("Ticks are kept in this browser, on this device.").is_visible()
        assert (status.inner_text(), clear.is_disabled()) == ("0 of 7 done", True)
        box.check()
        assert status.inner_text() == "1 of 7 done"
        page.reload()
        assert box.is_checked()
        assert status.inner_text() == "1 of 7 done"
        clear.click()
        assert not box.is_checked()
        opened.reload_late()
        assert not box.is_checked()
        assert page.evaluate("localStorage.length") == page.evaluate(
            "Object.keys(localStorage).filter(key => !key.startsWith('hcreport:')).length"
        )
        assert opened.complaints == []
        assert opened.shifts() == []


def test_a_clearing_can_be_taken_back(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/checklist.html") as opened:
        page = opened.page
        boxes, clear = page.locator("[data-hc-step]"), page.locator("[data-hc-clear]")
        boxes.nth(0).check()
        boxes.nth(3).check()
        clear.click()
        assert clear.inner_text() == "Put the ticks back"
        clear.click()
        page.reload()
        assert [boxes.nth(each).is_checked() for each in range(4)] == [True, False, False, True]
        clear.click()
        boxes.nth(1).check()
        assert clear.inner_text() == "Clear the ticks"


def test_two_tabs_stay_in_step(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/checklist.html") as opened:
        second = opened.page.context.new_page()
        second.goto(opened.page.url)
        opened.page.locator("[data-hc-step]").first.check()
        second.get_by_text("1 of 7 done").wait_for()
        assert second.locator("[data-hc-step]").first.is_checked()
        second.locator("[data-hc-clear]").click()
        opened.page.get_by_text("0 of 7 done").wait_for()
        assert not opened.page.locator("[data-hc-step]").first.is_checked()


@pytest.mark.parametrize("failure", [_FORBIDDEN, _FULL], ids=["forbidden", "full"])
def test_a_browser_that_keeps_nothing_is_said_and_survived(
    browser: Browser, served: str, failure: str
) -> None:
    with open_page(browser, f"{served}/checklist.html") as opened:
        page = opened.page
        page.context.add_init_script(failure)
        page.reload()
        page.locator("[data-hc-step]").first.check()
        assert page.get_by_role("status").first.inner_text() == "1 of 7 done"
        assert page.get_by_text("Ticks on this page are not kept.").is_visible()
        assert page.get_by_text("Ticks are kept in this browser").is_hidden()
        page.locator("[data-hc-clear]").click()
        assert page.get_by_role("status").first.inner_text() == "0 of 7 done"


def test_the_print_button_prints(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/checklist.html") as opened:
        opened.page.evaluate("window.print = () => { document.title = 'printed'; }")
        opened.page.get_by_role("button", name="Print this list").click()
        assert opened.page.title() == "printed"


def test_without_script_the_boxes_work_and_the_page_says_what_is_not_kept(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    with open_page(browser, site / "checklist.html", script=False) as opened:
        page = opened.page
        assert page.get_by_text("Ticks on this page are not kept.").is_visible()
        for words in ("0 of 7 done", "Print this list", "Clear the ticks", "Ticks are kept"):
            assert page.get_by_text(words).is_hidden()
        box = page.locator("[data-hc-step]").first
        box.check()
        assert box.is_checked()
        page.get_by_text("Copy the steps as a GitHub task list").click()
        assert page.locator(".hc-copy pre").inner_text().count("- [ ] ") == 7
        assert len(print_page(page, tmp_path / "checklist.pdf").sheets) == 1
