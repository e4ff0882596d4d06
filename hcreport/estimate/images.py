"""What each image weighs, what it shares, and what it could weigh as far as its history tells."""

from __future__ import annotations

from typing import Any

from hcreport.estimate.image_target import scanned_part, size_number
from hcreport.facts import fact, fact_bytes
from hcreport.model import Container, Image, ImageTarget, Layer, Number, Origin, Service, Snapshot
from hcreport.units import MB, Bytes, gb, total

LARGE_SHARE = 0.1
"""A copy of the build context below this share of its image is what such a copy is for."""

LARGE_SIZE = Bytes(100 * MB)
"""Nor is a smaller one worth a change, whatever its share. Both are our choice."""

_DEFAULT_HOSTS = ("docker.io/library/", "docker.io/", "library/")


def image_targets(snapshot: Snapshot) -> tuple[ImageTarget, ...]:
    """Return one entry per image, the largest first; sizes in bytes, unpacked.

    Where the layers of an image were read, its target is the size after the steps that follow from
    them. Elsewhere there is one only where the history shows something avoidable: a large layer
    that copies the whole build context. What of that layer the image needs is not measured, so that
    target is a lower end, never a promise.
    """
    images = images_by_service(snapshot)
    built = {service.name for service in snapshot.services if service.build is not None}
    targets = [
        _target(
            image, tuple(sorted(name for name in images if images[name] is image)), built, snapshot
        )
        for image in snapshot.images
    ]
    return tuple(sorted(targets, key=lambda each: (-each.size.value, each.image)))


def images_by_service(snapshot: Snapshot) -> dict[str, Image]:
    """Return the image of each service of which it is known.

    It is the one that a container of the service runs, else the one that the service names.
    """
    by_tag = {_plain(tag): image for image in reversed(snapshot.images) for tag in image.tags}
    found: dict[str, Image] = {}
    for service in snapshot.services:
        own = snapshot.containers_by_service.get(service.name, ())
        image = _running(own, snapshot.images) or _named(service, own, snapshot, by_tag)
        if image is not None:
            found[service.name] = image
    return found


def _running(containers: tuple[Container, ...], images: tuple[Image, ...]) -> Image | None:
    for container in containers:
        for image in images:
            if container.image_id and _same_id(container.image_id, image.id):
                return image
    return None


def _named(
    service: Service,
    containers: tuple[Container, ...],
    snapshot: Snapshot,
    by_tag: dict[str, Image],
) -> Image | None:
    names = [service.image] if service.image else []
    if service.build is not None and not names:
        # Compose names what it builds after project and service: with a hyphen since version 2.
        names = [f"{snapshot.project.name}{sign}{service.name}" for sign in ("-", "_")]
    names += [each.image for each in containers if each.image]
    return next((by_tag[_plain(name)] for name in names if _plain(name) in by_tag), None)


def context_layers(image: Image) -> tuple[Layer, ...]:
    """Return the layers that copy the whole build context and are large enough to matter."""
    return tuple(
        layer
        for layer in image.layers
        if layer.whole_context
        and layer.size >= LARGE_SIZE
        and int(layer.size) >= int(image.size) * LARGE_SHARE
    )


def unique_bytes(images: tuple[Image, ...]) -> Bytes:
    """Return the bytes of several images together, unpacked, with layers in common counted once.

    A layer that the engine did not identify counts for itself, an image without history whole.
    """
    sizes: dict[str, Bytes] = {}
    unidentified: list[Bytes] = []
    for image in images:
        if not image.layers:
            unidentified.append(image.size)
        for layer in image.layers:
            if layer.chain is None:
                unidentified.append(layer.size)
            else:
                sizes[layer.chain] = layer.size
    return total([*sizes.values(), *unidentified])


def _target(
    image: Image, services: tuple[str, ...], built: set[str], snapshot: Snapshot
) -> ImageTarget:
    origin = snapshot.origin_of(f"images/{image.name}")
    largest = max(image.layers, key=lambda layer: layer.size, default=None)
    avoidable = context_layers(image)
    target, reason = _without_context(image, avoidable)
    shared = _shared(image, snapshot)
    base = _base(image, snapshot)
    found = ImageTarget(
        image=image.name,
        size=size_number("size", image.size, origin),
        services=services,
        shared=shared,
        alone=None if shared is None else Bytes(max(0, image.size - shared)),
        largest_layer=size_number("largest layer", largest.size, origin) if largest else None,
        largest_instruction=_instruction(largest) if largest else None,
        whole_context=bool(avoidable),
        target=target,
        reason=reason,
        benchmark=_benchmark() if built & set(services) else None,
        base=size_number("layers of the base image", base.size, origin) if base else None,
        base_image=base.name if base else None,
    )
    if image.contents is None:
        return found
    return found.model_copy(update=_known_parts(scanned_part(image.contents, origin)))


def _known_parts(parts: dict[str, Any]) -> dict[str, Any]:
    """Return what a scan found, without what only the history knows."""
    return {
        name: value
        for name, value in parts.items()
        if value is not None or name not in ("base", "base_image")
    }


def _base(image: Image, snapshot: Snapshot) -> Image | None:
    """Return the largest other image of the project whose layers are the lowest of this one."""
    chains = [layer.chain for layer in image.layers]
    below = [
        other
        for other in snapshot.images
        if other.layers
        and all(each.chain is not None or not each.size for each in other.layers)
        and (top := _top_chain(other)) is not None
        and top in chains
        and top != _top_chain(image)
    ]
    return max(below, key=lambda other: (other.size, other.name), default=None)


def _top_chain(image: Image) -> str | None:
    """Return the name of an image's newest layer, which stands for all below it too."""
    return next((each.chain for each in reversed(image.layers) if each.chain), None)


def _without_context(image: Image, avoidable: tuple[Layer, ...]) -> tuple[Number | None, str]:
    if not image.layers:
        return None, "Its history is not known, so nothing can be said about what to remove."
    if not avoidable:
        return None, "Its history shows nothing that is known to be avoidable."
    copied = total(layer.size for layer in avoidable)
    rest = Bytes(max(0, image.size - copied))
    target = Number(
        name="size without the copied build context",
        value=float(rest),
        unit="bytes",
        family="image",
        low=float(rest),
        high=float(image.size),
        origin=Origin(
            kind="estimated",
            evidence="size of the image less its copies of the whole build context; "
            "how much of them the image needs is not measured",
        ),
    )
    return target, (
        f"Copies of the whole build context hold {gb(copied)} of its {gb(image.size)}. "
        f"Without them it weighs {gb(rest)}; what it needs of them comes on top, unmeasured."
    )


def _shared(image: Image, snapshot: Snapshot) -> Bytes | None:
    """Return the bytes in common with other images; None where a history is not known."""
    others = [other for other in snapshot.images if other is not image]
    histories = [image.layers, *(other.layers for other in others)]
    if not all(histories):
        return None
    if any(layer.size and layer.chain is None for layers in histories for layer in layers):
        return None
    elsewhere = {layer.chain for other in others for layer in other.layers}
    return total(layer.size for layer in image.layers if layer.chain in elsewhere)


def _benchmark() -> Number:
    """Return what the heaviest known class of application image weighs."""
    key = "images/cuda-application-high"
    return Number(
        name="applications with CUDA libraries, the heaviest class known to us",
        value=float(fact_bytes(key)),
        unit="bytes",
        family="image",
        low=float(fact_bytes("images/cuda-application-low")),
        high=float(fact_bytes(key)),
        origin=fact(key).origin(key),
    )


def _instruction(layer: Layer) -> str:
    return f"{layer.instruction} {layer.detail}" if layer.detail else layer.instruction


def _same_id(one: str, other: str) -> bool:
    """Compare image ids, of which one may be cut short."""
    one, other = one.removeprefix("sha256:"), other.removeprefix("sha256:")
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def _plain(reference: str) -> str:
    """Return an image reference without Docker Hub's name and with its tag spelled out."""
    for host in _DEFAULT_HOSTS:
        reference = reference.removeprefix(host)
    last = reference.rsplit("/", maxsplit=1)[-1]
    return reference if ":" in last or "@" in last else f"{reference}:latest"
