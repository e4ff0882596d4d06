"""Makes archives of images out of nothing, for an engine to load: always the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from hcreport.units import KB, KIB, MB, MIB

_WRITTEN = 1_750_000_000
"""When all files were changed last, in seconds since 1970."""

# Shares of files by size, between two numbers of bytes, and by place: about those of an image with
# Python and Node.
_SIZES = (
    (0.70, 100, 4 * KB),
    (0.25, 4 * KB, 60 * KB),
    (0.0465, 60 * KB, 500 * KB),
    (0.0035, 5 * MB, 20 * MB),
)

_PLACES = (
    (0.35, "usr/lib/python3.11/site-packages/package_{a:03}/part_{b}/module_{n:06}.py"),
    (0.25, "usr/lib/python3.11/site-packages/package_{a:03}/part_{b}/__pycache__/m_{n:06}.pyc"),
    (0.03, "usr/lib/python3.11/site-packages/package_{a:03}/_native_{n:06}.so"),
    (0.02, "usr/lib/x86_64-linux-gnu/lib_{n:06}.so.1"),
    (0.15, "usr/share/doc/package-{a:03}/file_{n:06}.txt"),
    (0.20, "srv/app/node_modules/package-{a:03}/lib/file_{n:06}.js"),
)


@dataclass(frozen=True, kw_only=True)
class File:
    """One entry of a layer."""

    path: str
    size: int = 0
    mode: int = 0o644
    user: int = 0
    content: bytes | None = None
    """None is bytes by chance."""

    @property
    def deleted(self) -> File:
        """Return the entry that deletes this one."""
        above, _, name = self.path.rpartition("/")
        return File(path=f"{above}/.wh.{name}")


Layer = Sequence[File]


@dataclass(frozen=True, kw_only=True)
class Made:
    """An image as it is to be loaded."""

    name: str
    layers: tuple[Layer, ...]


def many_files(count: int, *, below: str = "", mean: float = 1, seed: int = 1) -> list[File]:
    """Return files of about the sizes and places that a Python image has.

    ``mean`` makes all of them larger or smaller.
    """
    random = Random(seed)
    program = _program()
    found = []
    for number in range(count):
        ((_, place),) = random.choices(_PLACES, [share for share, _ in _PLACES])
        path = below + place.format(a=random.randrange(200), b=random.randrange(9), n=number)
        if ".so" in path and len(program) * 3 < 4 * MB * mean:
            found.append(File(path=path, size=len(program), mode=0o755, content=program))
        else:
            found.append(File(path=path, size=int(_size(random) * mean)))
    return found


def big_image(name: str) -> Made:
    """Return an image of more than 2 GB: a system, an application, and two copies of it.

    A few files are deleted; with hundreds dive would take minutes, which is a case of its own.
    """
    system = many_files(12_000, seed=1)
    app = many_files(8_000, below="app/", seed=2)
    open_to_all = [replace(file, mode=0o777) for file in app]
    owned = [replace(file, mode=0o777, user=1000) for file in app]
    gone = [file.deleted for file in system if "/doc/" in file.path][:5]
    return Made(name=name, layers=(system, app, open_to_all, owned, gone))


def deleting_image(name: str, count: int) -> Made:
    """Return an image whose last layer deletes ``count`` files, one by one."""
    system = many_files(30_000, mean=0.1, seed=3)
    return Made(name=name, layers=(system, [file.deleted for file in system[::4]][:count]))


def family(name: str, count: int) -> list[Made]:
    """Return images that have the same two layers, and a small one of their own each."""
    shared = (many_files(9_000, seed=4), many_files(3_000, below="opt/", seed=5))
    return [
        Made(
            name=f"{name}-{number}",
            layers=(
                *shared,
                many_files(300, below=f"service{number}/", mean=0.2, seed=number + 10),
            ),
        )
        for number in range(count)
    ]


def crowded_image(name: str, entries: int) -> Made:
    """Return an image of many small files in eight layers, and one file of 256 MiB."""
    of_a_layer = entries // 8
    layers = [
        many_files(of_a_layer, below=f"tree{number}/", mean=0.02, seed=number)
        for number in range(8)
    ]
    layers[0][0] = File(path="srv/large.bin", size=256 * MIB)
    return Made(name=name, layers=tuple(layers))


def write_archive(path: Path, images: Sequence[Made]) -> None:
    """Write an archive as ``docker load`` takes it; a layer of several images is in it once."""
    manifest = []
    names: dict[int, str] = {}
    with tarfile.open(path, "w") as archive:
        for image in images:
            for layer in image.layers:
                if id(layer) not in names:
                    names[id(layer)] = _add_layer(archive, path.with_suffix(".layer"), layer)
            digests = [names[id(layer)] for layer in image.layers]
            text = json.dumps(_configuration(image, digests)).encode()
            config = f"{hashlib.sha256(text).hexdigest()}.json"
            _add(archive, config, text)
            files = [f"{digest}/layer.tar" for digest in digests]
            manifest.append({"Config": config, "RepoTags": [f"{image.name}:1"], "Layers": files})
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _add_layer(archive: tarfile.TarFile, scratch: Path, layer: Layer) -> str:
    """Write a layer into an archive and return its digest."""
    with tarfile.open(scratch, "w", bufsize=MIB) as tar:
        for entry, content in _entries(layer):
            tar.addfile(entry, content)
    with scratch.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    archive.add(scratch, f"{digest}/layer.tar")
    scratch.unlink()
    return digest


def _entries(layer: Layer) -> Iterator[tuple[tarfile.TarInfo, io.BytesIO | None]]:
    """Yield the entries of a layer, each folder before what is in it."""
    block = Random(0).randbytes(8 * MIB)
    folders: set[str] = set()
    for number, file in enumerate(layer):
        parts = file.path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in folders:
                folders.add(folder)
                yield _entry(folder, type=tarfile.DIRTYPE, mode=0o755), None
        content = file.content
        if content is None:
            start = number * 4099 % (4 * MIB)
            repeated = block * (file.size // len(block) + 2) if file.size > 4 * MIB else block
            content = repeated[start : start + file.size]
        yield (
            _entry(file.path, size=file.size, mode=file.mode, uid=file.user, gid=file.user),
            io.BytesIO(content),
        )


def _entry(name: str, **fields: Any) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime = _WRITTEN
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    archive.addfile(_entry(name, size=len(content)), io.BytesIO(content))


def _configuration(image: Made, digests: Sequence[str]) -> dict[str, Any]:
    history = [{"created_by": f"COPY layer{number} /"} for number in range(len(digests))]
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["true"], "Labels": {"name": image.name}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [*history, {"created_by": 'CMD ["true"]', "empty_layer": True}],
    }


def _size(random: Random) -> int:
    (share,) = random.choices(_SIZES, [share for share, *_ in _SIZES])
    return random.randint(share[1], share[2])


def _program() -> bytes:
    """Return a real library: one of this Python's own modules."""
    folder = Path(sysconfig.get_path("platstdlib"), "lib-dynload")
    found = sorted(folder.glob("*.so"), key=lambda path: path.stat().st_size)
    usual = [path for path in found if path.stat().st_size > 40 * KIB]
    return (usual or found or [Path(sys.executable)])[0].read_bytes()
