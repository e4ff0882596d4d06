"""Lays out layers and images in a folder as Docker Engine does with its storage driver overlay2."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

from hcreport.collect.history import chain_ids
from tests.image_archives import Image, digest


def write_engine_folder(root: Path, images: Iterable[Image]) -> None:
    """Write images as the engine has them after it pulled them."""
    database = root / "image" / "overlay2"
    for image in images:
        configurations = database / "imagedb" / "content" / "sha256"
        configurations.mkdir(parents=True, exist_ok=True)
        (configurations / plain(image.id)).write_bytes(image.configuration())
        chains = chain_ids(image.diff_ids)
        for chain, content in zip(chains, image.layers, strict=True):
            place = database / "layerdb" / "sha256" / plain(chain)
            if not place.exists():
                place.mkdir(parents=True)
                (place / "diff").write_text(digest(content))
                (place / "cache-id").write_text(plain(chain))
                with gzip.open(place / "tar-split.json.gz", "wb") as notes:
                    notes.writelines(split(content))
                unpack(content, root / "overlay2" / plain(chain) / "diff")


def plain(name: str) -> str:
    """Return a digest without its kind."""
    return name.removeprefix("sha256:")


def split(content: bytes) -> Iterator[bytes]:
    """Yield the lines of ``tar-split.json.gz``: bytes as they stand, and files by their names."""
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as tar:
        members = tar.getmembers()
    end = 0
    for number, member in enumerate(members):
        yield _line({"type": 2, "payload": _packed(content[end : member.offset_data])}, number * 2)
        end = member.offset_data + (member.size if member.isreg() else 0)
        yield _line({"type": 1, **_named(member), **_content(content, member)}, number * 2 + 1)
    yield _line({"type": 2, "payload": _packed(content[end:])}, len(members) * 2)


def _line(fields: dict[str, Any], position: int) -> bytes:
    text = json.dumps({**fields, "position": position}, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def _named(member: tarfile.TarInfo) -> dict[str, Any]:
    name = os.fsencode(member.name)
    try:
        return {"name": name.decode()}
    except UnicodeDecodeError:
        return {"name_raw": _packed(name)}


def _content(content: bytes, member: tarfile.TarInfo) -> dict[str, Any]:
    if not member.isreg() or not member.size:
        return {"payload": None}
    part = content[member.offset_data : member.offset_data + member.size]
    return {"size": member.size, "payload": _packed(crc32(part).to_bytes(8, "big"))}


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def unpack(content: bytes, folder: Path) -> None:
    """Write the files of a layer; what deletes something is left out, for it takes a driver."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as tar:
        for member in tar:
            path = folder / member.name
            if ".wh." in member.name:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if member.isdir():
                path.mkdir(exist_ok=True)
            elif member.issym():
                path.symlink_to(member.linkname)
            elif member.islnk():
                path.hardlink_to(folder / member.linkname)
            elif member.isreg():
                found = tar.extractfile(member)
                assert found is not None
                path.write_bytes(found.read())
