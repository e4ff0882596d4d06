"""Says of every byte that a container sees to which group it belongs, and what packages there are.

Who decides about a file, the first that can:

1. A fixed folder (:mod:`~hcreport.contents.groups`): documentation is documentation, whoever
   owns it, and so are version control, caches, headers, bytecode and copied environments.
2. The package of the operating system that owns it: a static library, then a library of graphics
   processors, a build tool or what only build tools ask for, else *os-packages*. Fonts, drivers
   and the like that a package's scripts make lie in folders that only few packages state.
3. Python's modules and ``node_modules``, with the same exceptions.
4. The content of what nobody owns: models, data sets, archives, logs.
5. The folder; and what a COPY or ADD put anywhere else is the application's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from hcreport.contents.build_tools import build_tools
from hcreport.contents.environments import is_copy, special_zones, started
from hcreport.contents.file_kinds import (
    group_of_content,
    is_cuda,
    is_header,
    is_static_library,
)
from hcreport.contents.groups import NODE, Zone, Zones, is_cuda_package
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import Kind
from hcreport.contents.merged import Merged
from hcreport.contents.owners import (
    NodePackage,
    OsPackage,
    OsPackages,
    Paths,
    PythonDist,
)
from hcreport.contents.owners_apk import read_apk
from hcreport.contents.owners_dpkg import read_dpkg
from hcreport.contents.owners_node import package_folder, read_node
from hcreport.contents.owners_python import PythonFound, read_python
from hcreport.contents.owners_rpm import read_rpm
from hcreport.contents.programs import group_of_program
from hcreport.model import Group

__all__ = [
    "Attribution",
    "NodePackage",
    "OsPackage",
    "OsPackages",
    "PythonDist",
    "attribute",
]

GROUPS: tuple[Group, ...] = get_args(Group)
_NUMBERS = {group: number for number, group in enumerate(GROUPS)}
_UNKNOWN = len(GROUPS)
"""Stands for what is no file."""

_LOW = 0xFFFFFFFF
_FILES = frozenset({Kind.FILE, Kind.HARDLINK})
_MANIFEST = b"/package.json"
_OF_THE_SYSTEM = (
    b"usr/",
    b"bin/",
    b"sbin/",
    b"lib/",
    b"lib32/",
    b"lib64/",
    b"libx32/",
    b"var/lib/",
)
_MADE_BY_SCRIPTS = frozenset({"unexplained", "os-packages"})
"""What a place means where a command ran, and not where something was copied there."""


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """To which group each byte of an image belongs, and the packages that own them."""

    by_group: dict[Group, int]
    """Bytes that a container sees; they add up to ``Merged.size``."""
    by_layer: tuple[dict[Group, int], ...]
    """The same for each layer, oldest first."""
    os: OsPackages | None
    python: tuple[PythonDist, ...] = ()
    node: tuple[NodePackage, ...] = ()
    build_tools: frozenset[str] = frozenset()
    """Packages of the operating system that are for building, and what only they ask for."""
    _places: Mapping[bytes, int] = field(repr=False)
    _groups: tuple[bytearray, ...] = field(repr=False)
    _zones: Zones = field(repr=False)

    def group_of(self, path: bytes) -> Group:
        """Return the group of a path, ``path`` as in ``LayerFiles``.

        That of a folder, or of a path that is not there, is what the folder alone tells.
        """
        place = self._places.get(path)
        if place is not None:
            number = self._groups[place >> 32][place & _LOW]
            if number != _UNKNOWN:
                return GROUPS[number]
        return self._zones.of(path).group


def attribute(image: ImageFiles, merged: Merged) -> Attribution:
    """Return the group of every byte that a container of the image sees.

    Never raises on what the layers hold; a damaged database is as one that is not there.
    """
    return _Attributor(image, merged).run()


class _Attributor:
    """One image on its way through :func:`attribute`."""

    def __init__(self, image: ImageFiles, merged: Merged) -> None:
        self._image = image
        self._merged = merged
        self._layers = image.layers
        self._paths = Paths(image.layers, merged.places)
        self._texts = dict(self._kept_texts())
        self._os = self._read_os()
        self._owners: Mapping[bytes, str] = self._os.owner_of if self._os else {}
        packages = self._os.packages if self._os else {}
        self._tools = build_tools(packages)
        self._of_package = {name: self._group_of_package(name) for name in packages}
        self._python: PythonFound = read_python(self._texts, self._paths, merged, self._owners)
        self._zones = Zones(
            special=special_zones(image, merged.places),
            claims=self._os.folders if self._os else {},
        )
        self._started = started(image.config)
        self._added = self._added_layers()
        self._node_sizes: dict[bytes, int] = {}
        self._manifests: dict[bytes, bytes] = {}

    def run(self) -> Attribution:
        groups = tuple(bytearray([_UNKNOWN]) * len(layer) for layer in self._layers)
        sums = [[0] * len(GROUPS) for _ in self._layers]
        for path, place in self._merged.places.items():
            number, position = place >> 32, place & _LOW
            if self._layers[number].kinds[position] not in _FILES:
                continue
            size = self._merged.bytes_at(path)
            group = _NUMBERS[self._group(path, number, position, size)]
            groups[number][position] = group
            sums[number][group] += size
        self._share(groups, sums)
        total = [sum(column) for column in zip(*sums, strict=True)] or [0] * len(GROUPS)
        return Attribution(
            by_group=_named(total),
            by_layer=tuple(map(_named, sums)),
            os=self._os,
            python=self._python.done(),
            node=read_node(self._texts, self._manifests, self._node_sizes),
            build_tools=self._tools,
            _places=self._merged.places,
            _groups=groups,
            _zones=self._zones,
        )

    def _share(self, groups: tuple[bytearray, ...], sums: list[list[int]]) -> None:
        """Give what a cache and something else both name to the latter, as uv and conda link it.

        Deleting the cache would free nothing of it.
        """
        places, cache = self._merged.places, _NUMBERS["package-caches"]
        for number, layer in enumerate(self._layers):
            for position, target in layer.links.items():
                there = places.get(target)
                if layer.kinds[position] != Kind.HARDLINK or there is None or there >> 32 != number:
                    continue
                if places.get(layer.paths[position]) != number << 32 | position:
                    continue
                for at, other in ((position, there & _LOW), (there & _LOW, position)):
                    group = groups[number][other]
                    if groups[number][at] == cache and group not in {cache, _UNKNOWN}:
                        size = self._merged.bytes_at(layer.paths[at])
                        sums[number][cache] -= size
                        sums[number][group] += size
                        groups[number][at] = group

    def _kept_texts(self) -> Iterator[tuple[bytes, bytes]]:
        for number, layer in enumerate(self._layers):
            for position, content in layer.texts.items():
                path = layer.paths[position]
                if self._merged.places.get(path) == number << 32 | position:
                    yield path, content

    def _read_os(self) -> OsPackages | None:
        for read in (read_dpkg, read_apk, read_rpm):
            found = read(self._texts, self._paths, self._merged)
            if found is not None and found.packages:
                return found
        return None

    def _group_of_package(self, name: str) -> Group:
        if is_cuda_package(name):
            return "cuda"
        if self._os and self._os.packages[name].section == "doc":
            return "documentation"
        return "build-tools" if name in self._tools else "os-packages"

    def _added_layers(self) -> list[bool]:
        """Tell of each layer whether what it holds was made outside, other than a whole system."""
        return [
            is_copy(step) and b"etc/passwd" not in layer.paths
            for step, layer in zip(self._image.steps(), self._layers, strict=True)
        ]

    def _group(self, path: bytes, number: int, position: int, size: int) -> Group:
        cut = path.rfind(b"/")
        name = path[cut + 1 :]
        zone = self._zones.of(path[:cut] if cut > 0 else b"")
        if b"node_modules/" in path:
            self._count_node(path, name, number, position, size)
        if zone.site and path not in self._python.owner_of:
            self._python.add_unstated(path, zone.site, size)
        if zone.fixed:
            return zone.group
        owner = self._owners.get(path)
        if owner is not None:
            return "static-libraries" if is_static_library(name) else self._of_package[owner]
        if zone.site or zone is NODE or path in self._python.owner_of:
            return self._in_package(zone, name)
        found = group_of_program(path, name)
        if found is None and zone.group != "os-packages":
            head = self._layers[number].heads.get(position, b"")
            found = group_of_content(name, size, head, data=zone.data)
        return found or self._of_folder(path, zone, number)

    def _in_package(self, zone: Zone, name: bytes) -> Group:
        if is_static_library(name):
            return "static-libraries"
        if zone is NODE:
            return "node-packages"
        if is_header(name):
            return "build-tools"
        if name.endswith((b".pyc", b".pyo")):
            return "bytecode"
        return "cuda" if is_cuda(name) else "python-packages"

    def _of_folder(self, path: bytes, zone: Zone, number: int) -> Group:
        """Return the group of a file about which only its place and its layer tell."""
        if (self._added[number] or path in self._started) and zone.group in _MADE_BY_SCRIPTS:
            return "application"
        if zone.group != "unexplained":
            return zone.group
        if self._os is None and path.startswith(_OF_THE_SYSTEM):
            return "os-packages"  # A system that came without a database of its packages.
        return "unexplained"

    def _count_node(self, path: bytes, name: bytes, number: int, position: int, size: int) -> None:
        folder = package_folder(path)
        if folder is None:
            return
        self._node_sizes[folder] = self._node_sizes.get(folder, 0) + size
        if name == b"package.json" and len(path) == len(folder) + len(_MANIFEST):
            self._manifests[path] = self._layers[number].heads.get(position, b"")


def _named(sums: list[int]) -> dict[Group, int]:
    return {group: size for group, size in zip(GROUPS, sums, strict=True) if size}
