"""Has the layers of a project's images read, and reduces what is in them for a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from hcreport.collect.compose import ComposeProject
from hcreport.collect.engine_snapshot import EngineSnapshot
from hcreport.collect.folders import BuildFolder
from hcreport.collect.history import read_instruction
from hcreport.collect.image_paths import image_path, public_step
from hcreport.collect.redact import image_reference
from hcreport.contents.analysis import Analysis, analyse, record
from hcreport.contents.copied import context_copies, in_context
from hcreport.errors import CollectError
from hcreport.estimate.images import images_by_service
from hcreport.model import Gap, Image, ImageContents, Snapshot

if TYPE_CHECKING:
    from hcreport.collect.engine import Connection
    from hcreport.contents.image import ImageFiles

ALL = "all"
"""Chooses every image of the project."""


@dataclass(frozen=True, kw_only=True)
class WantedImage:
    """An image whose layers are to be read."""

    id: str
    name: str
    folder: BuildFolder | None = None
    """What it is built from."""


@dataclass(frozen=True, kw_only=True)
class FoundContents:
    """What was found in images by their short id, and what could not be read."""

    images: Mapping[str, ImageContents] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    def within(self, images: Iterable[Image]) -> tuple[Image, ...]:
        """Return images with what was found in them."""
        return tuple(
            each.model_copy(update={"contents": self.images.get(each.id)}) for each in images
        )


def images_to_read(
    choice: str,
    compose: ComposeProject,
    engine: EngineSnapshot,
    folders: Iterable[BuildFolder],
) -> tuple[WantedImage, ...]:
    """Return the images that are chosen, the largest first, each with what it is built from.

    The choice is ``all``, a number of images, or the name of one. Raises CollectError where the
    project has no image of that name.
    """
    draft = Snapshot(
        taken_at=datetime.min.replace(tzinfo=UTC),
        tool="",
        project=compose.project,
        services=compose.services,
        containers=engine.containers,
        images=engine.images,
    )
    by_service = {name: folder for folder in folders for name in folder.services}
    built = {
        image.id: by_service[service]
        for service, image in images_by_service(draft).items()
        if service in by_service
    }
    return tuple(
        WantedImage(id=image.id, name=image.name, folder=built.get(image.id))
        for image in _chosen(choice, engine.images)
    )


def _chosen(choice: str, images: Iterable[Image]) -> list[Image]:
    ordered = sorted(images, key=lambda image: (-image.size, image.name))
    if choice == ALL:
        return ordered
    if choice.isdecimal():
        return ordered[: int(choice)]
    matching = [image for image in ordered if choice in (image.name, *image.tags)]
    if not matching:
        there = ", ".join(sorted(image.name for image in ordered)) or "none"
        raise CollectError(
            f"The project has no image {choice}; it has {there}.",
            hint="Name one of them after --layers, a number of the largest, or nothing for all.",
        )
    return matching


def read_contents(
    connection: Connection,
    images: Sequence[WantedImage],
    *,
    keep: Collection[str] = (),
    keep_registries: tuple[str, ...] = (),
    on_bytes: Callable[[int], None],
) -> FoundContents:
    """Return what the layers of images hold; one that cannot be read is a gap.

    ``keep`` names packages that stay, and ``keep_registries`` private registries whose names may
    stand in a snapshot. Raises ImageError where none can be read.
    """
    from hcreport.collect.layers.cache import LayerCache, cache_folder
    from hcreport.collect.layers.engine import read_engine_images
    from hcreport.collect.layers.source import other_images

    cache = LayerCache(cache_folder())
    names = [each.id for each in images]
    found = read_engine_images(connection, names, on_bytes=on_bytes, cache=cache)
    known = other_images(connection)
    contents, gaps = {}, []
    for wanted in images:
        image = found.images.get(wanted.id)
        if image is None:
            reason = found.failures.get(wanted.id, "The engine did not give it.")
            gaps.append(Gap(source="layers", subject=wanted.name, reason=reason))
            continue
        others = _without(known, image)
        analysis = _analysis(image, wanted.folder, others, keep)
        contents[wanted.id] = record(
            analysis,
            read=found.read,
            show_path=image_path,
            show_names=public_step,
            show_reference=partial(image_reference, keep_registries=keep_registries),
            instructions=[
                read_instruction(step.text).name if step else None for step in image.steps()
            ],
        )
    return FoundContents(images=contents, gaps=tuple(gaps))


def _without(known: Mapping[str, tuple[str, ...]], image: ImageFiles) -> dict[str, tuple[str, ...]]:
    """Return the layers of other images: an image is not its own base."""
    own = tuple(layer.diff_id for layer in image.layers)
    return {name: layers for name, layers in known.items() if layers != own}


def _analysis(
    image: ImageFiles,
    folder: BuildFolder | None,
    known: Mapping[str, tuple[str, ...]],
    keep: Collection[str],
) -> Analysis:
    text = folder.dockerfile if folder else None
    ignored = in_context(context_copies(image, text), folder.scan.ignored) if folder else None
    return analyse(image, known=known, dockerfile=text, ignored=ignored, keep=keep)
