"""What the packages in an image are, and the paths at which their files really lie."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hcreport.contents.layer import Kind, LayerFiles

Alternatives = tuple[tuple[str, ...], ...]
"""Each of these must be there, by one of its names."""

_DEEPEST = 64
"""Folders below folders. A path that is deeper is taken as it stands."""

_LOW = 0xFFFFFFFF


class Seen(Protocol):
    """The part of :class:`hcreport.contents.merged.Merged` that attribution reads."""

    @property
    def places(self) -> dict[bytes, int]:
        """Layer times 2**32 plus position of each path."""

    def bytes_at(self, path: bytes) -> int:
        """Return the bytes that count at a path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OsPackage:
    """One package of the operating system."""

    name: str
    """With ``:architecture`` where it is not the image's own."""
    version: str = ""
    section: str = ""
    manual: bool | None = None
    """Somebody asked for it, so the manager does not remove it by itself; None: not recorded."""
    depends: Alternatives = ()
    recommends: Alternatives = ()
    provides: tuple[str, ...] = ()
    essential: bool = False
    files: tuple[bytes, ...] = ()
    """Those that are seen, where they really lie."""
    size: int = 0
    """Bytes of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OsPackages:
    """The packages that the operating system's manager installed."""

    manager: str
    """``dpkg``, ``apk`` or ``rpm``."""
    packages: Mapping[str, OsPackage]
    owner_of: Mapping[bytes, str]
    """The package of each file."""
    folders: Mapping[bytes, int] = field(default_factory=dict)
    """How many packages state a folder as theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonDist:
    """One distribution that was installed for Python."""

    name: str
    version: str = ""
    folder: bytes
    """In which its modules lie."""
    requires: tuple[str, ...] = ()
    """As its metadata state them, with extras and conditions."""
    requested: bool | None = None
    """Somebody asked for it by name; None where this was not recorded."""
    extras: tuple[str, ...] = ()
    """Those that it has, not those that were asked for: nothing records these."""
    entry_points: tuple[str, ...] = ()
    """Names of the commands that it brings."""
    files: tuple[bytes, ...] = ()
    size: int = 0
    """Bytes of its files, and of the bytecode beside them."""
    by_system: bool = False
    """A package of the operating system brought it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePackage:
    """One package in a ``node_modules``."""

    name: str
    version: str = ""
    folder: bytes
    dev: bool = False
    """Only development asks for it, as npm recorded it."""
    size: int = 0
    """Bytes of its files, without packages inside it."""


class Paths:
    """The paths of the merged file system, found also through symbolic links to folders.

    Debian's lists name ``/bin/ls`` where ``/bin`` is a link to ``usr/bin``.
    """

    def __init__(self, layers: Sequence[LayerFiles], places: Mapping[bytes, int]) -> None:
        self._layers = layers
        self.places = places
        self._real: dict[bytes, bytes] = {b"": b""}

    def kind(self, path: bytes) -> int | None:
        """Return what a path is; None where nothing is there."""
        place = self.places.get(path)
        return None if place is None else self._layers[place >> 32].kinds[place & _LOW]

    def find(self, path: bytes) -> bytes | None:
        """Return where what a path names really lies; None where it is not there.

        What is returned is the layer's own copy of the path, of which there may be many.
        """
        place = self.places.get(path)
        if place is not None:
            return self._layers[place >> 32].paths[place & _LOW]
        folder, _, name = path.rpartition(b"/")
        real = self.real(folder)
        if real == folder:
            return None
        place = self.places.get(real + b"/" + name if real else name)
        return None if place is None else self._layers[place >> 32].paths[place & _LOW]

    def real(self, folder: bytes) -> bytes:
        """Return a folder's path without symbolic links; as it stands where it has loops."""
        known = self._real.get(folder)
        if known is not None:
            return known
        if folder.count(b"/") > _DEEPEST:
            return folder
        self._real[folder] = folder  # What a loop comes back to.
        parent, _, name = folder.rpartition(b"/")
        above = self.real(parent)
        path = above + b"/" + name if above else name
        target = self._target(path)
        if target is not None:
            path = self.real(joined(above, target))
        self._real[folder] = path
        return path

    def _target(self, path: bytes) -> bytes | None:
        place = self.places.get(path)
        if place is None:
            return None
        layer, position = self._layers[place >> 32], place & _LOW
        return layer.links.get(position) if layer.kinds[position] == Kind.SYMLINK else None


def joined(folder: bytes, target: bytes) -> bytes:
    """Return the cleaned path that a target means in a folder; it never leads above the root."""
    path = posixpath.normpath(b"/" + folder + b"/" + target) if target[:1] != b"/" else target
    return posixpath.normpath(path).lstrip(b"/")
