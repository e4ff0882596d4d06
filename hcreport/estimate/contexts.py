"""The build contexts of a project: which image is built from one, and what could stay at home."""

from __future__ import annotations

from collections.abc import Mapping

from hcreport.model import BuildContext, Image, Snapshot
from hcreport.units import Bytes


def context_name(context: BuildContext) -> str:
    """Return what a context is called: its services, else its folder."""
    return ", ".join(context.services) or context.path or "build context"


def saved_by_ignoring(context: BuildContext) -> Bytes:
    """Return the bytes that the advised patterns keep out; 0 where none are advised."""
    if context.leaves is None:
        return Bytes(0)
    return Bytes(max(0, context.sent - context.leaves))


def contexts_of(
    image: Image, snapshot: Snapshot, images: Mapping[str, Image]
) -> list[BuildContext]:
    """Return the contexts that an image is built from; ``images`` has each service's image.

    There is more than one where services build the same image from several folders.
    """
    return [
        each
        for each in snapshot.contexts
        if any(images.get(service) is image for service in each.services)
    ]


def image_of(context: BuildContext, images: Mapping[str, Image]) -> Image | None:
    """Return the first image that is built from a context; None where none is known."""
    return next((images[each] for each in context.services if each in images), None)
