"""Asks an engine for one archive of several images, after a look at the disk that this takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hcreport.collect.engine import Connection, containerd_store
from hcreport.collect.engine_errors import gap_reason
from hcreport.collect.history import read_layers
from hcreport.collect.layers.archive import read_images
from hcreport.collect.layers.chunked import body_of
from hcreport.collect.layers.overlay import local_data_root
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.units import Bytes, gb, total

Json = dict[str, Any]

_CONNECT_SECONDS = 15

_FULL = "no space left on device"
"""What an engine says whose disk is full; its texts are looked at and never shown."""

_MAKE_ROOM = "make room first, for example with `docker builder prune`"


def export_images(
    connection: Connection,
    references: Sequence[str],
    *,
    known: Callable[[str], LayerFiles | None],
    on_bytes: Callable[[int], None],
) -> tuple[ImageFiles, ...]:
    """Return the images in the archive that the engine makes of them.

    There is no limit on how long it may take: up to Docker 29 the engine writes all of the images
    to its own disk before it sends the first byte. Raises ImageError where the archive is none, and
    what calls of the Docker SDK raise.
    """
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    client = connection.client
    # The SDK has a method for one image only.
    response = client.get(
        f"{client.base_url}/v{connection.api_version}/images/get",
        params={"names": list(references)},
        stream=True,
        timeout=(_CONNECT_SECONDS, None),
    )
    with closing(response):
        try:
            response.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)
        return read_images(body_of(response.raw), known=known, on_bytes=on_bytes)


def failure_reason(error: BaseException) -> str:
    """Return one sentence on why an engine did not hand an image out, and what to do."""
    from docker.errors import APIError, NotFound

    if isinstance(error, NotFound):
        return "The image was removed while it was read; pull it or build it again."
    if isinstance(error, APIError) and _FULL in str(error.explanation).lower():
        return f"The engine's disk became full while it put the image together; {_MAKE_ROOM}."
    return gap_reason(error)


def lack_of_room(
    connection: Connection,
    images: Sequence[Json],
    histories: Mapping[str, Sequence[Json]],
    info: Json,
) -> str | None:
    """Return one sentence where the engine has not the disk to hand images out, else None.

    It writes each layer once to its folder for temporary files, unless the images are in
    containerd's store. ``images`` are inspect replies, ``histories`` history replies by image id.
    Where its folder is not on this machine nothing is known.
    """
    root = local_data_root(connection.address, info)
    if root is None or containerd_store(info):
        return None
    needed = total(_layer_sizes(images, histories).values())
    free = _free(root, str(info.get("Driver")), images)
    if free is None or needed <= free:
        return None
    return (
        f"To hand this out the engine needs {gb(needed)} of disk in its folder for a while, and "
        f"{gb(free)} are free; {_MAKE_ROOM}."
    )


def _layer_sizes(
    images: Iterable[Json], histories: Mapping[str, Sequence[Json]]
) -> dict[str, Bytes]:
    """Return the bytes of each layer once, by a name for it."""
    sizes: dict[str, Bytes] = {}
    for image in images:
        diff_ids = (image.get("RootFS") or {}).get("Layers") or ()
        layers = read_layers(histories.get(image["Id"], ()), diff_ids)
        if not layers:
            sizes[image["Id"]] = Bytes(max(image.get("Size") or 0, 0))
        for number, layer in enumerate(layers):
            sizes[layer.chain or f"{image['Id']} {number}"] = layer.size
    return sizes


def _free(root: Path, driver: str, images: Iterable[Json]) -> Bytes | None:
    """Return the bytes that are free for an engine's temporary files; None where it is not known.

    A folder that can be read and has none of these images belongs to another engine.
    """
    known = root / "image" / driver / "imagedb" / "content" / "sha256"
    try:
        if os.access(known, os.R_OK | os.X_OK):
            names = {image["Id"].removeprefix("sha256:") for image in images}
            if names.isdisjoint(each.name for each in known.iterdir()):
                return None
        place = root / "tmp"
        status = os.statvfs(place if os.access(place, os.R_OK) else root)
    except OSError:
        return None
    return Bytes(status.f_bavail * status.f_frsize)
