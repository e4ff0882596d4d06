"""Reads which shared libraries an ELF file names, and the loader that starts it.

The layout is that of the System V ABI, "Program Header" and "Dynamic Section". A file may come
from anybody, so at most :data:`_MOST_NEEDED` names of at most :data:`_LONGEST_NAME` bytes are read
from places that the file itself states, and whatever does not fit is an answer, not an error.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hcreport.contents.layer import UNREAD
from hcreport.units import KIB

ReadAt = Callable[[int, int], bytes]
"""Return up to that many bytes (second) of the file from a place (first)."""

_MAGIC = b"\x7fELF"
_IDENT = 16
_CLASSES = {1: 32, 2: 64}
_ORDERS = {1: "<", 2: ">"}

_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
"""Types of segments."""

_END, _NEEDED, _STRINGS = 0, 1, 5
"""Tags of the dynamic section: where it ends, a library, and where the names are."""

_MOST_SEGMENTS = 512
_MOST_NEEDED = 512
_LONGEST_NAME = 256
_LONGEST_PATH = 4 * KIB
_LONGEST_DYNAMIC = 256 * KIB


@dataclass(frozen=True)
class _Shape:
    """How the structures of one class and byte order are packed."""

    header: struct.Struct
    """Offset, entry size and number of program headers."""
    header_at: tuple[int, int]
    segment: struct.Struct
    wide: bool
    pair: struct.Struct


def _shape(bits: int, order: str) -> _Shape:
    if bits == 64:
        return _Shape(
            struct.Struct(f"{order}Q"),
            (32, 54),
            struct.Struct(f"{order}IIQQQQQQ"),
            True,
            struct.Struct(f"{order}qQ"),
        )
    return _Shape(
        struct.Struct(f"{order}I"),
        (28, 42),
        struct.Struct(f"{order}IIIIIIII"),
        False,
        struct.Struct(f"{order}iI"),
    )


_SHAPES = {
    (one, two): _shape(bits, order)
    for one, bits in _CLASSES.items()
    for two, order in _ORDERS.items()
}


@dataclass(frozen=True)
class _Segment:
    kind: int
    offset: int
    address: int
    length: int
    """Bytes in the file."""


class _DamagedError(Exception):
    """The file does not hold what it says, or what it says could not be reached."""


def read_elf(size: int, read_at: ReadAt) -> tuple[bytes, ...]:
    """Return the libraries that a file of ``size`` bytes names, then the path of its loader.

    Empty for what is no ELF file, or names none; ``(UNREAD,)`` where it is one that is damaged,
    absurd, or of which ``read_at`` does not return enough. Never raises on what the file holds.
    """
    ident = read_at(0, _IDENT)
    if not ident.startswith(_MAGIC):
        return ()
    try:
        return _read(_File(size, read_at), ident)
    except (_DamagedError, struct.error):
        return (UNREAD,)


@dataclass(frozen=True)
class _File:
    size: int
    read_at: ReadAt

    def take(self, offset: int, count: int) -> bytes:
        """Return exactly these bytes. Raises _DamagedError where they are not there."""
        if offset + count > self.size:
            raise _DamagedError
        found = self.read_at(offset, count)
        if len(found) != count:
            raise _DamagedError
        return found

    def text(self, offset: int, longest: int) -> bytes:
        """Return a text that ends in a zero byte."""
        found = self.read_at(offset, min(longest, max(self.size - offset, 0)))
        text, end, _ = found.partition(b"\0")
        if not end or not text:
            raise _DamagedError
        return text


def _read(file: _File, ident: bytes) -> tuple[bytes, ...]:
    shape = _SHAPES.get((ident[4], ident[5])) if len(ident) == _IDENT else None
    if shape is None:
        raise _DamagedError
    segments = list(_segments(file, shape, ident[5]))
    names: list[bytes] = []
    for segment in segments:
        if segment.kind == _DYNAMIC:
            names += _needed(file, shape, segment, segments)
    for segment in segments:
        if segment.kind == _INTERPRETER:
            names.append(file.text(segment.offset, min(segment.length, _LONGEST_PATH)))
    return tuple(dict.fromkeys(names))


def _segments(file: _File, shape: _Shape, order: int) -> Iterator[_Segment]:
    place, numbers = shape.header_at
    (offset,) = shape.header.unpack(file.take(place, shape.header.size))
    length, count = struct.unpack(f"{_ORDERS[order]}HH", file.take(numbers, 4))
    if not count:
        return
    if count > _MOST_SEGMENTS or length < shape.segment.size or length > _LONGEST_NAME:
        raise _DamagedError
    table = file.take(offset, length * count)
    for number in range(count):
        fields = shape.segment.unpack_from(table, number * length)
        if shape.wide:
            yield _Segment(fields[0], fields[2], fields[3], fields[5])
        else:
            yield _Segment(fields[0], fields[1], fields[2], fields[4])


def _needed(
    file: _File, shape: _Shape, dynamic: _Segment, segments: list[_Segment]
) -> Iterator[bytes]:
    """Yield the names of libraries in the dynamic section."""
    if dynamic.length > _LONGEST_DYNAMIC:
        raise _DamagedError
    length = dynamic.length - dynamic.length % shape.pair.size
    places: list[int] = []
    strings: int | None = None
    for tag, value in shape.pair.iter_unpack(file.take(dynamic.offset, length)):
        if tag == _END:
            break
        if tag == _NEEDED:
            places.append(value)
        elif tag == _STRINGS:
            strings = value
    if not places:
        return
    if strings is None or len(places) > _MOST_NEEDED:
        raise _DamagedError
    start = _offset_of(strings, segments)
    for place in places:
        yield file.text(start + place, _LONGEST_NAME)


def _offset_of(address: int, segments: list[_Segment]) -> int:
    """Return where in the file an address lies."""
    for each in segments:
        if each.kind == _LOAD and each.address <= address < each.address + each.length:
            return each.offset + address - each.address
    raise _DamagedError
