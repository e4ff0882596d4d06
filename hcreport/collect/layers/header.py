"""Reads the headers of a tar archive: the 512 bytes of each entry, and the longer ones before it.

Formats: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header"; GNU tar, "Basic Tar
Format". Where these leave a choice, it is that of Go's ``archive/tar``, with which every engine
reads and writes layers.
"""

from __future__ import annotations

import posixpath
import struct
from zlib import adler32

from hcreport.collect.layers.packed import damaged
from hcreport.collect.layers.reader import EndOfDataError, Reader
from hcreport.contents.layer import Kind, owner_of
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, LARGEST_COUNT, MIB

BLOCK = 512

LONGEST_PATH = 64 * KIB
"""Bytes. No file system has longer ones."""

LARGEST_FILE = GIB * KIB
"""Bytes; 1 TiB."""

_LONGEST_EXTENSION = MIB
"""Bytes of a longer header, which holds a path or extended attributes."""

_FIELDS = struct.Struct("100s24s12s12s8ss100s6s82x155s12x")
"""Name; mode, user and group; size; time; checksum; type; link; magic; prefix of the name."""

_CHECKSUM = slice(148, 156)
_SPACES = 256
"""Sum of the eight spaces that stand for the checksum while it is computed."""

_MODULUS = 65521
"""Of Adler-32, whose lower half is 1 plus the sum of all bytes: much faster than ``sum``."""

_MAGIC = b"ustar\0"
"""Of the formats that have a prefix; GNU's own has other things at its place."""

_KINDS = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), Kind.FILE),
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    **dict.fromkeys((b"3", b"4", b"6"), Kind.OTHER),
    b"5": Kind.FOLDER,
}
"""Any other type is a file of a kind that is not known."""

_LONG_NAME, _LONG_LINK, _EXTENDED, _GLOBAL, _SPARSE = b"L", b"K", b"x", b"g", b"S"

_SPARSE_MORE, _SPARSE_SIZE, _SPARSE_NEXT = 482, slice(483, 495), 504
"""Where in GNU's header, and in the blocks that follow it, a file with holes is described."""

_MOST_REMEMBERED = 4000
_LARGEST_TIME = LARGEST_COUNT // 2


class Headers:
    """The entries of an archive, one at a time; :meth:`next` goes to the next one.

    The content of an entry that has one, ``stored`` bytes and then :meth:`padding`, has to be taken
    or passed over before the next.
    """

    __slots__ = (
        *("_extended", "_long_link", "_long_name", "_reader", "_remembered"),
        *("kind", "link", "mode", "owner", "path", "size", "sparse", "stored", "time"),
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._remembered: dict[bytes, tuple[int, int]] = {}
        """Mode and owner by their text: they are almost always the same."""
        self.path = b""
        """As written."""
        self.link = b""
        """As written."""
        self.kind = Kind.FILE
        self.size = 0
        """Bytes of the file; 0 for what is none."""
        self.stored = 0
        """Bytes of it in the archive: fewer where the file has holes."""
        self.sparse = False
        """What is stored is not the content as it is: the file has holes."""
        self.mode = self.owner = self.time = 0
        self._long_name = self._long_link = b""
        self._extended: dict[bytes, bytes] = {}

    def next(self) -> bool:
        """Go to the next entry; False at the end. Raises ImageError and EndOfDataError."""
        while (block := self._block()) is not None:
            name, who, size, time, _, kind, link, magic, prefix = _FIELDS.unpack(block)
            try:
                stored = int(size.rstrip(b"\0 "), 8)
            except ValueError:
                stored = _number(size)
            if kind in b"LKxg":
                self._longer_header(kind, stored)
                continue
            self.path, self.link = name.partition(b"\0")[0], link.partition(b"\0")[0]
            if magic == _MAGIC and prefix[:1] != b"\0":
                self.path = prefix.partition(b"\0")[0] + b"/" + self.path
            self.mode, self.owner = self._remembered.get(who) or self._who(who)
            try:
                self.time = int(time.rstrip(b"\0 "), 8)
            except ValueError:
                self.time = _time(_number(time))
            self.sparse = False
            self._classify(kind, stored, block)
            return True
        return False

    def padding(self) -> int:
        """Bytes between the end of the content and the next header."""
        return -self.stored % BLOCK

    def _block(self) -> bytes | None:
        """Return the next header; None at the end."""
        try:
            block = self._reader.take(BLOCK)
        except EndOfDataError as error:
            if error.left:
                raise
            return None
        field = block[_CHECKSUM]
        try:
            stated = int(field.rstrip(b"\0 "), 8)
        except ValueError:
            return self._odd_block(block)
        others = (adler32(block) & 0xFFFF) - (adler32(field) & 0xFFFF)
        if (others + _SPACES - stated) % _MODULUS and stated not in _checksums(block):
            raise damaged("a header in a layer has a wrong checksum")
        return block

    def _odd_block(self, block: bytes) -> bytes | None:
        """Return a header whose checksum is oddly written; None of two blocks of zeros."""
        if any(block):
            if _number(block[_CHECKSUM]) not in _checksums(block):
                raise damaged("a header in a layer has a wrong checksum")
            return block
        if any(self._reader.peek(BLOCK)):
            raise damaged("a layer goes on after its end")
        return None

    def _longer_header(self, kind: bytes, length: int) -> None:
        """Read what an entry's own header has no room for."""
        if not 0 <= length <= _LONGEST_EXTENSION:
            raise damaged("a header in a layer is absurdly long")
        data = self._reader.take(length)
        self._reader.skip(-length % BLOCK)
        if kind == _LONG_NAME:
            self._long_name = data.partition(b"\0")[0]
        elif kind == _LONG_LINK:
            self._long_link = data.partition(b"\0")[0]
        elif kind == _EXTENDED:
            self._extended = _records(data)

    def _classify(self, kind: bytes, stored: int, block: bytes) -> None:
        """Say what the entry is, and how long."""
        self.kind = _KINDS.get(kind, Kind.FILE)
        self.size = self.stored = stored
        if self._extended:
            self._extend()
        if self._long_name or self._long_link:
            self.path, self.link = self._long_name or self.path, self._long_link or self.link
            self._long_name = self._long_link = b""
        if kind == b"\0" and self.path.endswith(b"/"):
            self.kind = Kind.FOLDER
        if self.kind != Kind.FILE:
            self.size = self.stored = 0
            return
        if kind == _SPARSE:
            self._read_holes(block)
        if not (0 <= self.stored <= LARGEST_FILE and 0 <= self.size <= LARGEST_FILE):
            raise damaged("a file in a layer claims an absurd size")

    def _extend(self) -> None:
        """Apply the extended header; what is empty in it does not count."""
        found, self._extended = self._extended, {}
        self.path = found.get(b"GNU.sparse.name") or found.get(b"path") or self.path
        self.link = found.get(b"linkpath") or self.link
        if found.get(b"size"):
            self.size = self.stored = _decimal(found[b"size"])
        length = found.get(b"GNU.sparse.realsize") or found.get(b"GNU.sparse.size")
        if length and self.kind == Kind.FILE:
            self.size, self.sparse = _decimal(length), True
        if found.get(b"mtime"):
            self.time = _time(_seconds(found[b"mtime"]))
        if found.get(b"uid") or found.get(b"gid"):
            user, group = self.owner >> 32, self.owner & 0xFFFFFFFF
            self.owner = owner_of(
                _decimal(found.get(b"uid") or b"%d" % user),
                _decimal(found.get(b"gid") or b"%d" % group),
            )

    def _read_holes(self, block: bytes) -> None:
        """Pass over the list of what GNU's format stores of a file with holes."""
        self.size, self.sparse = _number(block[_SPARSE_SIZE]), True
        more = block[_SPARSE_MORE]
        while more:
            more = self._reader.take(BLOCK)[_SPARSE_NEXT]

    def _who(self, text: bytes) -> tuple[int, int]:
        """Return mode and owner."""
        mode, user, group = (_number(text[at : at + 8]) for at in (0, 8, 16))
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[text] = mode & 0o7777, owner_of(user, group)
        return self._remembered[text]


def is_header(block: bytes) -> bool:
    """Tell whether an archive may start with a block: a header, or zeros."""
    if len(block) < BLOCK:
        return False
    try:
        return _number(block[_CHECKSUM]) in _checksums(block) or not any(block)
    except ImageError:
        return False


def clean(path: bytes) -> bytes | None:
    """Return a path as :class:`LayerFiles` has it, empty for the top; None where it leads outside.

    That is what Go's ``path.Clean`` makes of it, without a slash at the beginning.
    """
    if path.endswith(b"/"):
        path = path.rstrip(b"/") or b"/"
    if b"//" not in path and b"/." not in path and not path.startswith((b"/", b".")):
        return path if b"\0" not in path else None
    cleaned = posixpath.normpath(path).lstrip(b"/")
    if cleaned == b"..":
        return None
    if cleaned.startswith(b"../") or b"\0" in cleaned:
        return None
    return b"" if cleaned == b"." else cleaned


def _checksums(block: bytes) -> tuple[int, int]:
    """Return the sum of a header's bytes, and the same as programs got it that read them signed."""
    others = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    total = sum(others) + _SPACES
    return total, total - 256 * sum(byte > 127 for byte in others)


def _number(field: bytes) -> int:
    """Return a number in octal digits, or in the binary form that large ones have."""
    if field[0] & 0x80:
        whole = int.from_bytes(field, "big", signed=True)
        return whole if field[0] & 0x40 else whole + pow(2, len(field) * 8 - 1)
    digits = field.strip(b" \0").partition(b"\0")[0]
    try:
        return int(digits or b"0", 8)
    except ValueError as error:
        raise damaged("a header in a layer has a number that is none") from error


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise damaged("a header in a layer has a number that is none")
    return int(text)


def _seconds(text: bytes) -> int:
    """Return a time with digits after a point as whole seconds, rounded down."""
    sign = -1 if text.startswith(b"-") else 1
    whole, _, part = text.lstrip(b"-").partition(b".")
    seconds = sign * _decimal(whole or b"0")
    return seconds - 1 if sign < 0 and part.strip(b"0") else seconds


def _time(seconds: int) -> int:
    return max(min(seconds, _LARGEST_TIME), -_LARGEST_TIME)


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return the records of an extended header: ``LENGTH KEY=VALUE`` and a line's end, each."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        length, space, _ = data[at : at + 8].partition(b" ")
        end = at + _decimal(length)
        start = at + len(length) + 1
        if not space or not start < end <= len(data) or data[end - 1 : end] != b"\n":
            raise damaged("an extended header in a layer cannot be read")
        key, equals, value = data[start : end - 1].partition(b"=")
        if not equals:
            raise damaged("an extended header in a layer cannot be read")
        found[key] = value
        at = end
    return found
