"""How many lines a text takes on paper, from the widths of letters: never fewer than printed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

MILLIMETRES_PER_POINT = 25.4 / 72

# Widths as parts of the letters' size, measured in Chromium: those of Arial, Helvetica and
# Liberation Sans, which are the same.
_REGULAR_LETTERS: Mapping[float, str] = MappingProxyType(
    {
        0.191: "'",
        0.222: "ijl",
        0.278: " !,./:;I[\\]ft|·",
        0.334: "()-`r{}",
        0.389: '*"',
        0.469: "^",
        0.5: "Jcksvxyz",
        0.556: "0123456789#$?L_abdeghnopqu",
        0.584: "+<=>~",
        0.611: "FTZ",
        0.667: "&ABEKPSVXY",
        0.722: "CDHNRUw",
        0.778: "GOQ",
        0.833: "Mm",
        0.889: "%",
        0.944: "W",
        1.015: "@",
    }
)
_BOLD_LETTERS: Mapping[float, str] = MappingProxyType(
    {
        0.238: "'",
        0.28: " ,./I\\ijl|·",
        0.333: "!()-:;[]`ft",
        0.389: "*r{}",
        0.474: '"',
        0.5: "z",
        0.556: "0123456789#$J_aceksvxy",
        0.584: "+<=>^~",
        0.611: "?FLTZbdghnopqu",
        0.667: "EPSVXY",
        0.722: "&ABCDHKNRU",
        0.778: "GOQw",
        0.833: "M",
        0.889: "%m",
        0.944: "W",
        0.975: "@",
    }
)
_REGULAR, _BOLD = (
    {letter: width for width, letters in found.items() for letter in letters}
    for found in (_REGULAR_LETTERS, _BOLD_LETTERS)
)

_LATIN_END = 0x250
_LATIN = 1.0
_OTHER = 1.4
"""Of letters that Arial may not hold: the widest of them, pictures among them, are about that."""

_MONOSPACED = 0.602


def lines(text: str, *, width: float, points: float, bold: bool = False) -> int:
    """Return how many lines a paragraph takes at most.

    ``width`` is that of the column in millimetres, ``points`` the size of the letters. It breaks
    at spaces alone, where a browser also breaks at hyphens: that never needs more lines.
    """
    widths = _BOLD if bold else _REGULAR
    room = width / (points * MILLIMETRES_PER_POINT)
    words = (
        sum(widths.get(letter) or _unusual(letter) for letter in word) for word in text.split()
    )
    return _filled(words, room, widths[" "])


def code_lines(text: str, *, width: float, points: float) -> int:
    """Return how many lines of equally wide letters a command takes at most."""
    room = width / (points * MILLIMETRES_PER_POINT)
    rows = text.split("\n")
    return sum(_filled(_code_words(row), room, _MONOSPACED) for row in rows)


def _code_words(row: str) -> Iterator[float]:
    # Spaces are kept there: two in a row are an empty word between them.
    for word in row.split(" "):
        yield sum(_MONOSPACED if letter.isascii() else _OTHER for letter in word)


def _filled(words: Iterator[float], room: float, space: float) -> int:
    """Return the lines that words of these widths fill, at least one."""
    found, left = 1, room
    for word in words:
        if word > room:
            # Broken anywhere, perhaps at hyphens first: two lines in a row are more than one full.
            found, left = found + math.ceil(2 * word / room), 0
        elif word > left:
            found, left = found + 1, room - word - space
        else:
            left -= word + space
    return found


def _unusual(letter: str) -> float:
    return _LATIN if ord(letter) < _LATIN_END else _OTHER
