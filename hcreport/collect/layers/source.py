"""Finds one image by the name a person gives: an archive's file, or a reference of the engine's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hcreport.errors import EngineUnreachable, ImageError

if TYPE_CHECKING:
    from hcreport.collect.engine import Connection
    from hcreport.contents.image import ImageFiles

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")


@dataclass(frozen=True, kw_only=True)
class FoundImage:
    """An image with its layers, and which other images there are beside it."""

    image: ImageFiles
    read: Literal["engine", "archive", "folder"]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Digests of the layers of other images, oldest first, by reference."""


def find_image(
    reference: str,
    *,
    name: str | None = None,
    host: str | None = None,
    cached: bool = True,
    in_place: bool = True,
    on_bytes: Callable[[int], None],
) -> FoundImage:
    """Return the image in an archive's file, else the engine's image of that reference.

    ``name`` chooses one of an archive that has several. Raises ImageError where there is no such
    image or it cannot be read, EngineUnreachable where no engine answers.
    """
    path = Path(reference)
    if path.is_file():
        return _of_archive(path, name, on_bytes)
    if path.is_dir():
        raise ImageError(
            f"{reference} is a folder and no image.",
            hint="Name an image of the engine, or the file that `docker save -o FILE IMAGE` wrote.",
        )
    if reference.endswith(_ARCHIVES):
        raise ImageError(
            f"There is no file {reference}.",
            hint="Make it with `docker save -o FILE IMAGE`, or name the image itself.",
        )
    return _of_engine(reference, host, cached=cached, in_place=in_place, on_bytes=on_bytes)


def _of_archive(path: Path, name: str | None, on_bytes: Callable[[int], None]) -> FoundImage:
    from hcreport.collect.layers.archive import read_archive

    try:
        images = {each.name: each for each in read_archive(path, on_bytes=on_bytes)}
    except ImageError as error:
        raise ImageError(f"{path}: {error.message}", hint=error.hint) from error
    if name is None and len(images) == 1:
        name = next(iter(images))
    if name not in images:
        there = ", ".join(sorted(images)) or "none"
        raise ImageError(
            f"{path} has {len(images)} images: {there}."
            if name is None
            else f"{path} has no image {name}; it has {there}.",
            hint="Choose one with --image NAME.",
        )
    others = {each: _digests(image) for each, image in images.items() if each != name}
    return FoundImage(image=images[name], read="archive", others=others)


def _of_engine(
    reference: str,
    host: str | None,
    *,
    cached: bool,
    in_place: bool,
    on_bytes: Callable[[int], None],
) -> FoundImage:
    from hcreport.collect.engine import connect
    from hcreport.collect.layers.cache import LayerCache, cache_folder
    from hcreport.collect.layers.engine import read_engine_images

    try:
        connection = connect(host)
    except EngineUnreachable as error:
        raise EngineUnreachable(
            error.message,
            hint="Start it, give --host its address, or name a file that `docker save` wrote.",
        ) from error
    try:
        found = read_engine_images(
            connection,
            [reference],
            on_bytes=on_bytes,
            cache=LayerCache(cache_folder()) if cached else None,
            in_place=in_place,
        )
        if reference not in found.images:
            raise ImageError(
                found.failures.get(reference, f"The engine did not give the image {reference}."),
                hint="See `docker images`, or name the file that `docker save` wrote.",
            )
        image = found.images[reference]
        others = other_images(connection, besides=image.id)
    finally:
        connection.client.close()
    return FoundImage(image=image, read=found.read, others=others)


def other_images(connection: Connection, *, besides: str = "") -> dict[str, tuple[str, ...]]:
    """Return the digests of the layers of the engine's images by their first tag.

    Images without a tag cannot be named in a Dockerfile and are left out; so is the one with the id
    ``besides``, and what vanishes meanwhile.
    """
    from hcreport.collect.engine_errors import engine_failures

    client: Any = connection.client
    found: dict[str, tuple[str, ...]] = {}
    for listed in client.images():
        tags = [tag for tag in listed.get("RepoTags") or () if not tag.startswith("<none>")]
        if not tags or listed["Id"] == besides:
            continue
        try:
            details = client.inspect_image(listed["Id"])
        except engine_failures():
            continue
        layers = (details.get("RootFS") or {}).get("Layers") or ()
        found[min(tags)] = tuple(layers)
    return found


def _digests(image: ImageFiles) -> tuple[str, ...]:
    return tuple(layer.diff_id for layer in image.layers)
