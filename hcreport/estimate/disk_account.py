"""What Docker keeps on its disk as ``docker system df`` counts it, in parts that add up.

The requirements page says what a scenario needs; here is what is there, of this project and others.
"""

from __future__ import annotations

from hcreport.estimate.images import image_targets, unique_bytes
from hcreport.estimate.missing import why_missing
from hcreport.model import Disk, DiskNeed, DiskPart, Number, Origin, OriginKind, Snapshot
from hcreport.units import Bytes, total

ALONE = "layers that one image of the project has"
SHARED = "layers that several of its images share, counted once"
IMAGES = "images of the project, what is known to be shared counted once"
OTHERS = "other images"
WRITTEN = "written by containers"
VOLUMES = "volumes"
CACHE = "build cache"
"""Names of the parts, in their order; ``IMAGES`` where it is not known what is shared."""

_COUNTED = "docker system df"


def disk_account(snapshot: Snapshot) -> DiskNeed:
    """Return what is on Docker's disk, in bytes by parts; the known ones add up to the total.

    Volumes, build cache and other images are those of the whole engine.
    """
    disk = snapshot.disk or Disk()
    own = _own(snapshot)
    used = total(Bytes(round(part.size.value)) for part in own if part.size)
    parts = (
        *own,
        _others(used, disk, snapshot),
        _part(WRITTEN, disk.containers, "disk/containers", snapshot),
        _part(VOLUMES, disk.volumes, "disk/volumes", snapshot),
        _part(CACHE, disk.build_cache, "disk/build_cache", snapshot),
    )
    sizes = [part.size for part in parts if part.size]
    if not sizes:
        return DiskNeed(parts=parts)
    everything = sum(size.value for size in sizes)
    kinds: set[OriginKind] = {size.origin.kind for size in sizes}
    origin = Origin(
        kind=kinds.pop() if len(kinds) == 1 else "estimated", evidence="sum of the known parts"
    )
    return DiskNeed(total=_number("disk", Bytes(round(everything)), origin), parts=parts)


def _own(snapshot: Snapshot) -> tuple[DiskPart, ...]:
    """Return the project's images: layers of one, and layers of several, which count once."""
    images = snapshot.images
    if not images:
        return (DiskPart(name=IMAGES, reason=why_missing("images", snapshot)),)
    once = unique_bytes(images)
    kinds: set[OriginKind] = {snapshot.origin_of(f"images/{each.name}").kind for each in images}
    origin = Origin(
        kind=kinds.pop() if len(kinds) == 1 else "estimated",
        evidence=f"sizes of the layers of {len(images)} images, unpacked",
    )
    alone = [each.alone for each in image_targets(snapshot)]
    known = total(each for each in alone if each is not None)
    if None in alone or known > once:
        return (DiskPart(name=IMAGES, size=_number(IMAGES, once, origin)),)
    return (
        DiskPart(name=ALONE, size=_number(ALONE, known, origin)),
        DiskPart(name=SHARED, size=_number(SHARED, once - known, origin)),
    )


def _others(used: Bytes, disk: Disk, snapshot: Snapshot) -> DiskPart:
    """Return what the engine counts beyond the project's images."""
    if disk.layers is None:
        return DiskPart(name=OTHERS, reason=why_missing("disk", snapshot))
    if snapshot.engine is not None and snapshot.engine.containerd_store:
        reason = "containerd's store counts packed copies too, so a difference says nothing"
        return DiskPart(name=OTHERS, reason=reason)
    if disk.layers < used:
        reason = "the engine counts less than the project's images, whose sharing is not known"
        return DiskPart(name=OTHERS, reason=reason)
    origin = Origin(kind="measured", evidence=f"{_COUNTED} less the project's images")
    return DiskPart(name=OTHERS, size=_number(OTHERS, disk.layers - used, origin))


def _part(name: str, size: Bytes | None, place: str, snapshot: Snapshot) -> DiskPart:
    if size is None:
        return DiskPart(name=name, reason=why_missing("disk", snapshot))
    found = snapshot.origin_of(place)
    origin = found.model_copy(update={"evidence": f"{_COUNTED}; {found.evidence}"})
    return DiskPart(name=name, size=_number(name, size, origin))


def _number(name: str, size: Bytes, origin: Origin) -> Number:
    return Number(name=name, value=float(size), unit="bytes", family="image", origin=origin)
