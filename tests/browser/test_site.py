"""The built example in a real browser: what a person who opens the file sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hcreport.build import build_site
from hcreport.render.report import ReportSource, example_snapshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

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

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's site, built with the packaged configuration."""
    folder = tmp_path_factory.mktemp("project")
    source = ReportSource(folder=folder, snapshot=example_snapshot())
    return build_site(source, folder / "site").parent


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without it the tests skip, unless HCREPORT_REQUIRE names it."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        if "browser" in os.environ.get("HCREPORT_REQUIRE", ""):
            pytest.fail("HCREPORT_REQUIRE asks for a browser and there is no Chromium")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


def _open(
    browser: Browser,
    path: Path,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
) -> tuple[Page, list[str]]:
    """Open a page of the site from disk; returns it with the complaints it caused."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    complaints: list[str] = []
    page.on("console", lambda message: _note(complaints, message.type, message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _note_request(complaints, request.url))
    page.goto(path.as_uri())
    return page, complaints


def _note(complaints: list[str], kind: str, text: str) -> None:
    # Browsers refuse to read search_index.json from disk; the search that works there is not
    # part of these pages yet.
    if kind == "error" and "search_index" not in text and "ERR_FAILED" not in text:
        complaints.append(text)


def _note_request(complaints: list[str], address: str) -> None:
    if not address.startswith(("file:", "data:", "blob:")):
        complaints.append(f"request to {address}")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_and_stay_at_home(
    browser: Browser, site: Path, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page, complaints = _open(browser, site / f"{name}.html", width=width, scheme=scheme)
    assert page.locator("h1").count() == 1
    sizes = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert sizes[0] <= sizes[1]
    assert complaints == []
    page.close()


def test_the_report_is_there_without_script(browser: Browser, site: Path) -> None:
    page, _ = _open(browser, site / "index.html", script=False)
    text = page.locator("main").inner_text()
    assert "1.86 GiB" in text
    assert page.locator("main svg[role=img] title").count() >= 1
    page.close()


def test_the_final_table_needs_no_scrolling_on_a_phone(browser: Browser, site: Path) -> None:
    page, _ = _open(browser, site / "assessment.html", width=320, script=False)
    cells = page.locator(".hc-final tbody td")
    boxes = [cells.nth(each).bounding_box() for each in range(cells.count())]
    assert len(boxes) >= 5 * 5
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)
    labels = "getComputedStyle(document.querySelectorAll('.hc-final td')[1], '::before').content"
    assert page.evaluate(labels) == '"Evidence"'
    page.close()


def test_links_lead_from_the_index_to_a_service(browser: Browser, site: Path) -> None:
    page, _ = _open(browser, site / "services" / "index.html")
    page.locator("main table a").first.click()
    page.wait_for_load_state()
    assert "/services/" in page.url
    assert page.locator("h1").count() == 1
    page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_checklist_prints_on_one_page(
    browser: Browser, site: Path, tmp_path: Path, paper: str
) -> None:
    page, _ = _open(browser, site / "checklist.html", scheme="dark")
    pdf = tmp_path / "checklist.pdf"
    page.pdf(path=pdf, format=paper)
    page.close()
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1
