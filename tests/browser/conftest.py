"""What the tests in a real browser share: Chromium, and a server for the built site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.serving import Serving, serving
from tests.required import missing

# The same engine each time; the first has no windows, and takes a third of the time for a page.
_PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test of this folder, and excuse what the browser's driver warns about itself."""
    item.add_marker(pytest.mark.browser)
    item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning"))
    item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[Serving]:
    """That site on this machine, served with gzip; it counts what it sends."""
    with serving(site) as server:
        yield server


@pytest.fixture(scope="session")
def served(server: Serving) -> str:
    """The address of the served site, without a slash at its end."""
    return server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without it the tests skip, unless HCREPORT_REQUIRE names it."""
    executable = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if executable is None:
        missing("browser", "there is no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield started
        started.close()
