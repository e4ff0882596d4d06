"""Finds the blocks of code in the pages that people read, and the commands in their sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.generated import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("**/*.md")),
)
"""Every page of ours that is written down; pages that hcreport makes are not among them."""

LANGUAGES = ("sh", "yaml", "json", "jinja", "text", "powershell")
"""What a block may be. A text is no example: it is a formula, or what a program prints."""

_OPENING = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<info>.*)$")
_FILE = re.compile(r"(?:# |\{# ?)(?P<file>[\w./-]+\.[\w.]+)(?: ?#\})?")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """One fenced block of code."""

    page: str
    """The page's path, relative to the project."""
    line: int
    """Number of the line with the opening fence, from 1 on."""
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as an editor understands it."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that it is the whole content of, which its first line names as a comment."""
        match = _FILE.fullmatch(self.text.partition("\n")[0].rstrip())
        return match["file"] if match and self.language in ("yaml", "jinja") else None

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines that a reader types; a line that ends with a backslash goes on in the next."""
        joined = self.text.replace("\\\n", " ")
        lines = (re.sub(r"\s+", " ", each).strip() for each in joined.splitlines())
        return tuple(each for each in lines if each and not each.startswith("#"))


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """Yield the blocks of a page. Raises ValueError for one that is never closed."""
    opened: tuple[int, re.Match[str]] | None = None
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if opened is None:
            match = _OPENING.match(line)
            if match:
                opened, body = (number, match), []
        elif line.strip() == opened[1]["fence"]:
            yield Block(page, opened[0], opened[1]["info"].strip(), "\n".join(body) + "\n")
            opened = None
        else:
            body.append(line.removeprefix(opened[1]["indent"]))
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: the block is never closed")


def spans_of(text: str) -> tuple[str, ...]:
    """Return the code between single backticks, outside of the blocks of a page."""
    outside: list[str] = []
    fence = None
    for line in text.splitlines():
        match = _OPENING.match(line)
        if fence is None and match:
            fence = match["fence"]
        elif fence is not None:
            fence = None if line.strip() == fence else fence
        else:
            outside.append(line)
    return tuple(_SPAN.findall("\n".join(outside)))


def all_blocks() -> tuple[Block, ...]:
    """Return the blocks of every page."""
    return tuple(
        block
        for path in PAGES
        for block in blocks_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    )


def all_spans() -> tuple[tuple[str, str], ...]:
    """Return the page and the text of every span of code."""
    return tuple(
        (str(path.relative_to(ROOT)), span)
        for path in PAGES
        for span in spans_of(path.read_text(encoding="utf-8"))
    )
