"""The report in a site of the user's own that has another theme than ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from playwright.sync_api import Browser, expect

from hcreport.render.report import example_snapshot
from tests.browser.opened import open_page

SETTINGS = """\
site_name: Theirs
theme: {{name: mkdocs, highlightjs: false}}
use_directory_urls: false
plugins: [search, hcreport: {{snapshot: {snapshot}, into: health}}]
"""


@pytest.fixture(scope="module")
def health(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report in a built site with MkDocs' own theme."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# Mine\n", encoding="utf-8")
    settings = folder / "mkdocs.yml"
    settings.write_text(SETTINGS.format(snapshot=example_snapshot()), encoding="utf-8")
    config = load_config(str(settings))
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    return folder / "site" / "health"


@pytest.mark.parametrize("name", ["index", "assessment", "checklist", "requirements", "images"])
def test_pages_fit_a_phone(browser: Browser, health: Path, name: str) -> None:
    with open_page(browser, health / f"{name}.html", width=320) as opened:
        assert not opened.too_wide()
        right = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
        assert opened.page.locator("[role=main] > *").evaluate_all(right) <= 320
        # What the theme's own script complains of is the theme's.
        assert [each for each in opened.complaints if each.startswith("request")] == []


def test_chart_boxes_and_tabs_are_there(browser: Browser, health: Path) -> None:
    with open_page(browser, health / "index.html", width=320) as opened:
        chart = opened.page.locator("svg[role=img]").first
        expect(chart).to_be_visible()
        filled = (
            "all => all.map(each => getComputedStyle(each).fill).filter(fill => fill !== 'none')"
        )
        colours = set(chart.locator("rect").evaluate_all(filled))
        # Without our colours every bar would be black.
        assert len(colours - {"rgb(0, 0, 0)"}) >= 2
    with open_page(browser, health / "checklist.html", width=320) as opened:
        boxes = opened.page.locator("[role=main] input[type=checkbox]")
        expect(boxes.first).to_be_visible()
        assert boxes.count() >= 2
    with open_page(browser, health / "requirements.html") as opened:
        tabs = opened.page.locator(".tabbed-set").first
        parts = tabs.locator(".tabbed-block")
        expect(parts.nth(0)).to_be_visible()
        expect(parts.nth(1)).not_to_be_visible()
        tabs.locator("label").nth(1).click()
        expect(parts.nth(1)).to_be_visible()
        expect(parts.nth(0)).not_to_be_visible()
