"""What a scenario needs on Docker's disk, in parts: images, volumes, what containers write, room.

Blocks on the disk are used where they were counted, else the lengths of files as Docker counts
them; each part says which. A length is not what a file takes: files of two bytes take a block each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hcreport.estimate.images import images_by_service
from hcreport.estimate.missing import why_missing
from hcreport.model import (
    Disk,
    DiskNeed,
    DiskPart,
    Image,
    LocalModel,
    Mount,
    Number,
    Origin,
    OriginKind,
    Service,
    Snapshot,
)
from hcreport.units import Bytes, gb, total

IMAGES = "images"
VOLUMES = "volumes"
WRITTEN = "written by containers"
LOGS = "container logs"
MODELS = "local models outside volumes"
CACHE = "build cache"
RECORDS = "Docker's own records"
OTHERS = "not of this project"
UNPACK = "room to unpack"
"""Names of the parts, in their order; ``OTHERS`` only where there is something."""

_OWN = (IMAGES, VOLUMES, WRITTEN, LOGS)

_BLOCKS = "blocks on the disk, as du counts"
_LENGTHS = "lengths of files, as Docker counts"


def disk_need(
    services: Iterable[Service], snapshot: Snapshot, models: Iterable[LocalModel] = ()
) -> DiskNeed:
    """Return the bytes that some services and models need on Docker's disk, by parts.

    The parts add up to the total. A part that is not measured is not in it, so it is a lower bound
    where one of them has a reason. All but the room to unpack is there already: where blocks were
    counted and the engine holds nothing else, it is what ``du`` finds in the engine's folder.
    """
    services = tuple(services)
    images, unknown = _images(services, snapshot)
    parts = (
        _image_part(images, unknown, snapshot),
        _volume_part(services, snapshot),
        *_container_parts(services, snapshot),
        _model_part(tuple(models), snapshot),
        _cache_part(services, snapshot),
        *_record_parts(snapshot),
        _unpack_part(images),
    )
    known = any(part.size for part in parts if part.name in _OWN)
    return DiskNeed(total=_sum(parts) if known else None, parts=parts)


@dataclass
class _Sizes:
    """Sizes of things of one kind, in bytes, with what was counted in each."""

    blocks: list[Bytes] = field(default_factory=list)
    lengths: list[Bytes] = field(default_factory=list)
    unknown: int = 0

    def add(self, blocks: Bytes | None, length: Bytes | None) -> None:
        """Take note of one thing: its blocks where they were counted, else its length."""
        if blocks is not None:
            self.blocks.append(blocks)
        elif length is not None:
            self.lengths.append(length)
        else:
            self.unknown += 1

    @property
    def known(self) -> bool:
        """Whether there is a size at all."""
        return bool(self.blocks or self.lengths)

    def number(self, name: str, evidence: str, origins: Iterable[Origin]) -> Number:
        """Return the sum; what was counted, and of how many nothing is known, is its evidence."""
        kinds = [_BLOCKS] if self.blocks or not self.lengths else []
        kinds += [_LENGTHS] if self.lengths else []
        words = [evidence, " and ".join(kinds)]
        if self.unknown:
            words.append(f"of unknown size and not in it: {self.unknown}")
        return _number(name, total([*self.blocks, *self.lengths]), "; ".join(words), origins)


def _images(services: tuple[Service, ...], snapshot: Snapshot) -> tuple[tuple[Image, ...], int]:
    """Return the images of services, each once, and how many services have none that is known."""
    known = images_by_service(snapshot)
    found = {id(image): image for each in services if (image := known.get(each.name)) is not None}
    unknown = sum(not each.provider and each.name not in known for each in services)
    return tuple(found.values()), unknown


def _image_part(images: tuple[Image, ...], unknown: int, snapshot: Snapshot) -> DiskPart:
    """Return the layers of images, each once; of an image without history the whole image."""
    if not images:
        return DiskPart(name=IMAGES, reason=why_missing("images", snapshot))
    sizes = _Sizes(unknown=unknown)
    blocks = {chain: size for image in images for chain, size in image.layers_on_disk.items()}
    lengths: dict[str, Bytes] = {}
    for image in images:
        if image.layers_on_disk:
            continue
        if not image.layers:
            sizes.add(None, image.size)
        for layer in image.layers:
            if layer.chain is None:
                sizes.add(None, layer.size)
            elif layer.chain not in blocks:
                lengths[layer.chain] = layer.size
    sizes.blocks += blocks.values()
    sizes.lengths += lengths.values()
    evidence = f"images unpacked, layers in common once: {len(images)}"
    if snapshot.engine is not None and snapshot.engine.containerd_store:
        evidence += "; without the packed copies that containerd's store keeps"
    origins = [snapshot.origin_of(f"images/{image.name}") for image in images]
    return DiskPart(name=IMAGES, size=sizes.number(IMAGES, evidence, origins))


def _volume_part(services: tuple[Service, ...], snapshot: Snapshot) -> DiskPart:
    names = {each.name for each in services}
    mounted = {mount.volume for mount in _mounts(names, snapshot) if mount.volume}
    if not mounted:
        return DiskPart(name=VOLUMES, reason="none of its services mounts one", applies=False)
    sizes = _Sizes()
    found = [each for each in snapshot.volumes if each.name in mounted]
    for each in found:
        sizes.add(each.on_disk, each.size)
    sizes.unknown += len(mounted) - len(found)
    if not sizes.known:
        return DiskPart(name=VOLUMES, reason=why_missing("volume.size", snapshot))
    origins = [snapshot.origin_of(f"volumes/{each.name}") for each in found]
    evidence = f"volumes mounted: {len(mounted)}"
    return DiskPart(name=VOLUMES, size=sizes.number(VOLUMES, evidence, origins))


def _container_parts(services: tuple[Service, ...], snapshot: Snapshot) -> Iterator[DiskPart]:
    """Yield what containers wrote beside their volumes, and their logs."""
    names = {each.name for each in services}
    found = [each for each in snapshot.containers if each.service in names]
    written, logs = _Sizes(), _Sizes()
    for each in found:
        written.add(each.writable_on_disk, each.writable)
        logs.add(each.logs_on_disk, None)
    origins = [snapshot.origin_of(f"containers/{each.name}") for each in found]
    none = "it has no container" if snapshot.containers else why_missing("containers", snapshot)
    for name, sizes, why in (
        (WRITTEN, written, why_missing("container.writable", snapshot)),
        (LOGS, logs, _why_not_counted(snapshot)),
    ):
        if sizes.known:
            evidence = f"containers: {len(found)}"
            yield DiskPart(name=name, size=sizes.number(name, evidence, origins))
        else:
            yield DiskPart(name=name, reason=why if found else none)


def _model_part(models: tuple[LocalModel, ...], snapshot: Snapshot) -> DiskPart:
    """Return the files of local models that lie in no volume, as far as their size is known."""
    elsewhere = [each for each in models if not _has_a_volume(each, snapshot)]
    if not elsewhere:
        reason = "no local model is named"
        if models:
            reason = "the services of all models mount volumes, which are counted above"
        return DiskPart(name=MODELS, reason=reason, applies=False)
    sizes = _Sizes()
    for each in elsewhere:
        sizes.add(None, each.file)
    if not sizes.known:
        names = ", ".join(sorted(each.name for each in elsewhere))
        return DiskPart(name=MODELS, reason=f"the files of {names} are not known")
    kinds: set[OriginKind] = {
        "cited" if each.shape_from == "catalogue" else "measured"
        for each in elsewhere
        if each.file is not None
    }
    origins = [Origin(kind=kind, evidence="the models' files") for kind in kinds]
    evidence = f"models that lie in no volume: {len(elsewhere)}"
    return DiskPart(name=MODELS, size=sizes.number(MODELS, evidence, origins))


def _has_a_volume(model: LocalModel, snapshot: Snapshot) -> bool:
    if model.service is None:
        return False
    return any(mount.volume for mount in _mounts({model.service}, snapshot))


def _cache_part(services: tuple[Service, ...], snapshot: Snapshot) -> DiskPart:
    disk = snapshot.disk or Disk()
    sizes = _Sizes()
    sizes.add(disk.build_cache_on_disk, disk.build_cache)
    if not sizes.known:
        return DiskPart(name=CACHE, reason=why_missing("disk.build_cache", snapshot))
    if disk.others != 0 and not any(each.build for each in services):
        return DiskPart(name=CACHE, reason="none of its services is built", applies=False)
    origins = [snapshot.origin_of("disk/build_cache")]
    evidence = "all that the builder keeps on this engine"
    return DiskPart(name=CACHE, size=sizes.number(CACHE, evidence, origins))


def _record_parts(snapshot: Snapshot) -> Iterator[DiskPart]:
    """Yield what the engine notes for itself, which can be told apart where it has one project."""
    disk = snapshot.disk or Disk()
    if disk.records is None or disk.others is None:
        yield DiskPart(name=RECORDS, reason=_why_not_counted(snapshot))
    elif disk.others:
        yield DiskPart(name=RECORDS, reason="the engine keeps records for other projects too")
        found = f"{gb(disk.others)} of layers, containers and volumes, left out"
        yield DiskPart(name=OTHERS, reason=found, applies=False)
    else:
        evidence = f"the engine's folder without all of the above; {_BLOCKS}"
        origins = [snapshot.origin_of("disk/records")]
        yield DiskPart(name=RECORDS, size=_number(RECORDS, disk.records, evidence, origins))


def _unpack_part(images: tuple[Image, ...]) -> DiskPart:
    """Return the room for the packed layers of an image while it is pulled, at most.

    Method: images are pulled one after another, and a packed image is no larger than an unpacked
    one (fact ``docker/pull-keeps-packed-layers``).
    """
    if not images:
        return DiskPart(name=UNPACK, reason="no image of it is known")
    largest = max(images, key=lambda image: (image.size, image.name))
    return DiskPart(
        name=UNPACK,
        size=Number(
            name=UNPACK,
            value=float(largest.size),
            unit="bytes",
            family="image",
            low=0.0,
            high=float(largest.size),
            origin=Origin(
                kind="estimated",
                evidence="at most: the packed layers of the largest image, held to be no larger "
                "than unpacked; free again when it is pulled",
                fact="docker/pull-keeps-packed-layers",
            ),
        ),
    )


def _why_not_counted(snapshot: Snapshot) -> str:
    engine = snapshot.engine
    return (engine.files_unread if engine else "") or why_missing("disk.blocks", snapshot)


def _mounts(services: set[str], snapshot: Snapshot) -> Iterator[Mount]:
    for service in snapshot.services:
        if service.name in services:
            yield from service.mounts
    for container in snapshot.containers:
        if container.service in services:
            yield from container.mounts


def _number(name: str, size: Bytes, evidence: str, origins: Iterable[Origin]) -> Number:
    """Return a size whose kind of origin is that of all it was made of, if it is one."""
    kinds: set[OriginKind] = {each.kind for each in origins}
    kind = kinds.pop() if len(kinds) == 1 else "estimated"
    origin = Origin(kind=kind, evidence=evidence)
    return Number(name=name, value=float(size), unit="bytes", family="image", origin=origin)


def _sum(parts: tuple[DiskPart, ...]) -> Number:
    """Return the sum of the known parts; its lower end is without the room to unpack."""
    sizes = {part.name: Bytes(round(part.size.value)) for part in parts if part.size}
    all_of_it = total(sizes.values())
    missing = [part.name for part in parts if not part.size and part.applies]
    evidence = f"sum of: {', '.join(sizes)}"
    if missing:
        evidence += f"; without: {', '.join(missing)}"
    return Number(
        name="disk",
        value=float(all_of_it),
        unit="bytes",
        family="image",
        low=float(all_of_it - sizes.get(UNPACK, Bytes(0))),
        high=float(all_of_it),
        origin=Origin(kind="estimated", evidence=evidence),
    )
