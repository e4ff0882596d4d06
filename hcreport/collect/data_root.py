"""Counts the blocks on the disk in the folder of an engine on this machine, by what they are for.

The engine's own figures are lengths of files. A file of two bytes takes a whole block, a sparse
file takes less than its length, and no figure of the engine's holds the containers' logs.

The folder's layout is the engine's own affair and has been the same since Docker 1.10. Sources:
moby, ``layer/filestore.go`` (which layer lies in which folder), ``daemon/graphdriver/overlay2``,
``volume/local``, and ``container/container.go`` (names of logs).
"""

from __future__ import annotations

import os
import platform
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hcreport.collect.engine import Address
from hcreport.collect.history import CHAIN_DIGITS
from hcreport.model import Disk
from hcreport.units import Bytes, total

Json = dict[str, Any]

BLOCKS = "disk blocks"
"""Source of the question and of its gap."""

PATIENCE = 10.0
"""Seconds that counting may take. On a large host it means to look at millions of files."""

_BLOCK = 512
"""Bytes of one unit of ``st_blocks``, whatever the file system's own blocks are: stat(2)."""

_DRIVER = "overlay2"

_Place = tuple[str, ...]
_Owner = tuple[str, str]
"""What a folder belongs to: a kind, and its name in the engine's folder."""

_NOBODY: _Owner = ("", "")

_CONTAINER_DEPTH = 2
"""Names in the path of a container's folder, which holds its logs beside its settings."""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Why nothing was counted."""

    reason: str
    """One clause, as it stands after "not measured:"."""
    failed: bool = False
    """It was tried and did not come to an end, which is a gap."""


@dataclass(frozen=True, kw_only=True)
class DataRoot:
    """Blocks in an engine's folder, in bytes, each file once however many names it has."""

    total: Bytes
    """All of it, as ``du --one-file-system`` counts: without what is mounted there."""
    logs: Mapping[str, Bytes] = field(default_factory=dict)
    """By full id of the container."""
    volumes: Mapping[str, Bytes] = field(default_factory=dict)
    """By name."""
    layers: Mapping[str, Bytes] = field(default_factory=dict)
    """Layers of images by chain, as in :class:`hcreport.model.Layer`."""
    containers: Mapping[str, Bytes] = field(default_factory=dict)
    """What containers wrote and what the engine notes about them, by full id, without logs."""
    builder: Bytes | None = None
    """The builder's folder, and layers that no image and no container has."""
    unread: str = ""
    """Why layers are not among it; empty where they are."""

    def disk(
        self,
        known: Disk | None,
        *,
        chains: set[str],
        containers: set[str],
        volumes: set[str],
    ) -> Disk:
        """Return the account of disk use with blocks; the arguments name what is the project's."""
        disk = known or Disk()
        if self.builder is None:
            return disk.model_copy(update={"root": self.total})
        named = (
            (self.layers, chains),
            (self.containers, containers),
            (self.logs, containers),
            (self.volumes, volumes),
        )
        all_named = total(total(sizes.values()) for sizes, _ in named)
        ours = total(total(sizes.get(each, Bytes(0)) for each in keys) for sizes, keys in named)
        return disk.model_copy(
            update={
                "root": self.total,
                "build_cache_on_disk": self.builder,
                "others": all_named - ours,
                "records": self.total - all_named - self.builder,
            }
        )


def count_data_root(
    address: Address, info: Json, containers: Iterable[str], *, patience: float | None = None
) -> DataRoot | Unread:
    """Return the blocks in the folder that an engine names in its ``/info``, or why not.

    ``containers`` are full ids of some of its containers: a folder that has none of them belongs to
    another engine. Files that vanish meanwhile do not count. ``patience`` is in seconds.
    """
    patience = PATIENCE if patience is None else patience
    place = info.get("DockerRootDir") or ""
    if address.scheme != "unix" or not place:
        return Unread(
            reason="the engine's folder cannot be read from here; "
            "run it as root on the engine's machine"
        )
    if platform.system() != "Linux" or info.get("OperatingSystem") == "Docker Desktop":
        return Unread(reason="the engine keeps its files in a virtual machine")
    root = Path(place)
    try:
        if not _is_the_engines(root, set(containers)):
            return Unread(reason="the engine's folder is not on this machine")
        blocks = _blocks(root, time.monotonic() + patience)
        if info.get("Driver") != _DRIVER:
            return _without_layers(blocks)
        return _with_layers(blocks, root / "image" / _DRIVER / "layerdb")
    except PermissionError:
        return Unread(reason="this user may not read the engine's folder; run it as root")
    except TimeoutError:
        reason = f"counting the engine's files took longer than {patience:g} seconds"
        return Unread(reason=reason, failed=True)
    except OSError:
        return Unread(reason="the engine's folder could not be read to its end", failed=True)


def _is_the_engines(root: Path, containers: set[str]) -> bool:
    """Tell whether a folder is an engine's, and holds one of its containers if it has any."""
    try:
        found = [each.name for each in (root / "containers").iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not containers or not containers.isdisjoint(found)


def _blocks(root: Path, end: float) -> Counter[_Owner]:
    """Return the bytes in blocks below a folder by what they belong to.

    Links are not followed, and what is mounted on a folder (the merged layers of a running
    container, its shared memory, a volume on another disk) is left out. Raises TimeoutError at
    ``end``, a time of the monotonic clock, and PermissionError.
    """
    counted: Counter[_Owner] = Counter()
    several_names: set[int] = set()
    top = root.lstat()
    counted[_NOBODY] += top.st_blocks * _BLOCK
    waiting: list[tuple[str, _Place, _Owner]] = [(str(root), (), _NOBODY)]
    while waiting:
        folder, place, above = waiting.pop()
        if time.monotonic() > end:
            raise TimeoutError
        # Below a layer, a volume or a deeper folder of a container everything belongs to it.
        settled = above is not _NOBODY and len(place) != _CONTAINER_DEPTH
        for entry, status in _entries(folder, in_order=not settled):
            if status.st_dev != top.st_dev:
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            here = place if settled else (*place, entry.name)
            owner = above if settled else _owner(here, above, is_folder=is_folder)
            if is_folder:
                waiting.append((entry.path, () if settled else here, owner))
            elif status.st_nlink > 1:
                if status.st_ino in several_names:
                    continue
                several_names.add(status.st_ino)
            counted[owner] += status.st_blocks * _BLOCK
    return counted


def _entries(folder: str, *, in_order: bool) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """Yield what is in a folder and still is when it is looked at."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name) if in_order else list(found)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        yield entry, status


def _owner(place: _Place, above: _Owner, *, is_folder: bool) -> _Owner:
    """Return what a file or folder belongs to: what the folder above does, unless it says more.

    ``place`` is its path in the engine's folder.
    """
    match place:
        case ("containers", name, file) if file == "local-logs" or ".log" in file:
            # "<id>-json.log", "container-cached.log" and their older ones; the driver "local".
            return ("log", name)
        case _ if above is not _NOBODY or not is_folder:
            return above
        case ("containers", name) | ("image", "overlay2", "layerdb", "mounts", name):
            return ("container", name)
        case ("image", "overlay2", "layerdb", "sha256", name):
            return ("layer", name)
        case ("overlay2", name) if name != "l":
            return ("folder", name)
        case ("volumes", name):
            return ("volume", name)
        case ("buildkit",):
            return ("builder", "")
    return above


def _of_kind(counted: Counter[_Owner], wanted: str) -> dict[str, Bytes]:
    return {name: Bytes(size) for (kind, name), size in sorted(counted.items()) if kind == wanted}


def _without_layers(counted: Counter[_Owner]) -> DataRoot:
    return DataRoot(
        total=Bytes(counted.total()),
        logs=_of_kind(counted, "log"),
        volumes=_of_kind(counted, "volume"),
        unread=f"layers are counted for the storage driver {_DRIVER} alone",
    )


def _with_layers(counted: Counter[_Owner], database: Path) -> DataRoot:
    """Return the whole account; ``database`` says which layer lies in which folder.

    A layer or container is in it where its folder is: the folders may be on another disk.
    """
    folders = _of_kind(counted, "folder")
    noted = {kind: _of_kind(counted, kind) for kind in ("layer", "container")}
    found: dict[str, dict[str, Bytes]] = {"layer": {}, "container": {}}
    for kind, place, file in (
        ("layer", "sha256", "cache-id"),
        ("container", "mounts", "mount-id"),
        ("container", "mounts", "init-id"),
    ):
        for name, folder in _folders(database / place, file):
            if folder in folders:
                known = found[kind].get(name) or noted[kind].get(name, Bytes(0))
                found[kind][name] = known + folders.pop(folder)
    return DataRoot(
        total=Bytes(counted.total()),
        logs=_of_kind(counted, "log"),
        volumes=_of_kind(counted, "volume"),
        layers={name[:CHAIN_DIGITS]: size for name, size in found["layer"].items()},
        containers=found["container"],
        builder=total([*_of_kind(counted, "builder").values(), *folders.values()]),
    )


def _folders(database: Path, file: str) -> Iterator[tuple[str, str]]:
    """Yield each layer or container of a part of the database, and the folder that a file names."""
    for entry, _ in _entries(str(database), in_order=True):
        try:
            yield entry.name, Path(entry.path, file).read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
