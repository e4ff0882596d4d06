"""Reads HTML into passages, links and tables, without the code that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.words.sentences import CODE

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(_HEADINGS, "heading"),
    **dict.fromkeys(("td", "th"), "cell"),
    **dict.fromkeys(("li", "dd", "dt"), "item"),
    **dict.fromkeys(("label", "summary", "legend", "button", "option"), "label"),
    **dict.fromkeys(("text", "title", "desc", "figcaption", "caption"), "drawing"),
    **dict.fromkeys(
        ("p", "div", "section", "form", "fieldset", "details", "ul", "ol", "dl", "output"),
        "paragraph",
    ),
    **dict.fromkeys(
        ("figure", "svg", "table", "thead", "tbody", "tr", "nav", "blockquote", "br"), ""
    ),
    **dict.fromkeys(("template", "aside", "header", "footer", "dialog"), ""),
}
"""What a text in an element is; elements that are not named stand inside a sentence."""

_UNREAD = frozenset({"pre", "script", "style"})
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SPOKEN = ("alt", "aria-label", "placeholder", "title")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One piece of text: a paragraph, a cell, an item, a heading, a label, a tooltip."""

    kind: str
    text: str


@dataclass
class Table:
    """A table by rows of cells, the head first."""

    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Reading:
    """What a reader meets on a page."""

    passages: list[Passage] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Text and target of each link."""
    tables: list[Table] = field(default_factory=list)

    @property
    def running(self) -> list[str]:
        """The texts that are read from their start to their end."""
        return [each.text for each in self.passages if each.kind in ("paragraph", "item")]


class _Reader(HTMLParser):
    """Follows the elements; a stack holds the kind of text each of them has."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Reading()
        self._stack: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._unread = 0
        self._code = 0
        self._link: tuple[str, list[str]] | None = None
        self._cell: list[str] | None = None

    def finished(self) -> Reading:
        """Return what was found, with a text that no element closed."""
        self._flush()
        return self.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag in _KINDS:
            self._flush()
        self._spoken(named)
        self._open(tag, named)
        if tag not in _VOID:
            hidden = named.get("aria-hidden") == "true" or named.get("class") == "headerlink"
            hidden = tag in _UNREAD or (hidden and tag != "svg")
            self._stack.append((tag, "unread" if hidden else _KINDS.get(tag, "inline")))
            self._unread += hidden

    def _open(self, tag: str, named: Mapping[str, str]) -> None:
        if tag == "table":
            self.found.tables.append(Table())
        elif tag == "tr" and self.found.tables:
            self.found.tables[-1].rows.append([])
        elif tag in ("td", "th") and self.found.tables and self.found.tables[-1].rows:
            self._cell = []
        elif tag == "a" and "href" in named and named.get("class") != "headerlink":
            self._link = (named["href"], [])
        elif tag == "code" and not self._unread:
            if not self._code:
                self._say(CODE)
            self._code += 1

    def _spoken(self, named: Mapping[str, str]) -> None:
        """Keep what a pointer or a screen reader says, and the words that a script will show."""
        for name, value in named.items():
            shown = name.startswith("data-") and " " in value.strip()
            if (name in _SPOKEN or shown) and not self._unread and value.strip():
                self.found.passages.append(Passage(kind="attribute", text=value.strip()))

    def handle_endtag(self, tag: str) -> None:
        if tag in _KINDS:
            self._flush()
        if tag == "code" and self._code:
            self._code -= 1
        if tag == "a" and self._link:
            target, said = self._link
            self.found.links.append((_line(said), target))
            self._link = None
        if tag in ("td", "th") and self._cell is not None:
            self.found.tables[-1].rows[-1].append(_line(self._cell))
            self._cell = None
        while any(name == tag for name, _ in self._stack):
            name, kind = self._stack.pop()
            self._unread -= kind == "unread"
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._unread and not self._code:
            self._say(data)

    def _say(self, text: str) -> None:
        self._text.append(text)
        if self._link:
            self._link[1].append(text)
        if self._cell is not None:
            self._cell.append(text)

    def _flush(self) -> None:
        text = _line(self._text)
        self._text.clear()
        kinds = [kind for _, kind in self._stack if kind not in ("inline", "unread", "")]
        kind = kinds[-1] if kinds else "paragraph"
        if kind == "paragraph":
            kind = next((each for each in ("cell", "item") if each in kinds), kind)
        if text:
            self.found.passages.append(Passage(kind=kind, text=text))


def _line(parts: list[str]) -> str:
    return " ".join("".join(parts).split())


def read(html: str) -> Reading:
    """Return what a reader meets in an HTML text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()
