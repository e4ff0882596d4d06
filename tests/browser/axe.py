"""Looks for barriers in an open page with axe-core, the engine that most tools use.

The script is read from the package axe-playwright-python; no request leaves the page for it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from tests.browser.opened import Opened, Scheme

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_THEMES: dict[Scheme, str] = {"light": "default", "dark": "slate"}

_SETTLED = """
scheme => document.body.dataset.mdColorScheme === scheme
  && document.getAnimations().every(each => each.playState !== "running")
"""

_RUN = """
only => axe.run(document, {runOnly: only, resultTypes: ["violations"], iframes: false})
"""


def prepare(opened: Opened) -> None:
    """Load axe-core into a page, and open what is folded: hidden text is not looked at."""
    page = opened.page
    page.evaluate(_script())
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def show(opened: Opened, *, width: int, scheme: Scheme) -> None:
    """Give a page another width in CSS pixels and another scheme, and wait until it shows them."""
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_function(_SETTLED, arg=_THEMES[scheme])
    opened.wait_until_drawn()


def violations(opened: Opened, *, contrast_only: bool = False) -> list[str]:
    """Return each barrier of a prepared page as one line: rule, element, and what axe says.

    With ``contrast_only``, only colours are looked at: another scheme changes nothing else.
    """
    only = {"type": "tag", "values": TAGS}
    if contrast_only:
        only = {"type": "rule", "values": ("color-contrast",)}
    found: list[dict[str, Any]] = opened.page.evaluate(_RUN, only)["violations"]
    return [f"{rule['id']}: {_line(node)}" for rule in found for node in rule["nodes"]]


def _line(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    reason = " ".join("; ".join(str(each["message"]) for each in checks).split())
    return f"{' '.join(map(str, node['target']))} | {reason} | {node['html'][:160]}"


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
