"""Makes random images of every oddity that layers may have: as entries, as layers, as archives.

The same seed gives the same image. Names are few, so that layers meet each other's paths often,
and some sort before the prefix of a whiteout, on which the order of dive's walk depends.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from hcreport.contents.layer import OPAQUE, WHITEOUT, Kind, LayerFiles, owner_of
from hcreport.units import KIB

_NAMES = (b"a", b"b", b"c", b"d", b"-e", b".f", b"a.b", b"a-", b"a0", "é".encode(), b"!", b"~z")
_LONG = (b"long-" + b"n" * 120, b"longer-" + b"n" * 230)
_ODD = (b".wh", b"." * 4, b" ", b"\xff\xfe", b"wh.a")
_SIZES = (0, 1, 2, 7, 40, 511, 512, 513, 4 * KIB)
_MARKED = 64 * KIB
_TYPES = {
    Kind.FOLDER: tarfile.DIRTYPE,
    Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARDLINK: tarfile.LNKTYPE,
    Kind.OTHER: tarfile.FIFOTYPE,
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a layer; ``content`` is a letter that fills the file."""

    path: bytes
    kind: Kind = Kind.FILE
    size: int = 0
    mode: int = 0o644
    user: int = 0
    group: int = 0
    time: int = 1_700_000_000
    link: bytes = b""
    content: bytes = b"x"


Layer = list[Entry]


def file(path: str, size: int, **rest: Any) -> Entry:
    """Return a file; ``rest`` as in :class:`Entry`."""
    return Entry(path=path.encode(), size=size, **rest)


def folder(path: str) -> Entry:
    """Return a folder."""
    return Entry(path=path.encode(), kind=Kind.FOLDER, mode=0o755)


def hard_link(path: str, to: str) -> Entry:
    """Return a further name of a file."""
    return Entry(path=path.encode(), kind=Kind.HARDLINK, link=to.encode())


def symbolic_link(path: str, to: str = "x") -> Entry:
    """Return a symbolic link."""
    return Entry(path=path.encode(), kind=Kind.SYMLINK, link=to.encode())


def gone(path: str) -> Entry:
    """Return what deletes a path of a lower layer."""
    return Entry(path=_prefixed(path.encode()), kind=Kind.WHITEOUT)


def emptied(path: str) -> Entry:
    """Return what hides all that lower layers have in a folder."""
    return Entry(path=f"{path}/".encode().lstrip(b"/") + OPAQUE, kind=Kind.OPAQUE)


def random_image(seed: int, *, wild: bool = True) -> list[Layer]:
    """Return the layers of an image, oldest first.

    A wild image also has what no engine writes: deletions of what is not there, folders named as
    deletions, paths twice in a layer, files with something below them. Any other image could be
    loaded by an engine.
    """
    random = Random(seed)
    maker = _Maker(random, wild=wild)
    return [maker.layer() for _ in range(random.randint(1, 8))]


class _Maker:
    def __init__(self, random: Random, *, wild: bool) -> None:
        self.random = random
        self.wild = wild
        self.seen: dict[bytes, Entry] = {}
        self.entries: Layer = []

    def layer(self) -> Layer:
        self.entries = []
        acts = [*[self.file] * 6, *[self.again] * 5, self.folder]
        acts += [self.delete, self.delete, self.opaque, self.symlink, self.hardlink, self.move]
        if self.wild:
            acts += [self.odd, self.again, self.pipe]
        for _ in range(self.random.choice((0, 2, 8, 20, 40))):
            self.random.choice(acts)()
        if self.wild and self.random.random() < 0.2:
            self.random.shuffle(self.entries)
        return self.entries

    def path(self) -> bytes:
        if self.seen and self.random.random() < 0.3:
            above = self.random.choice(sorted(self.seen))
            if self.wild or self.seen[above].kind == Kind.FOLDER:
                return above + b"/" + self.name()
        return b"/".join(self.name() for _ in range(self.random.choice((1, 1, 2, 2, 3, 4))))

    def name(self) -> bytes:
        chance = self.random.random()
        if chance < 0.02:
            return self.random.choice(_LONG)
        if chance < 0.05 and self.wild:
            return self.random.choice(_ODD)
        return self.random.choice(_NAMES)

    def add(self, entry: Entry) -> None:
        """Add an entry, and mostly the folders above it; a tame layer stays a possible one."""
        here = {each.path: each.kind for each in self.entries}
        if not self.wild and not _is_possible(entry, here):
            return
        if not self.wild or self.random.random() < 0.5:
            for path in _above(entry.path):
                if path not in here and not _name(path).startswith(WHITEOUT):
                    self._put(Entry(path=path, kind=Kind.FOLDER, mode=0o755))
        self._put(entry)

    def _put(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.kind not in {Kind.WHITEOUT, Kind.OPAQUE}:
            self.seen[entry.path] = entry

    def file(self) -> None:
        big = self.random.random() < 0.04
        self.add(
            Entry(
                path=self.path(),
                size=_MARKED + self.random.randint(0, 1) if big else self.random.choice(_SIZES),
                mode=self.random.choice((0o644, 0o755, 0o600)),
                user=self.random.choice((0, 0, 1000)),
                time=self.random.choice((1_700_000_000, 1_600_000_000)),
                content=self.random.choice((b"x", b"y")),
            )
        )

    def folder(self) -> None:
        self.add(Entry(path=self.path(), kind=Kind.FOLDER, mode=0o755))

    def again(self) -> None:
        """Write an entry again, with another mode, owner or content or with none of these."""
        if self.seen:
            files = [path for path, each in self.seen.items() if each.kind == Kind.FILE]
            often = files if files and self.random.random() < 0.8 else self.seen
            old = self.seen[self.random.choice(sorted(often))]
            change: dict[str, int] = self.random.choice(
                ({}, {"mode": 0o700}, {"user": 7, "group": 7}, {"time": 1_500_000_000})
            )
            if old.kind != Kind.HARDLINK:
                self.add(replace(old, **change))  # type: ignore[arg-type]

    def symlink(self) -> None:
        self.add(Entry(path=self.path(), kind=Kind.SYMLINK, mode=0o777, link=b"../some/where"))

    def pipe(self) -> None:
        self.add(Entry(path=self.path(), kind=Kind.OTHER))

    def hardlink(self) -> None:
        files = [each for each in self.entries if each.kind in {Kind.FILE, Kind.HARDLINK}]
        if self.wild and self.random.random() < 0.3:
            files = [*self.seen.values()]
        if files:
            target = self.random.choice(files)
            self.add(
                replace(target, path=self.path(), kind=Kind.HARDLINK, size=0, link=target.path)
            )

    def delete(self) -> None:
        if self.wild and self.random.random() < 0.15:
            self.add(Entry(path=_prefixed(self.path()), kind=Kind.WHITEOUT))
        elif self.seen:
            path = self.random.choice(sorted(self.seen))
            self.add(Entry(path=_prefixed(path), kind=Kind.WHITEOUT))

    def opaque(self) -> None:
        folders = sorted(path for path, each in self.seen.items() if each.kind == Kind.FOLDER)
        if folders:
            self.add(Entry(path=self.random.choice(folders) + b"/" + OPAQUE, kind=Kind.OPAQUE))

    def move(self) -> None:
        files = sorted(path for path, each in self.seen.items() if each.size >= _MARKED)
        if files:
            path = self.random.choice(files)
            self.add(Entry(path=_prefixed(path), kind=Kind.WHITEOUT))
            self.add(replace(self.seen[path], path=self.path()))

    def odd(self) -> None:
        """Add a name that no engine writes: bare prefixes, prefixes twice, and folders of them."""
        above = self.path()
        name = self.random.choice(
            (WHITEOUT, WHITEOUT + WHITEOUT + b"plnk", WHITEOUT + WHITEOUT + b".plnk", OPAQUE)
        )
        if self.random.random() < 0.5:
            name = WHITEOUT + WHITEOUT + self.name()
        path = above + b"/" + name if self.random.random() < 0.8 else name
        if self.random.random() < 0.3:
            self.add(Entry(path=_prefixed(above) + b"/" + self.name(), size=3))
        kind = Kind.OPAQUE if name == OPAQUE else Kind.WHITEOUT
        self.add(Entry(path=path, kind=kind))


def _is_possible(entry: Entry, here: Mapping[bytes, Kind]) -> bool:
    """Tell whether a layer that an engine wrote could have an entry beside those."""
    path = entry.path
    if entry.kind == Kind.WHITEOUT:
        path = path[: -len(_name(path))] + _name(path)[len(WHITEOUT) :]
    return not (
        path in here
        or _prefixed(path) in here
        or any(here.get(each, Kind.FOLDER) != Kind.FOLDER for each in _above(path))
        or any(_prefixed(each) in here for each in _above(path))
        or (entry.kind != Kind.FOLDER and any(each.startswith(path + b"/") for each in here))
    )


def _above(path: bytes) -> list[bytes]:
    names = path.split(b"/")
    return [b"/".join(names[:count]) for count in range(1, len(names))]


def _name(path: bytes) -> bytes:
    return path.rsplit(b"/", 1)[-1]


def _prefixed(path: bytes) -> bytes:
    """Return the path of the entry that deletes a path."""
    return path[: len(path) - len(_name(path))] + WHITEOUT + _name(path)


def layer_files(entries: Iterable[Entry]) -> LayerFiles:
    """Return a layer as reading its archive gives it."""
    layer = LayerFiles()
    for entry in entries:
        position = layer.add(
            entry.path,
            entry.kind,
            size=entry.size,
            mode=entry.mode,
            owner=owner_of(entry.user, entry.group),
            time=entry.time,
        )
        if entry.link:
            layer.links[position] = entry.link
        if entry.kind == Kind.FILE and entry.size >= _MARKED:
            layer.marks[position] = entry.content
    return layer


def write_archive(
    path: Path,
    layers: Sequence[Sequence[Entry]],
    *,
    oci: bool = False,
    packed: bool = False,
    gnu: bool = False,
) -> None:
    """Write an archive as ``docker save`` does: as Engine 20.10, or with the blobs of an OCI layout
    as Engine 25. ``packed`` packs the layers there; ``gnu`` writes long names in GNU's form."""
    blobs = [_tar(layer, gnu=gnu) for layer in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "history": [{"created_by": f"RUN {number}"} for number in range(len(layers))],
        "rootfs": {"type": "layers", "diff_ids": [_digest(blob) for blob in blobs]},
    }
    settings = json.dumps(config).encode()
    files: dict[str, bytes] = {}
    names: list[str] = []
    for number, blob in enumerate(blobs):
        content = gzip.compress(blob, 1, mtime=0) if packed and oci else blob
        name = f"blobs/sha256/{_digest(content)[7:]}" if oci else f"{number:064x}/layer.tar"
        files[name] = content
        names.append(name)
    config_name = f"{'blobs/sha256/' if oci else ''}{_digest(settings)[7:]}"
    config_name += "" if oci else ".json"
    files[config_name] = settings
    manifest = [{"Config": config_name, "RepoTags": ["random:1"], "Layers": names}]
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _tar(entries: Sequence[Entry], *, gnu: bool) -> bytes:
    stream = io.BytesIO()
    form = tarfile.GNU_FORMAT if gnu else tarfile.PAX_FORMAT
    with tarfile.open(fileobj=stream, mode="w", format=form, errors="surrogateescape") as archive:
        for number, entry in enumerate(entries):
            start = "./" if number % 7 == 3 else ""
            header = tarfile.TarInfo(start + entry.path.decode("utf-8", "surrogateescape"))
            header.type = _TYPES.get(entry.kind, tarfile.REGTYPE)
            header.size, header.mode, header.mtime = entry.size, entry.mode, entry.time
            header.uid, header.gid = entry.user, entry.group
            header.linkname = entry.link.decode("utf-8", "surrogateescape")
            content = entry.content * entry.size if entry.kind == Kind.FILE else b""
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()
