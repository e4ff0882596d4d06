"""Reads which files Python's distributions own, and what they ask for.

Metadata: packaging.python.org, "Core metadata", "Recording installed projects" (RECORD, REQUESTED,
INSTALLER) and "Entry points". Older installations have ``*.egg-info`` instead.
"""

from __future__ import annotations

import csv
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hcreport.contents.owners import Paths, PythonDist, Seen

_INFO = re.compile(
    rb"^(?:(.*)/)?[^/]+?(?:\.dist-info/METADATA|\.egg-info/PKG-INFO|\.egg-info)$", re.DOTALL
)
_ENDS = (b"/METADATA", b"/PKG-INFO", b".egg-info")
_VENDORED = b"_vendor"
"""Folder in which a distribution keeps copies of others."""

_SECTION = re.compile(r"^\[(.+?)\]\s*$")
_CONDITIONED = re.compile(r"^([^:]*)(?::(.*))?$")
_SCRIPTS = {"console_scripts", "gui_scripts"}
_CACHED = re.compile(rb"(?:^|/)__pycache__/")


class _Metadata(NamedTuple):
    name: str
    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]


@dataclass
class PythonFound:
    """The distributions of an image while their bytes are still being counted."""

    dists: list[PythonDist] = field(default_factory=list)
    owner_of: dict[bytes, int] = field(default_factory=dict)
    """By path: the number of the distribution."""
    tops: dict[bytes, int] = field(default_factory=dict)
    """By path of a module or package: the number of the only distribution in it; -1 for several."""
    more: list[int] = field(default_factory=list)
    """Bytes beside those that each distribution states, such as bytecode."""

    def add_unstated(self, path: bytes, folder: bytes, size: int) -> None:
        """Count a file in ``folder`` that no distribution states."""
        end = path.find(b"/", len(folder) + 1)
        number = self.tops.get(path if end < 0 else path[:end], -1)
        if number >= 0:
            self.more[number] += size

    def done(self) -> tuple[PythonDist, ...]:
        """Return the distributions, by folder and name."""
        counted = (
            replace(each, size=each.size + more)
            for each, more in zip(self.dists, self.more, strict=True)
        )
        return tuple(sorted(counted, key=lambda each: (each.folder, each.name.lower())))


def read_python(
    texts: Mapping[bytes, bytes], paths: Paths, seen: Seen, system: Mapping[bytes, str]
) -> PythonFound:
    """Return the distributions and their files.

    ``texts`` has the content of evidence by path, ``system`` the files of packages of the
    operating system.
    """
    reader = _Reader(texts, paths, seen, system)
    # The nearest to the root first, so that what a distribution brought inside itself is its own.
    for path in sorted(texts, key=lambda path: (path.count(b"/"), path)):
        match = _INFO.match(path) if path.endswith(_ENDS) else None
        folder = (match.group(1) or b"") if match else _VENDORED
        if path not in reader.found.owner_of and not folder.endswith(_VENDORED):
            reader.add(path, folder)
    return reader.found


class _Reader:
    """The distributions found so far, and where to look for what they state."""

    def __init__(
        self,
        texts: Mapping[bytes, bytes],
        paths: Paths,
        seen: Seen,
        system: Mapping[bytes, str],
    ) -> None:
        self.found = PythonFound()
        self._texts = texts
        self._paths = paths
        self._seen = seen
        self._system = system
        self._recorded = {
            path.rpartition(b"/")[0].rpartition(b"/")[0]
            for path in paths.places
            if path.endswith(b".dist-info/REQUESTED")
        }
        """Folders in which somebody wrote down what was asked for."""

    def add(self, path: bytes, folder: bytes) -> None:
        """Add the distribution whose metadata are at ``path`` and whose modules in ``folder``."""
        metadata = _metadata(self._texts[path])
        if not metadata.name:
            return
        info = path if path.endswith(b".egg-info") else path.rpartition(b"/")[0]
        number = len(self.found.dists)
        files = self._claim(number, _stated(info, folder, self._texts))
        for top in _tops(info, folder, files, self._texts):
            if self.found.tops.setdefault(top, number) != number:
                self.found.tops[top] = -1
        by_system = path in self._system
        requested = None
        if folder in self._recorded and not by_system:
            requested = info + b"/REQUESTED" in self._paths.places
        asks = metadata.requires or tuple(_egg_requires(self._texts.get(info + b"/requires.txt")))
        self.found.more.append(0)
        self.found.dists.append(
            PythonDist(
                name=metadata.name,
                version=metadata.version,
                folder=folder,
                requires=asks,
                requested=requested,
                extras=metadata.extras,
                entry_points=tuple(_commands(self._texts.get(info + b"/entry_points.txt"))),
                files=tuple(files),
                size=sum(map(self._seen.bytes_at, files)),
                by_system=by_system,
            )
        )

    def _claim(self, number: int, stated: Iterable[bytes]) -> list[bytes]:
        """Return which of the stated files are there and nobody else's."""
        files = []
        for path in stated:
            place = self._paths.find(path)
            if place is not None and place not in self.found.owner_of:
                self.found.owner_of[place] = number
                files.append(place)
        return files


def _metadata(content: bytes) -> _Metadata:
    """Read the fields before the description, which may be long."""
    head = content.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode(errors="replace")
    name = version = ""
    requires: list[str] = []
    extras: list[str] = []
    for line in head.split("\n"):
        key, _, value = line.partition(":")
        value = value.strip()
        match key.lower():
            case "name":
                name = value
            case "version":
                version = value
            case "requires-dist":
                requires.append(value)
            case "provides-extra":
                extras.append(value)
    return _Metadata(name, version, tuple(requires), tuple(extras))


def _stated(info: bytes, folder: bytes, texts: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Yield the paths that a distribution says it consists of."""
    record = texts.get(info + b"/RECORD")
    if record is not None:
        for path in record_paths(record):
            yield _below(folder, path)
        return
    for line in texts.get(info + b"/installed-files.txt", b"").split(b"\n"):
        if line.strip():
            yield _below(info, line.strip())
    yield info


def record_paths(content: bytes) -> Iterator[bytes]:
    """Yield the paths in a RECORD: lines of comma-separated values with the path first."""
    for line in content.splitlines():
        if line[:1] != b'"':
            path = line.rsplit(b",", 2)[0]
        else:
            try:
                row = next(csv.reader([line.decode(errors="surrogateescape")]), [])
            except csv.Error:
                continue
            path = row[0].encode(errors="surrogateescape") if row else b""
        if path:
            yield path


def _below(folder: bytes, path: bytes) -> bytes:
    if path[:1] == b"/":
        return path.lstrip(b"/")
    if b".." in path or b"./" in path:
        return posixpath.normpath(b"/" + folder + b"/" + path).lstrip(b"/")
    return folder + b"/" + path if folder else path


def _tops(
    info: bytes, folder: bytes, files: Iterable[bytes], texts: Mapping[bytes, bytes]
) -> set[bytes]:
    """Return the modules and packages directly in the folder that belong to a distribution."""
    start = len(folder) + 1 if folder else 0
    tops = {info}
    for path in files:
        if path.startswith(folder) and not _CACHED.match(path, max(start - 1, 0)):
            end = path.find(b"/", start)
            tops.add(path if end < 0 else path[:end])
    if len(tops) == 1:
        for line in texts.get(info + b"/top_level.txt", b"").split():
            tops.add(_below(folder, line))
            tops.add(_below(folder, line + b".py"))
    return tops


def _egg_requires(content: bytes | None) -> Iterator[str]:
    """Yield requirements as core metadata write them; a section is ``[extra:condition]``."""
    condition = ""
    for line in (content or b"").decode(errors="replace").splitlines():
        section = _SECTION.match(line)
        if section:
            parts = _CONDITIONED.match(section.group(1))
            extra, marker = parts.groups() if parts else ("", "")
            condition = " and ".join(
                filter(
                    None, (f"({marker})" if marker else "", f"extra == '{extra}'" if extra else "")
                )
            )
        elif line.strip():
            yield f"{line.strip()} ; {condition}" if condition else line.strip()


def _commands(content: bytes | None) -> Iterator[str]:
    section = ""
    for line in (content or b"").decode(errors="replace").splitlines():
        match = _SECTION.match(line.strip())
        if match:
            section = match.group(1)
        elif section in _SCRIPTS and "=" in line:
            yield line.partition("=")[0].strip()
