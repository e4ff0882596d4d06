"""Charts of images: layers as a waterfall, groups as bars, sizes beside targets.

Each is a picture of a table beside it. Hidden or avoidable bytes are hatched, and every bar has its
words and its number, so no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hcreport.model import ImageTarget
from hcreport.render.charts import WIDTH
from hcreport.render.escape import one_line
from hcreport.units import Bytes, gb, percent, total

ROW = 44
"""Height of a label with its bar below."""

LABEL = 34
"""Letters of a label before it is cut: more would touch the number at the right."""

SHORT_LABEL = 24
"""The same where a target stands beside the number."""

KEPT_LAYERS = 7
"""Layers with a bar of their own, the largest; what lies between them is drawn together."""

KEPT_BARS = 12
"""Bars of other charts, the largest; the rest is in the table."""

_LEAST_SHARE = 0.0001
"""The smallest share that two digits after the point can show."""

PieceKind = Literal["own", "base", "hidden", "group", "target", "avoidable"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One part within a bar."""

    kind: PieceKind
    left: float
    width: float


@dataclass(frozen=True, kw_only=True)
class PieceBar:
    """Words, a number, and parts of one scale."""

    label: str
    value: str
    top: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class PieceChart:
    """Bars below each other."""

    title: str
    description: str
    bars: tuple[PieceBar, ...]
    caption: str
    width: int = WIDTH

    @property
    def height(self) -> int:
        """Height of the drawing."""
        return len(self.bars) * ROW


@dataclass(frozen=True, kw_only=True)
class LayerBar:
    """One layer, or several in a row that are too small for a bar of their own; in bytes."""

    first: int
    """Number of the layer, from 1 for the oldest."""
    last: int
    what: str
    """Its instruction; empty where several are drawn together."""
    size: Bytes
    hidden: Bytes
    base: bool

    @property
    def label(self) -> str:
        """Its number and its words."""
        if self.last > self.first:
            return cut(f"{self.first} to {self.last}, small layers{', base' if self.base else ''}")
        return cut(f"{self.first} {self.what}{', base' if self.base else ''}")

    @property
    def value(self) -> str:
        """Its size, and what of it is hidden."""
        hidden = f", {gb(self.hidden)} hidden" if self.hidden else ""
        return f"{gb(self.size)}{hidden}"


def cut(text: str, most: int = LABEL) -> str:
    """Return a text on one line and with at most so many letters."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def share_text(ratio: float) -> str:
    """Return a share as a percentage; one too small to print is not called nothing."""
    return (
        percent(ratio) if ratio == 0 or ratio >= _LEAST_SHARE else f"below {percent(_LEAST_SHARE)}"
    )


def layers_chart(name: str, layers: Sequence[LayerBar]) -> PieceChart | None:
    """Return the layers of an image as a waterfall: each starts where those below it end.

    The last bar is the whole image. None where there are no bytes.
    """
    whole = int(total(each.size for each in layers))
    if not whole:
        return None
    bars: list[PieceBar] = []
    before = 0
    drawn = together(layers)
    for each in drawn:
        seen = max(0, int(each.size) - int(each.hidden))
        pieces = (
            _piece("base" if each.base else "own", before, before + seen, whole),
            _piece("hidden", before + seen, before + int(each.size), whole),
        )
        bars.append(_bar(each.label, each.value, len(bars), pieces))
        before += int(each.size)
    hidden = int(total(each.hidden for each in layers))
    pieces = (
        _piece("own", 0, max(0, whole - hidden), whole),
        _piece("hidden", max(0, whole - hidden), whole, whole),
    )
    bars.append(_bar("The whole image", gb(whole), len(bars), pieces))
    caption = "Each bar starts where the layers below it end. The digits are those of the table."
    if hidden:
        caption += " Hatched bytes are in a layer, but no container sees them."
    return PieceChart(
        title=f"Layers of {one_line(name)}, the oldest first",
        description="; ".join(f"{each.label}: {each.value}" for each in drawn) + ".",
        bars=tuple(bars),
        caption=caption,
    )


def together(layers: Sequence[LayerBar]) -> list[LayerBar]:
    """Return the largest layers alone, and those between them as one, all in their order.

    Layers of the base and others are never drawn as one.
    """
    ordered = sorted(layers, key=lambda each: (-each.size, each.first))
    alone = {each.first for each in ordered[:KEPT_LAYERS]}
    found: list[LayerBar] = []
    for each in layers:
        last = found[-1] if found else None
        if (
            last is not None
            and last.first not in alone
            and each.first not in alone
            and last.base == each.base
        ):
            found[-1] = LayerBar(
                first=last.first,
                last=each.last,
                what="",
                size=last.size + each.size,
                hidden=last.hidden + each.hidden,
                base=each.base,
            )
        else:
            found.append(each)
    return found


def groups_chart(name: str, groups: Sequence[tuple[str, Bytes]]) -> PieceChart | None:
    """Return bars of what an image or a folder holds, from names and bytes, the largest first."""
    whole = int(total(size for _, size in groups))
    if not whole:
        return None
    largest = max(int(size) for _, size in groups)
    shown = groups[:KEPT_BARS]
    bars = tuple(
        _bar(
            cut(label),
            f"{gb(size)}, {share_text(int(size) / whole)}",
            position,
            (_piece("group", 0, int(size), largest),),
        )
        for position, (label, size) in enumerate(shown)
    )
    return PieceChart(
        title=f"What {one_line(name)} holds, by groups",
        description="; ".join(f"{label}: {gb(size)}" for label, size in shown) + ".",
        bars=bars,
        caption="" if len(shown) == len(groups) else "The smaller groups are in the table.",
    )


def targets_chart(images: Sequence[ImageTarget]) -> PieceChart | None:
    """Return sizes beside targets, of images from the largest; None where there are no bytes."""
    shown = images[:KEPT_BARS]
    largest = round(max((each.size.value for each in shown), default=0.0))
    if not largest:
        return None
    bars: list[PieceBar] = []
    for each in shown:
        size = round(each.size.value)
        left = min(round(each.target.value), size) if each.target else size
        pieces = (
            _piece("target", 0, left, largest),
            _piece("avoidable", left, size, largest),
        )
        could = "could be" if each.scanned else "at least"
        value = f"{gb(size)}, {could} {gb(left)}" if left < size else gb(size)
        bars.append(_bar(cut(each.image, SHORT_LABEL), value, len(bars), pieces))
    caption = "Hatched bytes are above the target."
    if any(each.target and not each.scanned for each in shown):
        caption += " Where layers were not read, some of them may be needed."
    if len(shown) < len(images):
        caption += " The smaller images are in the table."
    return PieceChart(
        title="What the images weigh, and what they could weigh",
        description="; ".join(f"{each.label}: {each.value}" for each in bars) + ".",
        bars=tuple(bars),
        caption=caption,
    )


def _bar(label: str, value: str, position: int, pieces: Sequence[Piece | None]) -> PieceBar:
    drawn = tuple(each for each in pieces if each is not None)
    return PieceBar(label=label, value=value, top=position * ROW, pieces=drawn)


def _piece(kind: PieceKind, start: int, end: int, scale: int) -> Piece | None:
    """Return the part from one byte to another; None where it has none. It can always be seen."""
    if end <= start:
        return None
    left, right = (round(WIDTH * each / scale, 1) for each in (start, end))
    width = max(2.0, round(right - left, 1))
    return Piece(kind=kind, left=min(left, round(WIDTH - width, 1)), width=width)
