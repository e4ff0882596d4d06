"""Chooses the project's images among those of the engine, and reads what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hcreport.collect.engine_containers import SHORT_ID, short_image_id
from hcreport.collect.engine_times import read_time
from hcreport.collect.history import chain_names, read_layers
from hcreport.collect.redact import image_reference
from hcreport.model import Image, Service
from hcreport.units import Bytes, total

Json = dict[str, Any]

_DEFAULT_HOST = "docker.io/"
_DEFAULT_FOLDER = "library/"

_NO_TAG = "<none>:<none>"


def project_images(
    project: str,
    services: Iterable[Service],
    used: Iterable[str],
    listed: Sequence[Json],
    keep_registries: tuple[str, ...],
) -> list[str]:
    """Return the full ids of the project's images, sorted.

    These are the images of its containers (``used``, full ids), and those that its services name
    and the engine has (``listed``, the reply of the images API). A service that is built and names
    no image has ``<project>-<service>``, as Compose calls it. Where two private registries have an
    image of the same name, the services' references do not tell which it is, and both are left out.
    """
    by_reference: dict[str, set[str]] = {}
    for image in listed:
        for tag in image.get("RepoTags") or ():
            reference = plain_reference(image_reference(tag, keep_registries))
            by_reference.setdefault(reference, set()).add(image["Id"])
    found = set(used)
    for service in services:
        name = service.image or (f"{project}-{service.name}" if service.build else None)
        matching = by_reference.get(plain_reference(name), set()) if name else set()
        if len(matching) == 1:
            found |= matching
    return sorted(found)


def plain_reference(reference: str) -> str:
    """Return a reference in its shortest full form: without Docker Hub's host, with a tag."""
    reference = reference.removeprefix(_DEFAULT_HOST).removeprefix(_DEFAULT_FOLDER)
    last = reference.rpartition("/")[2]
    return reference if ":" in last or "@" in last else f"{reference}:latest"


def read_image(
    details: Json,
    history: Sequence[Json] | None,
    keep_registries: tuple[str, ...],
    on_disk: Mapping[str, Bytes],
) -> Image:
    """Return the image in an inspect reply and a history reply.

    ``on_disk`` has the blocks of the engine's layers by chain, where they were counted.

    Without a history the size is the engine's own, which is right only where images are not in
    containerd's store: the caller decides. Raises KeyError, TypeError or ValueError where a reply
    has another shape than the API's.
    """
    diff_ids = (details.get("RootFS") or {}).get("Layers") or ()
    layers = read_layers(history, diff_ids) if history is not None else ()
    unpacked = total(layer.size for layer in layers)
    return Image(
        id=short_image_id(details["Id"]) or "",
        tags=image_tags(details, keep_registries),
        size=unpacked if history is not None else Bytes(details["Size"]),
        layers=layers,
        architecture=details.get("Architecture") or None,
        created=read_time(details.get("Created")),
        layers_on_disk=_layers_on_disk(chain_names(diff_ids), on_disk),
    )


def _layers_on_disk(chains: Sequence[str], on_disk: Mapping[str, Bytes]) -> dict[str, Bytes]:
    """Return the blocks of each of an image's layers; a part of them would be taken for all."""
    return {chain: on_disk[chain] for chain in chains} if on_disk.keys() >= set(chains) else {}


def image_tags(details: Json, keep_registries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags of an image as they may stand in a snapshot, sorted."""
    tags = [tag for tag in details.get("RepoTags") or () if tag != _NO_TAG]
    return tuple(sorted({image_reference(tag, keep_registries) for tag in tags}))


def image_name(details: Json, keep_registries: tuple[str, ...]) -> str:
    """Return the name an image has in the snapshot: its first tag, or its short id."""
    tags = image_tags(details, keep_registries)
    return tags[0] if tags else details["Id"].removeprefix("sha256:")[:SHORT_ID]
