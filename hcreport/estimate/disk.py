"""What a scenario needs on disk: the layers of its images, shared ones once, and its volumes."""

from __future__ import annotations

from collections.abc import Iterable

from hcreport.estimate.images import images_by_service, unique_bytes
from hcreport.model import Image, Number, Origin, Service, Snapshot
from hcreport.units import total


def disk_need(services: Iterable[Service], snapshot: Snapshot) -> Number | None:
    """Return the bytes of the images and volumes of some services; None where none is known.

    It is a lower bound: container logs, bind mounts, build cache and the packed copies that some
    image stores keep come on top, and so do images and volumes without a known size.
    """
    services = tuple(services)
    known = images_by_service(snapshot)
    images: list[Image] = []
    without_image = 0
    for service in services:
        image = known.get(service.name)
        if image is None:
            without_image += 1
        elif not any(image is each for each in images):
            images.append(image)
    names = {service.name for service in services}
    volumes = [
        each
        for each in snapshot.volumes
        if each.size is not None and _is_used_by(each.name, names, snapshot)
    ]
    if not images and not volumes:
        return None
    size = unique_bytes(tuple(images)) + total(each.size for each in volumes if each.size)
    evidence = (
        f"at least: images unpacked, layers in common once: {len(images)}; "
        f"volumes of known size: {len(volumes)}"
    )
    if without_image:
        evidence += f"; services whose image is not known: {without_image}"
    return Number(
        name="disk for images and volumes",
        value=float(size),
        unit="bytes",
        family="image",
        origin=Origin(kind="estimated", evidence=evidence),
    )


def _is_used_by(volume: str, services: set[str], snapshot: Snapshot) -> bool:
    mounts = [
        *(each.mounts for each in snapshot.services if each.name in services),
        *(each.mounts for each in snapshot.containers if each.service in services),
    ]
    return any(mount.volume == volume for group in mounts for mount in group)
