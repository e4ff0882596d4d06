"""Every page of the built example, read without a browser: whole, named, at home and linked."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.site_html import Node, Page, read_page, read_pages

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mkdocs")

_OUTSIDE = re.compile(r"(?:https?:)?//[\w.-]+\.\w|@import", re.IGNORECASE)
_LOADED = ("src", "srcset", "data", "poster")

Check = Callable[[Page], Iterator[object]]


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Page]:
    """Every page of the site, parsed once."""
    return read_pages(site)


def strangers(page: Page) -> Iterator[object]:
    """Yield what a browser would load from another place, without being asked."""
    for node in page.root.walk():
        loaded = [node.attributes.get(name, "") for name in _LOADED]
        loaded += [node.attributes.get("href", "")] if node.tag in {"link", "use", "image"} else []
        loaded += [node.text()] if node.tag == "style" else []
        loaded += [node.attributes.get("style", "")]
        if any(_OUTSIDE.search(each) for each in loaded):
            yield node


def unnamed(page: Page) -> Iterator[object]:
    """Yield what a page lacks to be told from the others: title, description, heading, language."""
    if not page.root.all("html")[0].attributes.get("lang"):
        yield "no language"
    descriptions = [
        each.attributes.get("content", "")
        for each in page.root.all("meta")
        if each.attributes.get("name") == "description"
    ]
    if len(descriptions) != 1 or not descriptions[0].strip():
        yield f"descriptions {descriptions}"
    titles = [each.text() for each in page.root.all("title") if each.inside("head")]
    if len(titles) != 1 or not titles[0]:
        yield f"titles {titles}"
    if len(page.root.all("h1")) != 1:
        yield f"{len(page.root.all('h1'))} headings of the first level"


def repeated(page: Page) -> Iterator[object]:
    """Yield each id that a page has twice."""
    yield from (name for name, times in Counter(page.ids).items() if times > 1)


def dangling(page: Page) -> Iterator[object]:
    """Yield each element that names another by an id which the page lacks."""
    for node in page.article.walk():
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers"):
            if not set(node.attributes.get(name, "").split()) <= set(page.ids):
                yield node


def skipped(page: Page) -> Iterator[object]:
    """Yield each heading that stands more than one level below the one before it."""
    level = 0
    for node in page.article.all("h1", "h2", "h3", "h4", "h5", "h6"):
        here = int(node.tag[1])
        if here > level + 1:
            yield node
        level = here


def unlabelled(page: Page) -> Iterator[object]:
    """Yield each field without a name for it: text in its label, or an ``aria-label``."""
    named = {
        each.attributes["for"]
        for each in page.root.all("label")
        if "for" in each.attributes and (each.text() or each.attributes.get("aria-label"))
    }
    for node in page.article.all("input", "select", "textarea"):
        inside = node.inside("label") and _label_of(node).text()
        own = node.attributes.get("aria-label") or node.attributes.get("aria-labelledby")
        hidden = node.attributes.get("type") == "hidden"
        if not (inside or own or hidden or node.attributes.get("id") in named):
            yield node


def _label_of(node: Node) -> Node:
    while node.tag != "label" and node.parent is not None:
        node = node.parent
    return node


def silent(page: Page) -> Iterator[object]:
    """Yield each picture that says nothing to somebody who cannot see it."""
    for node in page.root.all("img"):
        if "alt" not in node.attributes:
            yield node
    for node in page.article.all("svg"):
        if node.attributes.get("aria-hidden") == "true":
            continue
        texts = {each.attributes.get("id"): each.text() for each in node.all("title", "desc")}
        names = node.attributes.get("aria-labelledby", "").split()
        said = [texts.get(name) for name in names]
        if node.attributes.get("role") != "img" or len(said) < 2 or not all(said):
            yield node


def headless(page: Page) -> Iterator[object]:
    """Yield each table whose columns have no heading."""
    yield from (each for each in page.article.all("table") if not each.all("th"))


CHECKS: Sequence[Check] = (
    strangers,
    unnamed,
    repeated,
    dangling,
    skipped,
    unlabelled,
    silent,
    headless,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_page_has_a_fault(pages: list[Page], check: Check) -> None:
    faults = [f"{page.path}: {fault}" for page in pages for fault in check(page)]
    assert not faults, "\n".join(faults)


def test_titles_tell_pages_apart(pages: list[Page]) -> None:
    titles = Counter(page.root.all("title")[0].text() for page in pages)
    assert [title for title, times in titles.items() if times > 1] == []


def test_links_lead_somewhere(site: Path, pages: list[Page]) -> None:
    ids = {page.path.as_posix(): set(page.ids) for page in pages}
    lost = [
        f"{page.path}: {node}"
        for page in pages
        for node in page.root.all("a")
        if not _leads(page, node.attributes.get("href", ""), site, ids)
    ]
    assert not lost, "\n".join(lost)


def _leads(page: Page, address: str, site: Path, ids: dict[str, set[str]]) -> bool:
    """Tell whether an address exists: a file of the site, and the place in it; or another site."""
    parts = urlsplit(address)
    if parts.scheme:
        return parts.scheme in {"https", "http", "mailto"}
    folder = "" if parts.path.startswith("/") else page.path.parent.as_posix()
    path = posixpath.normpath(posixpath.join(folder, unquote(parts.path).lstrip("/")))
    if not parts.path:
        path = page.path.as_posix()
    if parts.path.startswith("/") and page.path.name != "404.html":
        return False
    if (site / path).is_dir():
        path = posixpath.join(path, "index.html")
    if not (site / path).is_file():
        return False
    return not parts.fragment or unquote(parts.fragment) in ids.get(path, set())


FAULTY = """
<!doctype html><html><head><title>A</title><link rel=stylesheet href="https://cdn.example/x.css">
<style>@import "x.css";</style></head>
<body><article><h1 id="a">A</h1><h3>Deep</h3><p id="a" aria-describedby="b">x</p>
<input type="text"><img src="//cdn.example/x.png"><svg role="img"><title>t</title></svg>
<table><tr><td>1</td></tr></table></article></body></html>
"""


@pytest.mark.parametrize(
    ("check", "faults"),
    [
        (strangers, 3),
        (unnamed, 2),
        (repeated, 1),
        (dangling, 1),
        (skipped, 1),
        (unlabelled, 1),
        (silent, 2),
        (headless, 1),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_fault_would_be_found(tmp_path: Path, check: Check, faults: int) -> None:
    (tmp_path / "page.html").write_text(FAULTY, encoding="utf-8")
    page = read_page(tmp_path, Path("page.html"))
    assert len(list(check(page))) == faults


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("page.html#a", True),
        ("#a", True),
        ("#b", False),
        ("other.html", False),
        ("/page.html", False),
        ("https://example.org/", True),
        ("javascript:void(0)", False),
    ],
)
def test_a_lost_link_would_be_found(tmp_path: Path, address: str, leads: bool) -> None:
    (tmp_path / "page.html").write_text(FAULTY, encoding="utf-8")
    page = read_page(tmp_path, Path("page.html"))
    assert _leads(page, address, tmp_path, {"page.html": set(page.ids)}) is leads
