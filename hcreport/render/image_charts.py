"""Charts of images: layers as a waterfall, groups as bars, sizes beside targets.

Each is a picture of a table beside it. Hidden or avoidable bytes are hatched, and every bar has its
words and its number, so no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hcreport.model import ImageTarget
from hcreport.render.charts import Chart, Look, Row, Share, chart, cut, stacked
from hcreport.render.escape import one_line
from hcreport.units import Bytes, gb, percent, total

KEPT_LAYERS = 7
"""Layers with a bar of their own, the largest; what lies between them is drawn together."""

KEPT_BARS = 12
"""Bars of other charts, the largest; the rest is in the table."""

_LEAST_SHARE = 0.0001
"""The smallest share that two digits after the point can show."""

_OWN: Look = "tone-2"
_BASE: Look = "tone-4"
_HELD: Look = "tone-2"


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
    def words(self) -> str:
        """All of it, for a reader who does not see the drawing."""
        hidden = f", {gb(self.hidden)} hidden" if self.hidden else ""
        return f"{self.label}: {gb(self.size)}{hidden}"


def share_text(ratio: float) -> str:
    """Return a share as a percentage; one too small to print is not called nothing."""
    return (
        percent(ratio) if ratio == 0 or ratio >= _LEAST_SHARE else f"below {percent(_LEAST_SHARE)}"
    )


def layers_chart(name: str, layers: Sequence[LayerBar]) -> Chart | None:
    """Return the layers of an image as a waterfall: each starts where those below it end.

    The last bar is the whole image. None where there are no bytes.
    """
    whole = int(total(each.size for each in layers))
    if not whole:
        return None
    rows: list[Row] = []
    before = 0
    drawn = together(layers)
    for each in drawn:
        shares = _seen_and_hidden(each.size, each.hidden, base=each.base)
        parts = stacked(shares, whole, start=before)
        rows.append(Row(label=each.label, value=gb(each.size), parts=parts))
        before += int(each.size)
    hidden = total(each.hidden for each in layers)
    parts = stacked(_seen_and_hidden(Bytes(whole), hidden), whole)
    rows.append(Row(label="The whole image", value=gb(whole), parts=parts))
    caption = "Each bar starts where the layers below it end. The digits are those of the table."
    if hidden:
        caption += " Hatched bytes are in a layer, but no container sees them."
    return chart(
        title=f"Layers of {one_line(name)}, the oldest first",
        description="; ".join(each.words for each in drawn) + ".",
        rows=rows,
        caption=caption,
    )


def _seen_and_hidden(size: Bytes, hidden: Bytes, *, base: bool = False) -> tuple[Share, ...]:
    covered = min(int(hidden), int(size))
    return (
        Share(look=_BASE if base else _OWN, size=int(size) - covered),
        Share(look="hatched", size=covered),
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


def groups_chart(name: str, groups: Sequence[tuple[str, Bytes]]) -> Chart | None:
    """Return bars of what an image or a folder holds, from names and bytes, the largest first."""
    whole = int(total(size for _, size in groups))
    if not whole:
        return None
    largest = max(int(size) for _, size in groups)
    shown = groups[:KEPT_BARS]
    rows = [
        Row(
            label=cut(label),
            value=f"{gb(size)}, {share_text(int(size) / whole)}",
            parts=stacked([Share(look=_HELD, size=int(size))], largest),
        )
        for label, size in shown
    ]
    return chart(
        title=f"What {one_line(name)} holds, by groups",
        description="; ".join(f"{label}: {gb(size)}" for label, size in shown) + ".",
        rows=rows,
        caption="" if len(shown) == len(groups) else "The smaller groups are in the table.",
    )


def targets_chart(images: Sequence[ImageTarget]) -> Chart | None:
    """Return sizes beside targets, of images from the largest; None where there are no bytes."""
    shown = images[:KEPT_BARS]
    largest = round(max((each.size.value for each in shown), default=0.0))
    if not largest:
        return None
    rows: list[Row] = []
    for each in shown:
        size = round(each.size.value)
        left = min(round(each.target.value), size) if each.target else size
        shares = (Share(look=_HELD, size=left), Share(look="hatched", size=size - left))
        could = "could be" if each.scanned else "at least"
        value = f"{gb(size)}, {could} {gb(left)}" if left < size else gb(size)
        label = cut(each.image, keep_end=True)
        rows.append(Row(label=label, value=value, parts=stacked(shares, largest)))
    return chart(
        title="What the images weigh, and what they could weigh",
        description="; ".join(f"{each.label}: {each.value}" for each in rows) + ".",
        rows=rows,
        caption=_targets_caption(images, shown),
    )


def _targets_caption(images: Sequence[ImageTarget], shown: Sequence[ImageTarget]) -> str:
    sentences = []
    if any(each.target and each.target.value < each.size.value for each in shown):
        sentences.append("Hatched bytes are above the target.")
    if any(each.target and not each.scanned for each in shown):
        sentences.append("Where layers were not read, some of them may be needed.")
    if len(shown) < len(images):
        sentences.append("The smaller images are in the table.")
    return " ".join(sentences)
