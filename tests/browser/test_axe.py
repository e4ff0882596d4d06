"""No page of the example puts up a barrier that axe-core finds: both schemes, desk and phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from hcreport.build import build_site
from hcreport.render.report import ReportSource
from tests.browser.axe import prepare, show, violations
from tests.browser.opened import SCHEMES, WIDTHS, open_page
from tests.browser.pages import PARTS, pages_of
from tests.browser.serving import Serving, serving
from tests.snapshots_folder import nearly_full, unhealthy, write

# Text of a contrast that is too low, in a folded part; and a picture that says nothing.
BARRIERS = """
<details><summary>More</summary><p style="color:#777;background:#999">pale</p></details>
<img src="data:,">
"""


def test_every_built_page_is_looked_at(site: Path) -> None:
    assert pages_of(site) == sorted(name for part in PARTS for name in pages_of(site, part))
    assert all(pages_of(site, part) for part in PARTS)


def test_a_barrier_would_be_found(browser: Browser, served: str) -> None:
    with open_page(browser, f"{served}/404.html") as opened:
        opened.page.evaluate("html => document.querySelector('article').innerHTML = html", BARRIERS)
        prepare(opened)
        for scheme in SCHEMES:
            show(opened, width=320, scheme=scheme)
            rules = {line.split(":")[0] for line in violations(opened)}
            assert {"color-contrast", "image-alt"} <= rules


@pytest.mark.parametrize("part", PARTS)
def test_axe_finds_no_barrier(
    browser: Browser, server: Serving, part: str, subtests: pytest.Subtests
) -> None:
    for name in pages_of(server.site, part):
        with subtests.test(page=name):
            everywhere = part == ""
            found = barriers(browser, f"{server.address}/{name}.html", everywhere=everywhere)
            assert found == ""


def test_axe_finds_no_barrier_in_a_history(browser: Browser, tmp_path: Path) -> None:
    """The example has one snapshot; here problems opened and got worse, and lines are drawn."""
    nearly_full(tmp_path, "v1.json", "2.json")
    write(tmp_path, 2, "3.json", containers=unhealthy("api"))
    (tmp_path / "hcreport.yml").write_text("snapshots_dir: .\n", encoding="utf-8")
    site = build_site(ReportSource(folder=tmp_path), tmp_path / "site").parent
    with serving(site) as served:
        assert barriers(browser, f"{served.address}/changes.html") == ""


def barriers(browser: Browser, address: str, *, everywhere: bool = True) -> str:
    """Return what axe finds, one line each with where.

    Narrow and dark at once is looked at ``everywhere`` only, to save time: what has other colours
    on a phone, such as the labels within tables, is on the main pages too.
    """
    found: dict[str, list[str]] = {}
    with open_page(browser, address) as opened:
        prepare(opened)
        for width in WIDTHS:
            for scheme in SCHEMES if everywhere or width == WIDTHS[0] else SCHEMES[:1]:
                show(opened, width=width, scheme=scheme)
                for line in violations(opened, contrast_only=scheme != SCHEMES[0]):
                    found.setdefault(line, []).append(f"{scheme} {width}px")
    return "\n".join(f"({', '.join(where)}) {line}" for line, where in found.items())
