"""The site from a disk and from a server: search, links, colours, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.opened import open_page

SERVICE = "hypercode-core"
"""A service of the example."""


@pytest.fixture(params=["disk", "server"])
def home(request: pytest.FixtureRequest, site: Path) -> str:
    """Where the site is opened from, without a slash at its end."""
    if request.param == "disk":
        return site.as_uri()
    served: str = request.getfixturevalue("served")
    return served


def _asked(page: Page) -> list[str]:
    """Write down what is asked for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def _search(asked: list[str]) -> list[str]:
    """Return the parts of the search among what was asked for."""
    return [each for each in asked if "/search/" in each or "/workers/" in each]


def _result(page: Page) -> Locator:
    """Return the page of the service among the results."""
    return page.locator(f".md-search-result__item a[href*='services/{SERVICE}.html']").first


@pytest.mark.parametrize("way", ["slash", "field", "address"])
@pytest.mark.parametrize("name", ["index", "services/index"])
def test_search_finds_a_service(browser: Browser, home: str, name: str, way: str) -> None:
    query = f"?q={SERVICE}" if way == "address" else ""
    with open_page(browser, f"{home}/{name}.html{query}") as opened:
        page = opened.page
        if way == "slash":
            page.keyboard.press("/")
        elif way == "field":
            page.locator(".md-search__input").click()
        if way != "address":
            # Typed at once: the search has not loaded yet, and no letter of it is lost.
            page.keyboard.type(SERVICE)
        _result(page).click()
        expect(page.locator("h1")).to_contain_text(SERVICE)
        assert opened.complaints == []


def test_search_finds_a_service_on_a_phone(browser: Browser, home: str) -> None:
    with open_page(browser, f"{home}/index.html", width=320) as opened:
        page = opened.page
        page.locator(".md-header__button[for=__search]").click()
        page.locator(".md-search__input").press_sequentially(SERVICE)
        expect(_result(page)).to_be_visible()
        assert opened.complaints == []


def test_nothing_of_the_search_is_loaded_before_it_is_opened(browser: Browser, served: str) -> None:
    with open_page(browser, "about:blank") as opened:
        page = opened.page
        asked = _asked(page)
        page.goto(f"{served}/index.html")
        page.wait_for_load_state("networkidle")
        # Using the rest of the page is no reason either.
        page.locator("main a").first.focus()
        page.keyboard.press("Tab")
        page.locator("h1").click()
        assert _search(asked) == []
        page.locator(".md-search__input").click()
        page.keyboard.type(SERVICE)
        expect(_result(page)).to_be_visible()
        parts = sorted(each.rsplit("/", 1)[1].split(".")[0] for each in _search(asked))
        assert parts == ["search", "search_index"]


def test_other_requests_and_other_workers_are_left_alone(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/index.html") as opened:
        answers = opened.page.evaluate(
            """async () => {
              const status = await new Promise((resolve) => {
                const request = new XMLHttpRequest();
                request.onload = () => resolve(request.status);
                request.open("GET", "requirements.json");
                request.send();
              });
              const source = new Blob(["postMessage(6 * 7)"]);
              const worker = new Worker(URL.createObjectURL(source));
              const said = await new Promise((resolve) => {
                worker.onmessage = (event) => resolve(event.data);
              });
              return [status, said, worker instanceof Worker];
            }"""
        )
        assert answers == [200, 42, True]


def test_links_work_from_a_disk(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "index.html") as opened:
        page = opened.page
        for label in ("System requirements", "Services"):
            page.locator("nav.md-nav--primary").get_by_role("link", name=label, exact=True).click()
            expect(page.locator("h1")).to_contain_text(label)
        page.locator("main table a").first.click()
        page.wait_for_url("**/services/*.html")
        expect(page.locator("h1")).to_have_count(1)
        assert opened.complaints == []


def test_dark_from_the_first_page_on(browser: Browser, served: str) -> None:
    """Before the theme's program has run: it comes last, and the page would be light till then."""
    with open_page(browser, "about:blank", scheme="dark") as opened:
        page = opened.page
        page.route("**/bundle.*.js", lambda route: route.abort())
        page.goto(f"{served}/index.html", wait_until="commit")
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


def test_the_choice_of_colours_is_remembered_and_wins(browser: Browser, home: str) -> None:
    with open_page(browser, f"{home}/index.html", scheme="dark") as opened:
        page, body = opened.page, opened.page.locator("body")
        expect(body).to_have_attribute("data-md-color-scheme", "slate")
        page.get_by_title("Use light colours").click()
        expect(body).to_have_attribute("data-md-color-scheme", "default")
        page.goto(f"{home}/services/index.html")
        expect(body).to_have_attribute("data-md-color-scheme", "default")
        page.get_by_title("Use dark colours").click()
        expect(body).to_have_attribute("data-md-color-scheme", "slate")
        page.get_by_title("Use the colours of my system").click()
        page.emulate_media(color_scheme="light")
        expect(body).to_have_attribute("data-md-color-scheme", "default")
        assert opened.complaints == []


_AS_IT_SHOULD_BE = """() => {
  const all = [...document.querySelectorAll("main .md-typeset__scrollwrap")];
  const stops = all.filter((each) => each.tabIndex === 0 && each.getAttribute("aria-label"));
  const wide = all.filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth);
  return all.length > 0 && String(stops.map((each) => all.indexOf(each))) ===
    String(wide.map((each) => all.indexOf(each))) && [stops.length, all.length];
}"""


def test_only_tables_that_scroll_take_a_stop_of_the_tab_key(browser: Browser, site: Path) -> None:
    with open_page(browser, site / "models.html", width=320) as opened:
        page = opened.page
        found = []
        for width in (320, 1920, 320):
            page.set_viewport_size({"width": width, "height": 900})
            found.append(page.wait_for_function(_AS_IT_SHOULD_BE).json_value())
        narrow, wide, again = (stops for stops, _ in found)
        assert narrow == again > wide
        page.locator("main details summary").last.click()
        page.wait_for_function(f"before => ({_AS_IT_SHOULD_BE})()[0] > before", arg=again)
