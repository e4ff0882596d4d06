"""One image as its part of the images page shows it: its target beside its largest layers."""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.model import Assessment, Image, ImageTarget, Layer, Snapshot
from hcreport.names import slug
from hcreport.render.words import counted
from hcreport.units import gb, total

LAYERS_SHOWN = 10
"""Layers in an image's table, the largest first."""


@dataclass(frozen=True, kw_only=True)
class ImageView:
    """An image with its place on the page."""

    target: ImageTarget
    anchor: str
    layers: tuple[tuple[int, Layer], ...]
    """Position in the history, from 1, and layer; the largest first."""
    rest: str
    """What the table leaves out; empty where it leaves out nothing."""


def image_views(snapshot: Snapshot, assessment: Assessment) -> tuple[ImageView, ...]:
    """Return the assessed images in their order, each with an anchor of its own."""
    by_name: dict[str, Image] = {}
    for image in snapshot.images:
        by_name.setdefault(image.name, image)
    anchors: dict[str, int] = {}
    views: list[ImageView] = []
    for target in assessment.images:
        anchor = f"image-{slug(target.image)}"
        anchors[anchor] = anchors.get(anchor, 0) + 1
        if anchors[anchor] > 1:
            anchor = f"{anchor}-{anchors[anchor]}"
        known = by_name.get(target.image)
        layers = known.layers if known else ()
        ordered = sorted(enumerate(layers, start=1), key=lambda each: (-each[1].size, each[0]))
        shown, left = ordered[:LAYERS_SHOWN], ordered[LAYERS_SHOWN:]
        rest = ""
        if left:
            size = total(layer.size for _, layer in left)
            rest = f"{counted(len(left), 'more layer')} hold {gb(size)} together."
        views.append(ImageView(target=target, anchor=anchor, layers=tuple(shown), rest=rest))
    return tuple(views)
