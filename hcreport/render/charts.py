"""Charts as numbers: where each part of each bar stands, for one template to draw as SVG.

A chart is an accessible picture of a table that stands beside it, so it holds no number of its
own. Across, lengths are in percent of the drawing; down, they are in ``em``, the size of its
text. So a drawing fills its place, and its text is as large as that of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import east_asian_width

from hcreport.render.escape import one_line

LINE = 20.0
"""How wide a line of text may be, in em: the style sheet keeps the text to a 20th of the width."""

LEAST = 1.0
"""Percent of the width that even the smallest known part has: it can always be seen."""

OPEN = 5.0
"""Percent of the width of the mark for what was not measured."""

_AROUND = 0.35
"""Room around the words in a part, in em."""

_MARK = 0.4
"""Room that an upright line takes to each side, in em."""

_BAR = 1.3
"""Height of a bar in em; digits fit into it."""

_SLIM = 0.8
"""The same where no bar has digits or a line."""

_GAP = 0.6
"""Room between words and the bar below them, in em: letters reach below their line."""

Look = Literal["tone-1", "tone-2", "tone-3", "tone-4", "hatched", "empty"]
"""Four tones for what is known. Hatched may go, may come, or is not known; empty is free."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part before it is drawn."""

    look: Look
    size: int
    """In bytes."""
    mark: str = ""
    """Number of its row in the table."""
    name: str = ""
    """What it is called where there is room for it."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part within a bar; its place is in percent of the width."""

    look: Look
    left: float
    width: float
    mark: str = ""
    name: str = ""

    @property
    def right(self) -> float:
        """Where it ends."""
        return round(self.left + self.width, 2)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An upright line across a bar, in percent of the width."""

    at: float
    broken: bool = False


@dataclass(frozen=True, kw_only=True)
class Words:
    """What stands in a part, with its middle in percent of the width."""

    text: str
    at: float
    look: Look


@dataclass(frozen=True, kw_only=True)
class Row:
    """Words, a number, and a bar: what one row of a drawing shows."""

    label: str
    value: str
    parts: tuple[Part, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row with its place in the drawing; heights are in em from the top."""

    row: Row
    label_at: float
    """Of the line that the words stand on."""
    value_at: float
    top: float
    words: tuple[Words, ...]
    words_at: float
    mark_from: float
    mark_to: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars below each other."""

    title: str
    description: str
    """All its numbers in words."""
    bars: tuple[Bar, ...]
    caption: str
    below: bool
    """Values stand below their labels: not all of them fit beside each other."""
    height: float
    thickness: float
    """Of a bar, in em."""


def chart(*, title: str, description: str, rows: Sequence[Row], caption: str = "") -> Chart:
    """Return rows as a drawing, each label with its value beside it or, where need be, below it."""
    below = any(width_of(each.label) + width_of(each.value) + 1 > LINE for each in rows)
    text = 2.45 if below else 1.1
    marked = any(row.marks or any(part.mark for part in row.parts) for row in rows)
    bar = _BAR if marked else _SLIM
    step = text + _GAP + bar + 0.8
    bars = []
    for position, row in enumerate(rows):
        start = position * step
        top = start + text + _GAP
        bars.append(
            Bar(
                row=row,
                label_at=round(start + 1.1, 2),
                value_at=round(start + text, 2),
                top=round(top, 2),
                words=words_of(row),
                words_at=round(top + 1.0, 2),
                mark_from=round(top - 0.25, 2),
                mark_to=round(top + bar + 0.25, 2),
            )
        )
    return Chart(
        title=title,
        description=description,
        bars=tuple(bars),
        caption=caption,
        below=below,
        height=round(len(rows) * step - 0.4, 2),
        thickness=bar,
    )


def words_of(row: Row) -> tuple[Words, ...]:
    """Return what stands in the parts of a row: digit and name, the digit alone, or nothing.

    Words stand where the part is widest between the upright lines, and only where they fit.
    """
    found = (_words(part, row.marks) for part in row.parts)
    return tuple(each for each in found if each is not None)


def _words(part: Part, marks: Sequence[Mark]) -> Words | None:
    edges = [part.left]
    for each in sorted(marks, key=lambda mark: mark.at):
        room = 100 * _MARK / LINE
        edges += [each.at - room, each.at + room]
    edges.append(part.right)
    spans = [
        (max(left, part.left), min(right, part.right))
        for left, right in zip(edges[::2], edges[1::2], strict=True)
    ]
    left, right = max(spans, key=lambda span: span[1] - span[0])
    for text in (f"{part.mark} {one_line(part.name)}" if part.name else "", part.mark):
        if text and width_of(text) + _AROUND <= LINE * (right - left) / 100:
            return Words(text=text, at=round((left + right) / 2, 2), look=part.look)
    return None


def stacked(shares: Iterable[Share], scale: float, *, start: float = 0) -> tuple[Part, ...]:
    """Return shares end to end, of a width that stands for ``scale`` bytes.

    ``start`` is where the first begins, in bytes. Those without bytes are left out. The smallest
    are widened so that they can be seen, and the others make room for them: together they are as
    wide as their sum, unless that would be too narrow to see each of them.
    """
    drawn = [each for each in shares if each.size > 0]
    widths = _visible([100 * each.size / scale for each in drawn])
    edge = min(100 * start / scale, 100 - sum(widths))
    parts = []
    for share, width in zip(drawn, widths, strict=True):
        left, right = round(max(0.0, edge), 2), round(min(100.0, edge + width), 2)
        parts.append(
            Part(
                look=share.look,
                left=left,
                width=round(right - left, 2),
                mark=share.mark,
                name=share.name,
            )
        )
        edge += width
    return tuple(parts)


def open_end(parts: Sequence[Part]) -> Part:
    """Return the mark for what was not measured, which stands behind the parts that were."""
    left = min(parts[-1].right if parts else 0.0, 100 - OPEN)
    return Part(look="hatched", left=left, width=OPEN, mark="?")


def mark_at(size: int, scale: float, *, broken: bool = False) -> Mark:
    """Return the upright line at a size in bytes, within the drawing."""
    return Mark(at=within(100 * size / scale), broken=broken)


def within(percent: float) -> float:
    """Return where a line can be seen whole: not on the very edge of the drawing."""
    return min(max(round(percent, 2), 0.4), 99.6)


def _visible(widths: Sequence[float]) -> list[float]:
    """Return widths of at least ``LEAST`` with the same sum, where that is possible."""
    wide = [max(LEAST, each) for each in widths]
    spare = sum(each - LEAST for each in wide)
    excess = min(sum(wide) - sum(widths), spare)
    if not spare:
        return wide
    return [each - excess * (each - LEAST) / spare for each in wide]


def width_of(text: str) -> float:
    """Return how wide a text is at most, in em: letters of the widest usual font, Verdana's kin."""
    return sum(map(_letter, text))


def _letter(letter: str) -> float:
    if letter in "ijlI.,:;'!|()[]/ ":
        return 0.4
    if letter in "mwMWQO@%…" or not letter.isascii():
        return 1.0 if east_asian_width(letter) not in "WF" else 1.1
    return 0.78 if letter.isupper() else 0.65


def cut(text: str, *, most: float = LINE, keep_end: bool = False) -> str:
    """Return a text on one line that is at most so many em wide, cut where it is longer.

    ``keep_end`` cuts its beginning: names of images differ in their ends.
    """
    line = one_line(text)
    if width_of(line) <= most:
        return line
    letters = list(reversed(line)) if keep_end else list(line)
    kept, width = [], width_of("…")
    for letter in letters:
        width += _letter(letter)
        if width > most:
            break
        kept.append(letter)
    if keep_end:
        return f"…{''.join(reversed(kept)).lstrip()}"
    return f"{''.join(kept).rstrip()}…"
