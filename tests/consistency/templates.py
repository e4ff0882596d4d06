"""Takes a template's source apart: where it prints something, under which label, and its prose.

A label is what a reader sees around the place: the column and the row of a table, or the words
before and after it. Addresses, anchors and drawings are no prose: no reader reads a number there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hcreport.render.templating import templates_folder
from tests.consistency.reading import piped

FOLDER = templates_folder() / "pages"

_STRING = r'"[^"]*"|\'[^\']*\''
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_CODE = re.compile(
    rf"(?P<open>\{{\{{|\{{%)-?(?P<body>(?:{_STRING}|[^\"'}}%]|[}}%](?!}}))*?)-?(?:\}}\}}|%\}})"
)
# Where no reader reads: tags but the text of a title, targets of links, anchors and classes.
_TITLE = re.compile(r'<[^<>]*\b(?:title|aria-label|alt)="(?P<title>[^"]*)"[^<>]*>')
_UNREAD = re.compile(r"</?[a-zA-Z][^<>]*>|(?<=\])\([^()\s]*\)|\{:[^}]*\}|^\s*\d+\. ", re.MULTILINE)

# Stand-ins for what the template prints, so that text around them can be cut and counted.
_FIRST = 0xE000
_PLACE = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + 0xFFF)}]")

WORDS_BEFORE, WORDS_AFTER = 4, 2


@dataclass(frozen=True, kw_only=True)
class Place:
    """One expression of a template that prints something for a reader, or a name it sets."""

    template: str
    line: int
    start: int
    """Where its delimiters begin in the source, and where they end."""
    end: int
    expression: str
    label: str
    sets: bool = False
    """It is a ``set`` statement: it prints nothing, and decides what others print."""


class Template:
    """One template, taken apart."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        text = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
        self.codes = list(_CODE.finditer(text))
        self._printed: list[re.Match[str]] = []
        self._text = _CODE.sub(self._stand_in, text)

    def _stand_in(self, match: re.Match[str]) -> str:
        lines = "\n" * match.group().count("\n")
        if match["open"] == "{%":
            return lines
        self._printed.append(match)
        return chr(_FIRST + len(self._printed) - 1) + lines

    @cached_property
    def prose(self) -> str:
        """Return what a reader may read, with a stand-in for each printed expression."""
        titled = _TITLE.sub(lambda match: f" {match['title']} ", self._text)
        return _UNREAD.sub(" ", titled)

    @property
    def expressions(self) -> Iterator[str]:
        """Yield the code of each expression and statement."""
        for match in self.codes:
            yield match["body"].strip()

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Return every place that a reader reads, and every ``set``, in the source's order."""
        read = {ord(found) - _FIRST for found in _PLACE.findall(self.prose)}
        labels = self._labels()
        found = [
            self._place(match, labels[number])
            for number, match in enumerate(self._printed)
            if number in read
        ]
        for match in self.codes:
            body = match["body"].strip()
            if match["open"] == "{%" and body.startswith("set ") and "=" in body:
                names, _, value = body.removeprefix("set ").partition("=")
                place = self._place(match, f"set {names.strip()}", value.strip(), sets=True)
                found.append(place)
        return tuple(sorted(found, key=lambda each: each.start))

    def _place(
        self, match: re.Match[str], label: str, expression: str = "", *, sets: bool = False
    ) -> Place:
        return Place(
            template=self.name,
            line=self.source.count("\n", 0, match.start()) + 1,
            start=match.start(),
            end=match.end(),
            expression=expression or match["body"].strip(),
            label=label,
            sets=sets,
        )

    def _labels(self) -> dict[int, str]:
        """Return the label of each place by its number."""
        found: dict[int, str] = {}
        header: list[str] = []
        lines = piped(self._text).split("\n")
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if line.startswith("|") and re.match(r"\|\s*:?--", _next_rule(lines, line, following)):
                header = [_words(cell) for cell in line.strip().strip("|").split("|")]
            if line.startswith("|"):
                found |= _labels_in_row(line, header)
            else:
                found |= _labels_in_text(line)
        return found


def _next_rule(lines: list[str], line: str, following: str) -> str:
    """Return the line that may underline a head; statements alone on a line leave it empty."""
    if following.strip():
        return following
    position = lines.index(line)
    return next((each for each in lines[position + 1 : position + 3] if each.strip()), "")


def _labels_in_row(line: str, header: list[str]) -> dict[int, str]:
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    row = _words(cells[0])
    found = {}
    for position, cell in enumerate(cells):
        column = header[position] if position < len(header) else ""
        label = " / ".join(filter(None, (row.strip("…* "), column.strip("* "))))
        around = _labels_in_text(cell)
        for number, words in around.items():
            bare = words.strip("… ")
            found[number] = f"{label}: {words}" if bare and bare != row.strip("… ") else label
    return found


def _labels_in_text(text: str) -> dict[int, str]:
    found = {}
    for match in _PLACE.finditer(text):
        before = _words(text[: match.start()]).split()[-WORDS_BEFORE:]
        after = _words(text[match.end() :]).split()[:WORDS_AFTER]
        found[ord(match.group()) - _FIRST] = " ".join((*before, "…", *after))
    return found


def _words(text: str) -> str:
    """Return text as a reader sees it, with dots for what is printed."""
    whole = re.sub(r"<[^<>]*$|^[^<>]*>", " ", text)  # cut in the middle of a tag
    plain = _UNREAD.sub(" ", _PLACE.sub("…", whole))
    return " ".join(re.sub(r"[*`\[\]]", "", plain).split())


def templates(folder: Path = FOLDER) -> dict[str, Template]:
    """Return every template of a folder by its name."""
    return {
        path.relative_to(folder).as_posix(): Template(
            path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
        )
        for path in sorted(folder.rglob("*.j2"))
    }
