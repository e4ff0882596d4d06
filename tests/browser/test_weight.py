"""What a first visit to each page costs a reader: bytes, strangers, errors, jumps and scrolling.

The browser is empty for each visit, and the site comes over HTTP with gzip, as from a web host.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.opened import SCHEMES, WIDTHS, Scheme, is_at_home, open_page
from tests.browser.pages import PARTS, pages_of
from tests.browser.serving import Serving

MOST_BYTES = 90_000
"""Bytes of everything that a first visit to one page loads, packed."""

DESK, PHONE = WIDTHS

Visit = tuple[str, int, Scheme]

# A phone loads what a desk loads, so only the main pages are visited anew with one; how wide the
# others are there is looked at by making the window narrow.
VISITS: tuple[Visit, ...] = (
    ("", PHONE, "dark"),
    *((part, DESK, "light") for part in PARTS),
)


@pytest.mark.parametrize("visit", VISITS, ids=["phone", *PARTS])
def test_a_first_visit_is_light_and_calm(
    browser: Browser, server: Serving, visit: Visit, subtests: pytest.Subtests
) -> None:
    part, width, scheme = visit
    for name in pages_of(server.site, part):
        server.sent.clear()
        address = f"{server.address}/{name}.html"
        with (
            subtests.test(page=name),
            open_page(browser, address, width=width, scheme=scheme, late=True) as opened,
        ):
            # The scripts are the same on every page, so what they ask for later is seen on these.
            if part == "":
                opened.page.wait_for_load_state("networkidle")
            assert server.sent[0].path == f"{name}.html"
            heaviest = sorted(server.sent, key=lambda each: -each.size)
            assert sum(each.size for each in heaviest) <= MOST_BYTES, heaviest
            assert opened.complaints == []
            assert opened.shifts() == []
            assert not opened.too_wide()
            for narrow in sorted({max(width // 2, PHONE), PHONE}, reverse=True):
                opened.page.set_viewport_size({"width": narrow, "height": 450})
                opened.wait_until_drawn()
                assert not opened.too_wide(), f"at a width of {narrow} pixels"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_other_scheme_flashes_up(browser: Browser, served: str, scheme: Scheme) -> None:
    with open_page(browser, f"{served}/index.html", scheme=scheme, late=True) as opened:
        ground = "getComputedStyle(document.body).backgroundColor"
        assert opened.grounds() == {opened.page.evaluate(ground)}


def test_a_jump_would_be_found(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/index.html") as opened:
        opened.wait_until_drawn()
        opened.page.evaluate(
            "document.querySelector('article').insertAdjacentHTML('afterbegin',"
            " '<p style=\"height:200px\">late</p>')"
        )
        opened.wait_until_drawn()
        assert opened.shifts()
        opened.page.evaluate("document.querySelector('h1').style.width = '3000px'")
        assert opened.too_wide()


def test_a_stranger_would_be_found() -> None:
    home = "http://127.0.0.1:8000/index.html"
    assert is_at_home("http://127.0.0.1:8000/assets/hcreport.css", home)
    assert is_at_home("data:image/svg+xml,x", home)
    assert not is_at_home("http://127.0.0.1:8001/", home)
    assert not is_at_home("https://fonts.example/", home)
    assert not is_at_home("https://fonts.example/", "file:///site/index.html")
