"""Reads a built page into a small tree, so that tests can ask what is in it without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

_EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}


@dataclass(eq=False, kw_only=True)
class Node:
    """One element of a page."""

    tag: str
    line: int
    """Where it begins in the file."""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)
    parent: Node | None = None

    def __str__(self) -> str:
        attributes = "".join(f' {name}="{text}"' for name, text in self.attributes.items())
        return f"line {self.line} <{self.tag}{attributes}>"

    def walk(self) -> Iterator[Node]:
        """Yield this element and every one in it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, *tags: str) -> list[Node]:
        """Return the elements in this one that have one of these tags."""
        return [each for each in self.walk() if each.tag in tags]

    def first(self, tag: str) -> Node | None:
        """Return the first element with a tag, or None."""
        return next(iter(self.all(tag)), None)

    def inside(self, tag: str) -> bool:
        """Tell whether it stands in an element with this tag."""
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))

    def text(self) -> str:
        """Return its text with single spaces."""
        parts = (each.text() if isinstance(each, Node) else each for each in self.children)
        return " ".join(" ".join(parts).split())


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a site."""

    path: Path
    """Relative to the site."""
    root: Node

    @cached_property
    def ids(self) -> list[str]:
        """Every id, in order; one that stands there twice is in the list twice."""
        return [each.attributes["id"] for each in self.root.walk() if "id" in each.attributes]

    @cached_property
    def article(self) -> Node:
        """What the report or the guide says, without the theme's header, menus and footer."""
        found = self.root.first("article")
        assert found is not None, f"{self.path} has no article"
        return found


def read_page(site: Path, path: Path) -> Page:
    """Return a page of a site by its relative path."""
    reader = _Reader()
    reader.feed((site / path).read_text(encoding="utf-8"))
    reader.close()
    return Page(path=path, root=reader.root)


def read_pages(site: Path) -> list[Page]:
    """Return every page of a site, sorted by path."""
    return [read_page(site, path.relative_to(site)) for path in sorted(site.rglob("*.html"))]


class _Reader(HTMLParser):
    """Builds the tree; an end tag closes what was left open in its element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node(tag="document", line=0)
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = self._add(tag, attrs)
        if tag not in _EMPTY:
            self._open = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self._open
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self._open = node.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> Node:
        attributes = {name: value or "" for name, value in attrs}
        line, _ = self.getpos()
        node = Node(tag=tag, line=line, attributes=attributes, parent=self._open)
        self._open.children.append(node)
        return node
