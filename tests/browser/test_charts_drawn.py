"""Charts in a real browser: no words overlap, none leave the drawing, and all can be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from hcreport.build import build_site
from hcreport.render.report import ReportSource
from tests.browser.opened import SCHEMES, Scheme, open_page
from tests.pages_case import SNAPSHOTS

SITES = ("hypercode", "models", "images")
"""Snapshots whose pages have all kinds of charts."""

# For each drawing: its box, its words with theirs, and its lines. Boxes are [left, top, right,
# bottom] in CSS pixels.
_MEASURE = """
() => [...document.querySelectorAll("main figure.hc-chart svg")].map(svg => {
  const box = each => {
    const found = each.getBoundingClientRect();
    return [found.left, found.top, found.right, found.bottom];
  };
  const all = selector => [...svg.querySelectorAll(selector)];
  return {
    box: box(svg),
    texts: all("text").map(each => [each.textContent, box(each)]),
    lines: all("line").map(box),
    parts: all(".hc-part").map(box),
    size: parseFloat(getComputedStyle(svg).fontSize),
    rem: parseFloat(getComputedStyle(document.documentElement).fontSize),
  };
})
"""

_MOST = 6
"""Pages of one site that are looked at."""

_NARROWEST = 1.9
"""CSS pixels that the smallest part has even on a phone."""

_BLUR = 0.6
"""How many CSS pixels a box may be off: browsers place letters on fractions of a pixel."""


@pytest.fixture(scope="session")
def sites(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sites of the snapshots, by name; the example's is the one that all tests share."""
    folder = tmp_path_factory.mktemp("sites")
    others = {
        name: build_site(
            ReportSource(folder=folder, snapshot=SNAPSHOTS[name]), folder / name
        ).parent
        for name in SITES[1:]
    }
    return {SITES[0]: site, **others}


def charted(site: Path) -> list[Path]:
    """Return the pages with drawings."""
    return [page for page in sorted(site.rglob("*.html")) if 'class="hc-chart"' in page.read_text()]


def overlap(one: list[float], other: list[float]) -> bool:
    """Tell whether two boxes share more than their edges; letters reach less high than boxes."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    height = min(one[3] - one[1], other[3] - other[1])
    return across > _BLUR and down > height / 4


def within(inner: list[float], outer: list[float]) -> bool:
    """Tell whether a box is in another."""
    begins = all(one >= other - _BLUR for one, other in zip(inner[:2], outer[:2], strict=True))
    ends = all(one <= other + _BLUR for one, other in zip(inner[2:], outer[2:], strict=True))
    return begins and ends


def faults(page: Page) -> list[str]:
    """Return what is wrong with the drawings of a page, in words; raises where there are none."""
    drawings: list[dict[str, Any]] = page.evaluate(_MEASURE)
    assert drawings
    return [fault for each in drawings for fault in _faults(each)]


def _faults(drawing: dict[str, Any]) -> Iterator[str]:
    size = drawing["size"]
    rem, width = drawing["rem"], drawing["box"][2] - drawing["box"][0]
    if abs(size - min(0.7 * rem, width / 20)) > 0.1:
        yield f"letters are {size} px in a drawing of {width} px, where 1 rem is {rem} px"
    texts = drawing["texts"]
    for text, box in texts:
        if not within(box, drawing["box"]):
            yield f"{text!r} leaves the drawing"
        # The lower fifth of the box is below the letters, and an upright line may begin there.
        letters = [box[0], box[1], box[2], box[3] - 0.2 * size]
        for line in drawing["lines"]:
            if overlap_of_line(letters, line):
                yield f"a line crosses {text!r}"
    for (text, box), (other, beside) in combinations(texts, 2):
        if overlap(box, beside):
            yield f"{text!r} and {other!r} overlap"
    for left, _, right, _ in drawing["parts"]:
        if right - left < _NARROWEST:
            yield f"a part is only {right - left} px wide"


def overlap_of_line(box: list[float], line: list[float]) -> bool:
    """Tell whether an upright line, which has no width, crosses a box."""
    return box[0] < line[0] < box[2] and line[1] < box[3] - _BLUR and box[1] + _BLUR < line[3]


@pytest.mark.parametrize("name", SITES)
def test_words_neither_overlap_nor_leave_the_drawing(
    browser: Browser, sites: dict[str, Path], name: str
) -> None:
    for path in charted(sites[name]):
        with open_page(browser, path) as opened:
            page = opened.page
            for width in (1280, 640, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert faults(page) == [], (path.name, width)
            page.set_viewport_size({"width": 680, "height": 900})  # A4 within its margins
            page.emulate_media(media="print")
            assert faults(page) == [], (path.name, "print")
            page.emulate_media(media="screen")
            # A reader who has set letters of twice the size, on a desk and on a phone.
            sizes = {"standard": 32, "fixed": 26}
            page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": sizes})
            for width in (1280, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate(_MEASURE)[0]["rem"] == 40
                assert faults(page) == [], (path.name, width, "large letters")


_FILLS = """
() => [...document.querySelectorAll("main .hc-chart svg")].flatMap(svg =>
  [...svg.querySelectorAll("rect, line, text")].filter(each => !each.closest("defs")).map(each => {
    const style = getComputedStyle(each);
    return [each.getAttribute("class") || each.tagName, style.fill, style.stroke];
  }))
"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_readers_own_colours_win_and_parts_stay_apart(
    browser: Browser, sites: dict[str, Path], scheme: Scheme
) -> None:
    for name in SITES:
        with open_page(browser, sites[name] / "index.html", scheme=scheme) as opened:
            opened.page.emulate_media(forced_colors="active")
            known = opened.page.evaluate(
                """() => {
                  const probe = document.body.appendChild(document.createElement("i"));
                  return Object.fromEntries(["Canvas", "CanvasText", "Highlight"].map(name => {
                    probe.style.color = name;
                    return [name, getComputedStyle(probe).color];
                  }));
                }"""
            )
            own = set(known.values())
            drawn = opened.page.evaluate(_FILLS)
            assert drawn
            for kind, fill, stroke in drawn:
                assert fill in own or fill.startswith(("url(", "rgb(0, 0, 0)", "none")), kind
                assert stroke in own or stroke == "none", (kind, stroke)
            solid = {fill for kind, fill, _ in drawn if "hc-tone" in kind and "hc-part" in kind}
            assert solid <= {known["CanvasText"]}
            empty = {fill for kind, fill, _ in drawn if "hc-empty" in kind}
            assert empty <= {known["Canvas"]}
            hatched = {fill for kind, fill, _ in drawn if "hc-hatched" in kind}
            assert all(fill.startswith("url(") for fill in hatched)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_tells_parts_apart_without_colour(
    browser: Browser, sites: dict[str, Path], scheme: Scheme
) -> None:
    for name in SITES:
        with open_page(browser, sites[name] / "index.html", scheme=scheme) as opened:
            opened.page.emulate_media(media="print")
            for kind, fill, stroke in opened.page.evaluate(_FILLS):
                for colour in (fill, stroke):
                    if colour.startswith("rgb("):
                        red, green, blue = colour[4:-1].split(", ")
                        assert red == green == blue, (kind, colour)
                if "hc-part" in kind and "hc-hatched" not in kind:
                    assert stroke == "rgb(0, 0, 0)"
                    assert fill == (
                        "rgb(255, 255, 255)" if "hc-empty" in kind else "rgb(212, 212, 212)"
                    )
                if "hc-words" in kind:
                    assert fill == "rgb(0, 0, 0)"
