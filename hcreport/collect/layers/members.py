"""Finds the members of an image's archive: in a stream as they pass, in a file by their places."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from hcreport.collect.layers.content import Bounds, Wanted
from hcreport.collect.layers.header import BLOCK, Headers, clean, is_header
from hcreport.collect.layers.image_config import read_diff_ids
from hcreport.collect.layers.manifest import listed_images
from hcreport.collect.layers.packed import SAVE_AGAIN, Unpacked, damaged, packing
from hcreport.collect.layers.reader import EndOfDataError, Reader, nothing
from hcreport.collect.layers.tar import parse_layer
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.errors import ImageError
from hcreport.units import MIB

Known = Callable[[str], LayerFiles | None]
"""Returns a layer that was read before, by its digest."""

_LARGEST_DOCUMENT = 8 * MIB
_MOST_DOCUMENTS = 64 * MIB
"""Bytes of one text in the archive, and of all together."""

_MOST_BEHIND = MIB
"""Bytes after the end of a layer: an archive is filled up with zeros."""

_MOST_MEMBERS = 100_001
_MOST_LINKS = 8
"""Links that are followed to reach one member."""

_MOST_LOOKS = 200
"""How often the lists are looked at before all has passed."""

_BLOBS = "blobs/sha256/"
_LISTS = ("manifest.json", "index.json")

_STATEMENT = b'"_type"'
"""Begins a text about how an image was built, which may be long and is not needed."""


@dataclass(frozen=True)
class _Member:
    """One file in the archive."""

    position: int
    """Where it starts in the stream, in bytes."""
    size: int


class _Archive:
    """What both kinds of archive have in common: members by name, and links between them."""

    def __init__(self, reader: Reader, *, known: Known, bounds: Bounds, wanted: Wanted) -> None:
        self._reader, self._known, self._bounds, self._wanted = reader, known, bounds, wanted
        self._members: dict[str, _Member] = {}
        self._links: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """Tell whether there is a member of that name."""
        return self._resolved(name) in self._members

    def _pass(self) -> Iterator[tuple[str, _Member]]:
        """Yield each file of the archive as the reader comes to it, and then go on after it."""
        reader, headers, count = self._reader, Headers(self._reader), 0
        while headers.next():
            count += 1
            if count > _MOST_MEMBERS:
                raise damaged(f"its archive has more than {_MOST_MEMBERS:,} members")
            name = (clean(headers.path) or b"").decode(errors="replace")
            member = _Member(reader.position, headers.stored)
            rest = headers.padding()
            if headers.kind is Kind.FILE and not headers.sparse:
                self._members[name] = member
                self._links.pop(name, None)
                reader.limit(member.size)
                yield name, member
                reader.limit(None)
            elif headers.link:
                self._links[name] = _target(name, headers.kind, headers.link)
            reader.skip(member.position + member.size + rest - reader.position)

    def is_link(self, name: str) -> bool:
        """Tell whether a member is a link to another one."""
        return posixpath.normpath(name) in self._links

    def _resolved(self, name: str) -> str:
        """Return the name of the member that a name means."""
        name = posixpath.normpath(name)
        for _ in range(_MOST_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        return name

    def _parse(self, member: _Member) -> LayerFiles:
        """Return the layer that starts where the reader is."""
        reader, inner = self._reader, None
        reader.limit(member.size)
        try:
            start = reader.peek(BLOCK)
            kind = packing(start)
            if kind is not None:
                inner = Reader(Unpacked(reader, kind))
            elif start and not is_header(start):
                raise _no_layer()
            layer = parse_layer(inner or reader, wanted=self._wanted, bounds=self._bounds)
        except EndOfDataError as error:
            if inner is None and not error.limited:
                raise
            raise damaged("a layer ends too early") from error
        if inner is not None:
            _drain(inner)
        return layer


class StreamArchive(_Archive):
    """An archive that passes once: what could be a layer is read as one."""

    def __init__(self, reader: Reader, *, known: Known, bounds: Bounds, wanted: Wanted) -> None:
        """Read the archive to its end. Raises ImageError and EndOfDataError."""
        super().__init__(reader, known=known, bounds=bounds, wanted=wanted)
        self._documents: dict[str, bytes] = {}
        self._kept = 0
        self._layers: dict[str, LayerFiles | ImageError] = {}
        self._told: dict[str, str] = {}
        """Digests of layers by member, as far as the lists have passed."""
        self._is_told = False
        self._looks = 0
        for name, member in self._pass():
            self._take(name, member)

    def document(self, name: str) -> bytes | None:
        """Return a small text; None where there is none of that name."""
        return self._documents.get(self._resolved(name))

    def layer(self, name: str, diff_id: str) -> LayerFiles:
        """Return a layer by its member. Raises ImageError where it is damaged or missing."""
        found = self._layers.get(self._resolved(name))
        if found is None and diff_id:
            found = self._known(diff_id)
        if isinstance(found, LayerFiles):
            return found
        raise found or (_no_layer() if self.has(name) else _missing(name))

    def _take(self, name: str, member: _Member) -> None:
        start = self._reader.peek(BLOCK)
        if not member.size:
            self._layers[name] = LayerFiles()
        elif packing(start) is not None or is_header(start):
            self._layers[name] = self._layer(name, member)
        elif self._is_document(start, member.size):
            self._documents[name] = self._reader.take(member.size)
            self._kept += member.size
            self._is_told = False

    def _is_document(self, start: bytes, size: int) -> bool:
        if start.lstrip()[:1] not in (b"{", b"[") or _STATEMENT in start[:64]:
            return False
        return size <= _LARGEST_DOCUMENT and self._kept + size <= _MOST_DOCUMENTS

    def _layer(self, name: str, member: _Member) -> LayerFiles | ImageError:
        diff_id = self._diff_id(name)
        found = self._known(diff_id) if diff_id else None
        if found is not None:
            return found
        try:
            return self._parse(member)
        except ImageError as error:  # perhaps nobody needs it
            return error

    def _diff_id(self, name: str) -> str:
        """Return a layer's digest where it is told before the layer passes, else nothing."""
        has_lists = not self._documents.keys().isdisjoint(_LISTS)
        if has_lists and not self._is_told and self._looks < _MOST_LOOKS:
            self._is_told = True
            self._looks += 1
            with suppress(ImageError):
                for listed in listed_images(self):
                    members = map(self._resolved, listed.layers)
                    digests = read_diff_ids(listed.configuration)
                    self._told.update(zip(members, digests, strict=False))
        if name in self._told:
            return self._told[name]
        # An engine that keeps layers unpacked names them by the digest of just that.
        return f"sha256:{name.removeprefix(_BLOBS)}" if name.startswith(_BLOBS) else ""


class FileArchive(_Archive):
    """An archive that can be read at any place: only what is asked for is read."""

    def __init__(self, reader: Reader, *, known: Known, bounds: Bounds, wanted: Wanted) -> None:
        """Find the members. Raises ImageError and EndOfDataError."""
        super().__init__(reader, known=known, bounds=bounds, wanted=wanted)
        self._layers: dict[str, LayerFiles] = {}
        told, reader.on_bytes = reader.on_bytes, nothing
        for _ in self._pass():
            pass
        reader.on_bytes = told

    def document(self, name: str) -> bytes | None:
        """Return a small text; None where there is none of that name."""
        member = self._members.get(self._resolved(name))
        if member is None or member.size > _LARGEST_DOCUMENT:
            return None
        self._reader.go_to(member.position)
        return self._reader.take(member.size)

    def layer(self, name: str, diff_id: str) -> LayerFiles:
        """Return a layer by its member. Raises ImageError where it is damaged or missing."""
        place = self._resolved(name)
        if place not in self._layers:
            self._layers[place] = self._read(name, self._members.get(place), diff_id)
        return self._layers[place]

    def _read(self, name: str, member: _Member | None, diff_id: str) -> LayerFiles:
        found = self._known(diff_id) if diff_id else None
        if found is not None:
            return found
        if member is None:
            raise _missing(name)
        self._reader.go_to(member.position)
        return self._parse(member)


def _target(name: str, kind: Kind, link: bytes) -> str:
    """Return the name that a link means: a symbolic one is relative to its folder."""
    folder = posixpath.dirname(name) if kind is Kind.SYMLINK else ""
    return posixpath.normpath(posixpath.join(folder, link.decode(errors="replace")))


def _drain(packed: Reader) -> None:
    """Read what follows a layer in its packed form, whose end has a checksum; not without end."""
    left = _MOST_BEHIND
    while left > 0 and (piece := packed.next_piece()):
        left -= len(piece)


def _no_layer() -> ImageError:
    return damaged("what it lists as a layer is no archive")


def _missing(name: str) -> ImageError:
    return ImageError(
        f"The archive does not hold the layer {name}.".encode(errors="replace").decode(),
        hint=SAVE_AGAIN,
    )
