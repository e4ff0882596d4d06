"""Keeps of a file's content what is wanted while it streams past: its first bytes, all, libraries.

Whatever an archive claims, no more is held at once than :data:`_LARGEST_PIECE`, and no more kept
than the :class:`Bounds` of the whole reading allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from mmap import mmap

from hcreport.collect.layers.reader import Reader
from hcreport.contents.elf import read_elf
from hcreport.contents.evidence import LARGEST_TEXT, Want
from hcreport.contents.layer import UNREAD, LayerFiles
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, MIB, gib

Wanted = Callable[[bytes, int], Want]
"""Says what is to be kept of a file, by its path and its size in bytes."""

MARKED = 64 * KIB
"""Bytes; files of at least this size get a mark."""

_MARKED_END = 4 * KIB
_HEAD = 512
_LARGEST_PIECE = 32 * MIB
"""Bytes of a program that are held while its libraries are looked up."""

_WINDOW = 256 * KIB
_MOST_WINDOWS = 4
"""Further pieces of a larger program, each where it was asked for."""

_MAGIC_OF_ELF = b"\x7fELF"

_MOST_ENTRIES = 4_500_000
_MOST_NAMES = GIB
_MOST_KEPT = 192 * MIB
_MOST_BYTES = 64 * GIB * KIB


@dataclass(slots=True)
class Bounds:
    """What all layers of one reading may take together; the largest known have a tenth of it."""

    entries: int = 0
    names: int = 0
    """Bytes of paths and links."""
    kept: int = 0
    """Bytes of contents."""
    size: int = 0
    """Bytes of files, as the layers claim."""
    passed_over: int = 0
    """Files of which more was wanted than could be kept."""

    def count(self, names: int, size: int) -> None:
        """Count one entry. Raises ImageError where there are too many."""
        self.entries += 1
        self.names += names
        self.size += size
        if self.entries > _MOST_ENTRIES or self.names > _MOST_NAMES:
            raise ImageError(
                f"The image has more than {_MOST_ENTRIES:,} files, or {gib(_MOST_NAMES)} of names.",
                hint="hcreport does not read so many; see what made them with `docker history`.",
            )
        if self.size > _MOST_BYTES:
            raise ImageError(
                f"The image claims to hold more than {gib(_MOST_BYTES)}.",
                hint="hcreport does not read so much; check where the image comes from.",
            )

    def keep(self, size: int) -> bool:
        """Tell whether so many more bytes can be kept, and count them or the file."""
        if self.kept + size > _MOST_KEPT:
            self.passed_over += 1
            return False
        self.kept += size
        return True


class Contents:
    """Takes the content of files from a reader, and keeps what is wanted in a layer."""

    def __init__(self, reader: Reader, layer: LayerFiles, bounds: Bounds) -> None:
        self._reader, self._layer, self._bounds = reader, layer, bounds
        self._space: mmap | None = None
        """Holds one program after the other: memory that is asked for and given back each time
        would fall into pieces."""

    def take(self, position: int, size: int, want: Want) -> None:
        """Take the content of the layer's file at a position, and keep what is wanted of it."""
        start = self._reader.peek(_HEAD)[:size]
        is_program = bool(want & Want.NEEDS) and start.startswith(_MAGIC_OF_ELF)
        if want & Want.HEAD and self._bounds.keep(len(start)):
            self._layer.heads[position] = start
        passing = _Passing(self._reader, size, window=_WINDOW if is_program else 0)
        if want & Want.TEXT and size <= LARGEST_TEXT and self._bounds.keep(size):
            self._layer.texts[position] = passing.hold(size)
        elif is_program and not self._reader.random_access:
            is_small = size <= _LARGEST_PIECE + _MARKED_END
            passing.hold_in(self._space_of(size if is_small else _LARGEST_PIECE))
        if is_program:
            self._keep_needs(position, size, passing)
        if size >= MARKED:
            first = passing.read_at(0, _MARKED_END)
            last = passing.read_at(size - _MARKED_END, _MARKED_END)
            self._layer.marks[position] = blake2b(first + last, digest_size=16).digest()
        passing.end()

    def _space_of(self, size: int) -> memoryview:
        self._space = self._space or mmap(-1, _LARGEST_PIECE + _MARKED_END)
        return memoryview(self._space)[:size]

    def _keep_needs(self, position: int, size: int, passing: _Passing) -> None:
        needs = read_elf(size, passing.read_at)
        if needs and self._bounds.keep(sum(map(len, needs))):
            self._layer.needs[position] = needs
        elif needs:
            self._layer.needs[position] = (UNREAD,)


class _Passing:
    """A file that streams past, of which some pieces are held."""

    def __init__(self, reader: Reader, size: int, *, window: int = 0) -> None:
        """``window``: bytes that are held at least, from each place that is asked for."""
        self._reader, self._size, self._window = reader, size, window
        self._start = reader.position
        self._pieces: list[tuple[int, bytes | memoryview]] = []
        """Where each starts in the file."""

    def hold(self, count: int) -> bytes:
        """Take the next bytes and hold them."""
        at = self._reader.position - self._start
        piece = self._reader.take(count)
        self._pieces.append((at, piece))
        return piece

    def hold_in(self, space: memoryview) -> None:
        """Hold the next bytes, as many as the space has."""
        at = self._reader.position - self._start
        self._reader.take_into(space)
        self._pieces.append((at, space))

    def read_at(self, offset: int, count: int) -> bytes:
        """Return bytes from a place of the file; none where they have passed and are not held."""
        count = max(min(count, self._size - offset), 0)
        for at, piece in self._pieces:
            if at <= offset and offset + count <= at + len(piece):
                return bytes(piece[offset - at : offset - at + count])
        passed = self._reader.position - self._start
        if self._reader.random_access and offset >= passed:
            return self._reader.read_at(self._start + offset, count)
        if offset < passed or len(self._pieces) > _MOST_WINDOWS:
            return b""
        # The end of the file is asked for last: it must neither pass nor lie in two pieces.
        begin = max(min(offset, self._size - _MARKED_END), passed)
        self._reader.skip(begin - passed)
        taken, left = offset - begin + max(count, self._window), self._size - begin
        piece = self.hold(left if left < taken + _MARKED_END else taken)
        return piece[offset - begin : offset - begin + count]

    def end(self) -> None:
        """Pass over what is left of the file."""
        self._reader.skip(self._start + self._size - self._reader.position)
