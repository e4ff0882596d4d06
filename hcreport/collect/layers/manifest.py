"""Finds the images of an archive in its lists: Docker's ``manifest.json``, or OCI's ``index.json``.

Formats: moby, ``image/tarexport``; OCI image-spec, ``image-layout.md``, ``image-index.md`` and
``manifest.md``.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from hcreport.collect.layers.packed import SAVE_AGAIN, damaged
from hcreport.errors import ImageError
from hcreport.units import MIB

Json = dict[str, Any]

_MANIFEST = "manifest.json"
_INDEX = "index.json"

_MOST_LISTED = 2_500
"""Manifests or layers in one list; images have at most 127 layers."""

_MOST_PARSED = 128 * MIB
"""Bytes of texts, each as often as it is named."""

_SHORT_ID = 12

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Annotations that name an image, the full name first."""

_ARCHITECTURES = {
    **dict.fromkeys(("x86_64", "amd64", "AMD64"), "amd64"),
    **dict.fromkeys(("aarch64", "arm64", "ARM64"), "arm64"),
    **dict.fromkeys(("armv6l", "armv7l", "armv8l"), "arm"),
    **dict.fromkeys(("i386", "i686"), "386"),
    "loongarch64": "loong64",
}
"""How images call what a machine calls itself; the rest have one name."""


class Documents(Protocol):
    """The members of an archive, by name."""

    def document(self, name: str) -> bytes | None:
        """Return a small text; None where there is none of that name."""

    def has(self, name: str) -> bool:
        """Tell whether there is a member of that name."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An image as an archive lists it."""

    name: str
    id: str
    """Digest of its configuration."""
    configuration: Json
    layers: tuple[str, ...]
    """Names of members, oldest first."""


@dataclass
class _Texts:
    """The texts of an archive; however often they name each other, there is an end."""

    archive: Documents
    left: int = _MOST_PARSED

    def has(self, name: str) -> bool:
        """Tell whether there is a member of that name."""
        return self.archive.has(name)

    def parse(self, name: str, text: bytes | None = None) -> Any:
        """Return a text as JSON; an empty mapping where there is none."""
        text = self.archive.document(name) if text is None else text
        if text is None:
            return {}
        self.left -= len(text)
        if self.left < 0:
            raise damaged("its lists have no end")
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise damaged("a text in it is no JSON") from error


def listed_images(archive: Documents) -> tuple[Listed, ...]:
    """Return the images of an archive. Raises ImageError where a list or what it names is missing.

    Of several platforms of one image it is that of this machine, else the first that is there.
    """
    texts = _Texts(archive)
    if texts.has(_MANIFEST):
        entries = texts.parse(_MANIFEST)
        if not isinstance(entries, list) or len(entries) > _MOST_LISTED:
            raise damaged(f"its {_MANIFEST} is no list of images")
        return tuple(_of_docker(texts, entry) for entry in entries)
    if texts.has(_INDEX):
        return tuple(_of_layout(texts))
    raise ImageError(
        f"This is no archive of an image: it has neither {_MANIFEST} nor {_INDEX}.",
        hint="Write one with `docker save -o FILE IMAGE`; `docker export` writes none.",
    )


def _of_docker(texts: _Texts, entry: object) -> Listed:
    found = _object(entry)
    if not isinstance(found.get("Config"), str):
        raise damaged(f"an entry of its {_MANIFEST} names no configuration")
    name = next((tag for tag in _list(found.get("RepoTags")) if isinstance(tag, str)), "")
    return _listed(texts, name, found["Config"], _list(found.get("Layers")))


def _of_layout(texts: _Texts) -> Iterator[Listed]:
    """Yield the images of an OCI layout."""
    groups: dict[str, list[Json]] = {}
    for each in _descriptors(texts.parse(_INDEX), "manifests"):
        name = _name(each)
        key = name or ("" if isinstance(each.get("platform"), dict) else str(each.get("digest")))
        groups.setdefault(key, []).append(each)
    found = False
    for descriptors in groups.values():
        manifests = list(_manifests(texts, descriptors, set()))
        if manifests:
            found = True
            yield _chosen(texts, _name(descriptors[0]), manifests)
    if not found:
        raise damaged(f"its {_INDEX} names no image whose manifest is in the archive")


def _name(descriptor: Json) -> str:
    found = _object(descriptor.get("annotations"))
    return next((found[key] for key in _NAMES if isinstance(found.get(key), str)), "")


def _manifests(
    texts: _Texts, descriptors: Iterable[Json], seen: set[str]
) -> Iterator[tuple[Json, Json]]:
    """Yield the manifests of images with the platform of each, also from lists within lists."""
    for descriptor in descriptors:
        name = _member(descriptor)
        if name is None or name in seen or not texts.has(name) or _is_no_image(descriptor):
            continue
        seen.add(name)
        document = _object(texts.parse(name))
        if isinstance(document.get("manifests"), list):
            yield from _manifests(texts, _descriptors(document, "manifests"), seen)
        elif isinstance(document.get("config"), dict) and "layers" in document:
            yield _object(descriptor.get("platform")), document


def _is_no_image(descriptor: Json) -> bool:
    """Tell whether it only states something about another one, such as how it was built."""
    kind = _object(descriptor.get("annotations")).get("vnd.docker.reference.type")
    unknown = _object(descriptor.get("platform")).get("architecture") == "unknown"
    return kind == "attestation-manifest" or unknown


def _chosen(texts: _Texts, name: str, manifests: list[tuple[Json, Json]]) -> Listed:
    """Return the image for this machine, else the first of which all layers are there."""
    here = ("linux", _architecture())

    def fitness(each: tuple[Json, Json]) -> tuple[bool, bool]:
        place, manifest = each
        members = [_member(layer) for layer in _descriptors(manifest, "layers")]
        whole = all(member is not None and texts.has(member) for member in members)
        return not whole, (place.get("os"), place.get("architecture")) != here

    _, manifest = min(manifests, key=fitness)
    layers = [_member(layer) for layer in _descriptors(manifest, "layers")]
    return _listed(texts, name, _member(manifest["config"]), layers)


def _listed(texts: _Texts, name: str, config: str | None, layers: list[Any]) -> Listed:
    if len(layers) > _MOST_LISTED or not all(isinstance(each, str) for each in layers):
        raise damaged("a list of layers is not one")
    text = None if config is None else texts.archive.document(config)
    if config is None or text is None:
        raise ImageError(
            f"The archive does not hold the configuration of the image {name or 'without a tag'}.",
            hint=SAVE_AGAIN,
        )
    digest = hashlib.sha256(text).hexdigest()
    configuration = texts.parse(config, text)
    if not isinstance(configuration, dict):
        raise damaged("an image's configuration is none")
    return Listed(
        name=name.encode(errors="replace").decode() or digest[:_SHORT_ID],
        id=f"sha256:{digest}",
        configuration=configuration,
        layers=tuple(layers),
    )


def _descriptors(document: object, key: str) -> list[Json]:
    listed = _object(document).get(key)
    if not isinstance(listed, list) or len(listed) > _MOST_LISTED:
        raise damaged(f"a list of {key} is not one")
    return [each for each in listed if isinstance(each, dict)]


def _member(descriptor: Json) -> str | None:
    """Return the name of the member that a descriptor means."""
    algorithm, colon, digest = str(descriptor.get("digest")).partition(":")
    return f"blobs/{algorithm}/{digest}" if colon else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _architecture() -> str:
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)
