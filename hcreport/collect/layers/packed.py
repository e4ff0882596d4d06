"""Unpacks gzip and zstd while they are read, and never more than is asked for.

Formats: RFC 1952 (gzip), RFC 8878 (zstd). A small file may unpack to anything, so there is a limit
on how much, and on how much more than it was.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Literal, Protocol

from hcreport.collect.layers.reader import Reader
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, gib

Packing = Literal["gzip", "zstd"]

MOST_UNPACKED = GIB * KIB
"""Bytes that one packed stream may unpack to: 1 TiB."""

_SUSPICIOUS = 16 * GIB
_MOST_TIMES = 200
"""A stream that unpacks to more than so many bytes and so many times its size is refused. Zeros
become a thousand times smaller, so a layer with a sparse file may well be below the first."""

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 2 to 4 of a frame that holds no data; the first is 0x50 to 0x5f."""

ENOUGH = 4
"""Bytes at the beginning that tell how a stream is packed."""

_LARGEST_WINDOW = 27
"""Power of 2. What zstd itself keeps to unless it is told otherwise: 128 MiB."""

_ZSTD_MODULES = ("compression.zstd", "backports.zstd", "zstandard")
"""What unpacks zstd: Python itself from 3.14 on, or an optional package."""

SAVE_AGAIN = "Save or pull the image again."


def packing(start: bytes) -> Packing | None:
    """Return how a stream is packed, by its first ENOUGH bytes; None: not at all."""
    if start.startswith(_GZIP):
        return "gzip"
    skippable = start[1:4] == _ZSTD_SKIPPABLE and start[0] >> 4 == 5
    return "zstd" if start.startswith(_ZSTD) or skippable else None


def damaged(what: str) -> ImageError:
    """Return the error of an image whose bytes are not what they should be."""
    return ImageError(f"The image is damaged: {what}.", hint=SAVE_AGAIN)


class _Decompressor(Protocol):
    """What the decompressors of :mod:`zlib` and of :mod:`compression.zstd` have in common."""

    @property
    def eof(self) -> bool:
        """The member or frame has ended."""

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Take in data and return up to so many bytes."""


class Unpacked:
    """What a packed stream holds, as a stream itself.

    Members or frames that follow each other are one stream, and what follows them is not read.
    Reading raises ImageError where the stream is damaged, ends too early, or is too large.
    """

    def __init__(self, packed: Reader, kind: Packing) -> None:
        """``packed`` stands where the stream starts, and has its limit where it ends."""
        self._packed = packed
        self._start = packed.position
        self._made = 0
        self._kind = kind
        self._read = _Frames(packed, kind).read if kind == "gzip" else _zstd_reader(packed)
        self._errors = (EOFError, zlib.error if kind == "gzip" else _zstd_error())

    def read(self, count: int, /) -> bytes:
        """Return up to ``count`` bytes; none only at the end."""
        try:
            found = self._read(count)
        except self._errors as error:
            end = isinstance(error, EOFError)
            what = "ends too early" if end else "cannot be unpacked"
            raise damaged(f"a part that is packed with {self._kind} {what}") from error
        self._made += len(found)
        packed = self._packed.position - self._start
        bomb = self._made > _SUSPICIOUS and self._made > packed * _MOST_TIMES
        if bomb or self._made > MOST_UNPACKED:
            raise ImageError(
                f"A layer unpacks from {gib(packed)} to more than {gib(self._made)}.",
                hint="No more of it is read. `docker history IMAGE` says what made it.",
            )
        return found


class _Frames:
    """Members of gzip or frames of zstd, one after the other."""

    def __init__(self, packed: Reader, kind: Packing) -> None:
        self._packed = packed
        self._kind = kind
        self._inner = _decompressor(kind)
        self._rest = b""
        """Packed bytes that were read and not yet used."""
        self._ended = False

    def read(self, count: int) -> bytes:
        """Return up to ``count`` bytes. Raises EOFError within a member or frame."""
        while not self._ended:
            inner = self._inner
            if inner.eof:
                self._begin_next()
                continue
            found = inner.decompress(self._rest, count)
            self._rest = inner.unused_data if inner.eof else getattr(inner, "unconsumed_tail", b"")
            if found:
                return found
            if not self._rest and not inner.eof:
                self._rest = self._packed.next_piece()
                if not self._rest:
                    raise EOFError
        return b""

    def _begin_next(self) -> None:
        """Go on with what follows a member, or end before anything else."""
        while len(self._rest) < ENOUGH and (more := self._packed.next_piece()):
            self._rest += more
        self._ended = packing(self._rest) != self._kind
        self._inner = _decompressor(self._kind)


class _Pieces:
    """A reader as the package zstandard wants to read it."""

    def __init__(self, packed: Reader) -> None:
        self._packed = packed

    def read(self, _: int) -> bytes:
        """Return the next bytes, as many as there are."""
        return self._packed.next_piece()


def _decompressor(kind: Packing) -> _Decompressor:
    if kind == "gzip":
        return zlib.decompressobj(_GZIP_FORMAT)
    module = _zstd_module()
    options = {module.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
    made: _Decompressor = module.ZstdDecompressor(options=options)
    return made


def _zstd_reader(packed: Reader) -> Callable[[int], bytes]:
    module = _zstd_module()
    if hasattr(module, "DecompressionParameter"):
        return _Frames(packed, "zstd").read
    inner = module.ZstdDecompressor(max_window_size=pow(2, _LARGEST_WINDOW))
    reader = inner.stream_reader(_Pieces(packed), read_across_frames=True)
    read: Callable[[int], bytes] = reader.read
    return read


def _zstd_error() -> type[Exception]:
    error: type[Exception] = _zstd_module().ZstdError
    return error


def _zstd_module() -> Any:
    """Return what unpacks zstd."""
    for name in _ZSTD_MODULES:
        with suppress(ImportError):
            return import_module(name)
    raise ImageError(
        "The image's layers are packed with zstd, which this Python cannot unpack.",
        hint='Install it with: pip install "hcreport[zstd]"',
    )
