"""Layers and groups of an image as rows of the tables on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hcreport.estimate.image_target import largest_first
from hcreport.model import Group, Image, Layer, LayerContents
from hcreport.render.image_charts import LayerBar, share_text
from hcreport.render.image_meanings import GROUP_MEANINGS
from hcreport.render.image_words import GROUPS
from hcreport.units import Bytes, total

_OTHER = "OTHER"
"""What a history calls an instruction that it does not know."""


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer as its table shows it; in bytes."""

    number: int
    """From 1 for the oldest."""
    instruction: str
    detail: str
    """Well-known programs that it runs; empty where none is known."""
    whole_context: bool
    size: Bytes
    hidden: Bytes | None
    """None where its files were not read."""
    base: bool
    holds: str
    """The groups with most of its bytes; empty where that is not known."""

    @property
    def bar(self) -> LayerBar:
        """How a chart draws it."""
        return LayerBar(
            first=self.number,
            last=self.number,
            what=f"{self.instruction} {self.detail}".strip(),
            size=self.size,
            hidden=self.hidden or Bytes(0),
            base=self.base,
        )


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """One group of bytes as a table shows it."""

    name: str
    size: Bytes
    share: str
    meaning: str


def group_rows(groups: Mapping[Group, Bytes]) -> tuple[GroupRow, ...]:
    """Return groups of bytes as rows, the largest first."""
    whole = max(1, int(total(groups.values())))
    return tuple(
        GroupRow(
            name=GROUPS[group],
            size=size,
            share=share_text(int(size) / whole),
            meaning=GROUP_MEANINGS[group],
        )
        for group, size in largest_first(groups)
    )


def layer_rows(image: Image | None) -> tuple[LayerRow, ...]:
    """Return the layers of an image with bytes in them, oldest first: as read, else as recorded."""
    if image is None:
        return ()
    history = [layer for layer in image.layers if layer.size or layer.chain is not None]
    if image.contents is None:
        found = [_history_row(number, each) for number, each in enumerate(history, start=1)]
    else:
        read = image.contents.layers
        told: list[Layer | None] = [*history] if len(history) == len(read) else [None] * len(read)
        pairs = enumerate(zip(read, told, strict=True), start=1)
        found = [_read_row(number, held, layer) for number, (held, layer) in pairs]
    return tuple(each for each in found if each.size)


def _history_row(number: int, layer: Layer) -> LayerRow:
    return LayerRow(
        number=number,
        instruction=_instruction(layer.instruction),
        detail=layer.detail or "",
        whole_context=layer.whole_context,
        size=layer.size,
        hidden=None,
        base=False,
        holds="",
    )


def _read_row(number: int, held: LayerContents, layer: Layer | None) -> LayerRow:
    groups = [GROUPS[name] for name, _ in largest_first(held.groups)]
    return LayerRow(
        number=number,
        instruction=_instruction(held.instruction or (layer.instruction if layer else None)),
        detail=(layer.detail or "") if layer else "",
        whole_context=layer.whole_context if layer else False,
        size=held.size,
        hidden=held.hidden,
        base=held.base,
        holds="; ".join(groups[:2]),
    )


def _instruction(name: str | None) -> str:
    return "Not recognised" if name in (None, _OTHER) else str(name)
