"""Opens a page of the built site in Chromium, and writes down what it complains of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1280, 320)
"""CSS pixels: a desk, and the narrowest screen that WCAG 1.4.10 asks for."""


# Each move of what was already drawn, in the unit of the layout shift score, with what moved.
_WATCH_SHIFTS = """
window.hcShifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => window.hcShifts.push(
  entry.value.toFixed(4) + " " + entry.sources.map(
    each => each.node ? (each.node.outerHTML || each.node.textContent).slice(0, 120) : "?"
  ).join(" , ")
))).observe({type: "layout-shift", buffered: true});
"""
# The colour behind the page in each frame until all of it has loaded.
_WATCH_GROUND = """
window.hcGrounds = [];
requestAnimationFrame(function look() {
  window.hcGrounds.push(document.body ? getComputedStyle(document.body).backgroundColor : "none");
  if (document.readyState !== "complete") requestAnimationFrame(look);
});
"""
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# The parser has come to the scripts, which stand behind everything else, and something is drawn.
_PARSED_AND_PAINTED = """
() => document.querySelector("script[src*='/bundle.']")
  && performance.getEntriesByName("first-contentful-paint").length
"""
# A slow machine draws a table before it has read all of its rows, and then again, wider. When it
# does so is chance; what moves once all is there is the page's doing.
_FORGET_SHIFTS = "window.hcShifts.length = 0"

_LATE = re.compile(r"/bundle\.\w+\.min\.js$|/hcreport\.js$")
"""The theme's script and ours; both stand where they let the page be drawn first."""


@dataclass(kw_only=True)
class Opened:
    """A page in a context of its own; leaving the ``with`` block closes both."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Console errors, uncaught errors, and requests that leave the site."""

    def wait_until_drawn(self) -> None:
        """Wait for two frames: the first computes styles and layout, the second has drawn them."""
        self.page.evaluate(_DRAWN)

    def too_wide(self) -> bool:
        """Tell whether a reader would have to scroll sideways to see all of the page."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def shifts(self) -> list[str]:
        """Return each layout shift, with what moved; of a page loaded late, since its scripts."""
        self.wait_until_drawn()
        found: list[str] = self.page.evaluate("window.hcShifts")
        return found

    def reload_late(self) -> None:
        """Load the page again; scripts arrive when it is drawn, as with ``late`` at the start."""
        _load_before_scripts(self.page, lambda: self.page.reload(wait_until="commit"))

    def grounds(self) -> set[str]:
        """Return the colours that were behind the page in any frame since it began to load."""
        found: list[str] = self.page.evaluate("window.hcGrounds")
        return set(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.page.context.close()


def open_page(
    browser: Browser,
    address: str | Path,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    script: bool = True,
    late: bool = False,
) -> Opened:
    """Open an address, or a file by its path, in an empty browser; wait until all has loaded.

    ``width`` is in CSS pixels: 200 % zoom of a window of 1280 is a width of 640. With ``late``,
    scripts that do not hold up the page arrive when it is drawn, as on a slow connection.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        java_script_enabled=script,
    )
    context.add_init_script(_WATCH_SHIFTS)
    context.add_init_script(_WATCH_GROUND)
    opened = Opened(page=context.new_page())
    where = address.as_uri() if isinstance(address, Path) else address
    _listen(opened, home=where)
    if late:
        page = opened.page
        _load_before_scripts(page, lambda: page.goto(where, wait_until="commit"))
    else:
        opened.page.goto(where)
    return opened


def is_at_home(address: str, home: str) -> bool:
    """Tell whether a request stays with the page: in its origin, or made by the page itself."""
    asked, own = urlsplit(address), urlsplit(home)
    if asked.scheme in {"data", "blob", "about"}:
        return True
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)


def _load_before_scripts(page: Page, load: Callable[[], object]) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(_LATE, hold)
    load()
    page.wait_for_function(_PARSED_AND_PAINTED)
    page.evaluate(_DRAWN)
    page.evaluate(_FORGET_SHIFTS)
    for route in held:
        route.continue_()
    page.wait_for_load_state()
    page.unroute(_LATE, hold)


def _listen(opened: Opened, *, home: str) -> None:
    page, complaints = opened.page, opened.complaints
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if is_at_home(request.url, home)
            else complaints.append(f"request to {request.url}")
        ),
    )
