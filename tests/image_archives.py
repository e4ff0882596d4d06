"""Builds layers from lists of entries, and packs them as the archives that engines write.

image = Image(layers=[layer(file("etc/os-release", b"ID=debian")), layer(whiteout("etc/a"))])
path.write_bytes(docker_archive(image))          # docker save, up to engine 24
path.write_bytes(oci_archive(image))             # engine 25 and newer
path.write_bytes(oci_archive(image, packed="zstd", manifest=False))  # a pure OCI layout
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

Packed = Literal["plain", "gzip", "zstd"]
Member = tuple[str, bytes | str]
"""A member of an archive: its name, and its content or, as a text, where it links to."""

_ZSTD_MODULES = ("compression.zstd", "backports.zstd", "zstandard")

_FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a layer. Texts may hold bytes that are no UTF-8, as ``os.fsdecode`` writes."""

    path: str
    type: bytes = tarfile.REGTYPE
    content: bytes = b""
    link: str = ""
    mode: int = 0o644
    user: int = 0
    group: int = 0
    time: float = 1_700_000_000
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Records of an extended header, such as ``SCHILY.xattr.security.capability``."""


def file(path: str, content: bytes = b"", **more: Any) -> Entry:
    """Return a file; ``more`` are fields of :class:`Entry`, also below."""
    return Entry(path=path, content=content, **more)


def folder(path: str, *, mode: int = 0o755, **more: Any) -> Entry:
    """Return a folder."""
    return Entry(path=path, type=tarfile.DIRTYPE, mode=mode, **more)


def symlink(path: str, target: str, **more: Any) -> Entry:
    """Return a symbolic link."""
    return Entry(path=path, type=tarfile.SYMTYPE, link=target, **{"mode": 0o777, **more})


def hardlink(path: str, target: str, **more: Any) -> Entry:
    """Return a further name of a file in the same layer."""
    return Entry(path=path, type=tarfile.LNKTYPE, link=target, **more)


def device(path: str, **more: Any) -> Entry:
    """Return a device."""
    return Entry(path=path, type=tarfile.CHRTYPE, **more)


def whiteout(path: str, **more: Any) -> Entry:
    """Return what deletes a path of a lower layer."""
    above, slash, name = path.rpartition("/")
    return Entry(path=f"{above}{slash}.wh.{name}", **more)


def opaque(path: str, **more: Any) -> Entry:
    """Return what hides all that lower layers have in a folder."""
    return Entry(path=f"{path}/.wh..wh..opq", **more)


def layer(*entries: Entry, form: Literal["gnu", "pax"] = "pax") -> bytes:
    """Return a layer's archive, unpacked."""
    made = io.BytesIO()
    with tarfile.open(
        fileobj=made, mode="w", format=_FORMATS[form], errors="surrogateescape"
    ) as tar:
        for each in entries:
            info = tarfile.TarInfo(each.path)
            info.type, info.linkname, info.mode = each.type, each.link, each.mode
            info.uid, info.gid, info.mtime = each.user, each.group, each.time
            info.size, info.pax_headers = len(each.content), dict(each.attributes)
            tar.addfile(info, io.BytesIO(each.content))
    return made.getvalue()


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image to be packed; its layers are unpacked archives, oldest first."""

    layers: Sequence[bytes]
    tags: Sequence[str] = ("example:latest",)
    config: Mapping[str, Any] = field(default_factory=dict)
    """``Env``, ``Cmd`` … as a configuration has them."""
    history: Sequence[Mapping[str, Any]] | None = None
    """Entries as a configuration has them; None: one RUN for each layer."""
    architecture: str = "amd64"

    @property
    def diff_ids(self) -> list[str]:
        """Return the digests of its layers."""
        return [digest(each) for each in self.layers]

    def configuration(self) -> bytes:
        """Return its configuration as JSON, whose digest is the image's id."""
        steps = [{"created_by": f"RUN step {number}"} for number in range(len(self.layers))]
        return _json(
            {
                "architecture": self.architecture,
                "config": dict(self.config),
                "history": steps if self.history is None else [dict(each) for each in self.history],
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
            }
        )

    @property
    def id(self) -> str:
        """Return the digest of its configuration."""
        return digest(self.configuration())


def digest(content: bytes) -> str:
    """Return a digest as engines write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pack(content: bytes, packed: Packed) -> bytes:
    """Return content packed as a layer may be."""
    if packed == "gzip":
        return gzip.compress(content, 1, mtime=0)
    return _zstd(content) if packed == "zstd" else content


def archive(members: Iterable[Member]) -> bytes:
    """Return an archive of members, in their order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            elif name.endswith("/"):
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def zstd_modules() -> list[str]:
    """Return the modules for zstd that are installed."""
    return [each for each in _ZSTD_MODULES if _is_installed(each)]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # what it lies in is missing
        return False


def docker_archive(*images: Image) -> bytes:
    """Return what ``docker save`` writes up to engine 24."""
    return archive(docker_members(*images))


def docker_members(*images: Image) -> list[Member]:
    """Return the members of :func:`docker_archive`, sorted but for the lists at the end.

    A layer that occurs again is a link to the first.
    """
    members: dict[str, bytes | str] = {}
    listed: list[dict[str, Any]] = []
    repositories: dict[str, dict[str, str]] = {}
    first: dict[bytes, str] = {}
    for image in images:
        above, paths = "", []
        for content in image.layers:
            above = hashlib.sha256(f"{above} {digest(content)} v1".encode()).hexdigest()
            path = f"{above}/layer.tar"
            paths.append(path)
            members[f"{above}/"] = b""
            members[f"{above}/VERSION"] = b"1.0"
            members[f"{above}/json"] = _json({"id": above})
            if path not in members:
                known = first.setdefault(content, path)
                members[path] = content if known == path else f"../{known}"
        config = f"{image.id.removeprefix('sha256:')}.json"
        members[config] = image.configuration()
        listed.append({"Config": config, "RepoTags": list(image.tags), "Layers": paths})
        for tag in image.tags:
            name, _, version = tag.rpartition(":")
            repositories.setdefault(name, {})[version] = above
    ends = (("manifest.json", _json(listed)), ("repositories", _json(repositories)))
    return [*sorted(members.items()), *ends]


def oci_archive(*images: Image, packed: Packed = "plain", manifest: bool = True) -> bytes:
    """Return what ``docker save`` writes from engine 25 on; a pure OCI layout without manifest."""
    return archive(oci_members(*images, packed=packed, manifest=manifest))


def oci_members(
    *images: Image,
    packed: Packed = "plain",
    manifest: bool = True,
    attested: bool = False,
    platforms: bool = False,
) -> list[Member]:
    """Return the members of :func:`oci_archive`, sorted.

    ``attested``: beside each image a statement on how it was built. ``platforms``: the images are
    one image for several platforms, in a list of its own.
    """
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, kind: str, **more: Any) -> dict[str, Any]:
        blobs[digest(content)] = content
        return {"mediaType": kind, "digest": digest(content), "size": len(content), **more}

    descriptors: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    for image in images:
        layers = [blob(pack(each, packed), _layer_type(packed)) for each in image.layers]
        config = blob(image.configuration(), _type("config.v1+json"))
        made = {"schemaVersion": 2, "config": config, "layers": layers}
        name = {"io.containerd.image.name": image.tags[0]} if image.tags else {}
        platform = {"architecture": image.architecture, "os": "linux"}
        described = blob(_json(made), _type("manifest.v1+json"), platform=platform)
        descriptors.append(described if platforms else {**described, "annotations": name})
        if attested:
            descriptors.append(_attestation(blob, described["digest"]))
        paths = [_blob_name(each["digest"]) for each in (config, *layers)]
        listed.append({"Config": paths[0], "RepoTags": list(image.tags), "Layers": paths[1:]})
    if platforms:
        inner = _json({"schemaVersion": 2, "manifests": descriptors})
        tag = {"io.containerd.image.name": images[0].tags[0]}
        descriptors = [blob(inner, _type("index.v1+json"), annotations=tag)]
    members: dict[str, bytes | str] = {_blob_name(name): blobs[name] for name in blobs}
    members["index.json"] = _json({"schemaVersion": 2, "manifests": descriptors})
    members["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    if manifest:
        members["manifest.json"] = _json(listed)
    return list(_with_folders(sorted(members.items())))


def _attestation(blob: Any, subject: str) -> dict[str, Any]:
    statement = blob(_json({"_type": "https://in-toto.io/Statement/v0.1"}), "application/json")
    config = blob(_json({"rootfs": {"diff_ids": []}}), _type("config.v1+json"))
    made = {"schemaVersion": 2, "config": config, "layers": [statement]}
    described: dict[str, Any] = blob(
        _json(made),
        _type("manifest.v1+json"),
        platform={"architecture": "unknown", "os": "unknown"},
        annotations={
            "vnd.docker.reference.digest": subject,
            "vnd.docker.reference.type": "attestation-manifest",
        },
    )
    return described


def _with_folders(members: Iterable[Member]) -> Iterator[Member]:
    yield "blobs/", b""
    yield "blobs/sha256/", b""
    yield from members


def _type(name: str) -> str:
    return f"application/vnd.oci.image.{name}"


def _layer_type(packed: Packed) -> str:
    return _type("layer.v1.tar") + ("" if packed == "plain" else f"+{packed}")


def _blob_name(name: str) -> str:
    return f"blobs/{name.replace(':', '/')}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _zstd(content: bytes) -> bytes:
    packed: bytes = import_module(zstd_modules()[0]).compress(content)
    return packed
