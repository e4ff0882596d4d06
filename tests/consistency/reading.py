"""Reads a page as a reader does: its lines, and its tables by row and column."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n(?:<!--.*?-->\n)?", re.DOTALL)
# The exact bytes that a pointer over a figure shows are part of what a page says.
_TITLED = re.compile(r'<span[^<>]*\btitle="([^"]*)"[^<>]*>(.*?)</span>')
_DRAWN = re.compile(r"</text>\n<text[^<>]*text-anchor=\"end\"[^<>]*>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^()\s]*(?: \"[^\"]*\")?\)(?:\{[^}]*\})?")
_ANCHOR = re.compile(r"\s*\{: [^}]*\}")
_RULED = re.compile(r"\|\s*:?-{3,}")
_HTML_ROW = re.compile(r"^(<table><thead>)?<tr>(.*)</tr>(?:</thead><tbody>)?$", re.MULTILINE)
_HTML_CELL = re.compile(r"<(t[hd])[^<>]*>(.*?)</\1>")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table, with where it stands."""

    headings: tuple[str, ...]
    """The headings above it, the page's own first."""
    columns: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the row is about: its first cell."""
        return self.cells[0]

    def cell(self, column: str) -> str | None:
        """Return a cell by its column's head; None where the table has none such."""
        return self.cells[self.columns.index(column)] if column in self.columns else None


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line that is no row of a table."""

    headings: tuple[str, ...]
    text: str


def lines(page: str) -> Iterator[Row | Line]:
    """Yield what stands on a page, in its order; commands and rules between rows are left out."""
    headings: list[str] = []
    columns: tuple[str, ...] = ()
    raw = _DRAWN.sub(" ", piped(_FRONT_MATTER.sub("", page))).splitlines()
    for number, line in enumerate(raw):
        following = raw[number + 1] if number + 1 < len(raw) else ""
        if line.startswith("|") and _RULED.match(following):
            columns = _cells(line)
        elif line.startswith("|") and not _RULED.match(line):
            yield Row(headings=tuple(headings), columns=columns, cells=_cells(line))
        elif found := re.match(r"(#+) (.*)", line):
            del headings[len(found[1]) - 1 :]
            headings.append(plain(found[2]))
            yield Line(headings=tuple(headings), text=headings[-1])
        elif not line.startswith(("|", "<pre>", "{:")) and line.strip():
            yield Line(headings=tuple(headings), text=plain(line))


def piped(text: str) -> str:
    """Return a page or a template in which tables in HTML, a row a line, are written with pipes."""
    return _HTML_ROW.sub(_piped_row, text).replace("</tbody></table>", "")


def _piped_row(row: re.Match[str]) -> str:
    cells = [content for _, content in _HTML_CELL.findall(row[2])]
    rule = f"\n|{' --- |' * len(cells)}" if row[1] else ""
    return f"| {' | '.join(cells)} |{rule}"


def _cells(line: str) -> tuple[str, ...]:
    return tuple(plain(each) for each in line.strip().strip("|").split("|"))


def plain(text: str) -> str:
    """Return text without its markup, on one line; exact bytes follow their figure in brackets."""
    shown = _TITLED.sub(r"\2 (\1)", text)
    shown = _LINK.sub(r"\1", _LINK.sub(r"\1", _TAG.sub(" ", shown)))
    shown = html.unescape(_ANCHOR.sub("", shown))
    return " ".join(re.sub(r"[*`]", "", shown).split())
