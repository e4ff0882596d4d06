"""Prints pages with Chromium, and reads what came out with the programs of Poppler."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

Paper = Literal["A4", "Letter"]
PAPERS: tuple[Paper, ...] = ("A4", "Letter")

MILLIMETRE = 96 / 25.4
"""In CSS pixels."""
MARGIN_TOP, MARGIN_SIDE = 11, 14
"""Of a printed page in millimetres, as in ``styles/8-paper.css``."""

DOTS = 10
"""Dots per millimetre of :func:`dots_of`."""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A page on paper."""

    file: Path
    sheets: tuple[str, ...]
    """The text of each sheet."""

    @property
    def text(self) -> str:
        """All text without white space: lines on paper end where they must."""
        return squeezed("".join(self.sheets))


def squeezed(text: str) -> str:
    """Return text without white space."""
    return re.sub(r"\s", "", text)


def print_page(page: Page, file: Path, paper: Paper = "A4") -> Printed:
    """Print a page as a reader does who leaves all settings as they are."""
    page.pdf(path=file, format=paper)
    found = _run("pdftotext", "-raw", str(file), "-").decode()
    return Printed(file=file, sheets=tuple(found.split("\f")[:-1]))


def dots_of(printed: Printed, x: float, y: float, width: float, height: float) -> list[bytes]:
    """Return rows of grey dots, 0 black and 255 white, of a part of the first sheet.

    Positions and sizes are in millimetres.
    """
    box = (("-x", x), ("-y", y), ("-W", width), ("-H", height))
    area = [text for name, size in box for text in (name, str(round(size * DOTS)))]
    resolution = ("-r", str(DOTS * 25.4), "-f", "1", "-l", "1", "-gray")
    image = _run("pdftoppm", *resolution, *area, str(printed.file))
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", image)
    assert header, image[:20]
    columns, body = int(header[1]), image[header.end() :]
    return [body[start : start + columns] for start in range(0, len(body), columns)]


def _run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
