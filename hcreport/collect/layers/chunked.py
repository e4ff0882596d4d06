"""Reads the body of an engine's long reply: most of it is passed over, and then never copied.

RFC 9112, section 7.1: a body whose length is not known comes in chunks, each after a line with its
size in hexadecimal digits; one of size 0 is the last. Engines send chunks of 32 KiB, and Python's
own :mod:`http.client` takes as much time for each as the kernel does.
"""

from __future__ import annotations

from http.client import HTTPResponse
from typing import Any, Protocol

from hcreport.collect.layers.reader import Stream
from hcreport.units import KIB

_BUFFER = 256 * KIB

_LONGEST_LINE = 4 * KIB
_END_OF_LINE = b"\r\n"


class _Source(Protocol):
    def readinto1(self, buffer: memoryview, /) -> int:
        """Put the next bytes into a buffer, as soon as there are any; 0 at the end."""


class ChunkedBody:
    """A body in chunks as a stream; ends of the connection before the last are OSErrors."""

    def __init__(self, source: _Source) -> None:
        """``source`` stands at the line of the first chunk."""
        self._source = source
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0
        """What has come and was not taken: from here to there in the buffer."""
        self._left = 0
        """Bytes of the chunk that were not taken."""
        self._first = True
        self._over = False

    def read(self, count: int, /) -> bytes:
        """Return up to ``count`` bytes; none only at the end. Raises OSError and ValueError."""
        if not self._left and not self._next_chunk():
            return b""
        if self._at == self._end:
            self._receive()
        count = min(count, self._left, self._end - self._at)
        found = bytes(self._view[self._at : self._at + count])
        self._at += count
        self._left -= count
        return found

    def skip(self, count: int, /) -> None:
        """Pass over bytes. Raises EOFError where there are not so many, OSError and ValueError."""
        while count:
            if not self._left and not self._next_chunk():
                raise EOFError
            step = min(count, self._left)
            count -= step
            self._left -= step
            self._pass(step)

    def _pass(self, count: int) -> None:
        while count > self._end - self._at:
            count -= self._end - self._at
            self._receive()
        self._at += count

    def _receive(self) -> None:
        """Take the next bytes from the source, in the place of all that came before."""
        self._at, self._end = 0, self._source.readinto1(self._view)
        if not self._end:
            raise ConnectionError("the reply ended early")

    def _next_chunk(self) -> bool:
        """Go to the next chunk; False at the end."""
        if self._over:
            return False
        if not self._first:
            self._pass(len(_END_OF_LINE))
        self._first = False
        self._left = int(self._line().partition(b";")[0], 16)
        if self._left < 0:
            raise ValueError("a chunk of a size below nothing")
        self._over = not self._left
        return not self._over

    def _line(self) -> bytes:
        while (end := self._buffer.find(_END_OF_LINE, self._at, self._end)) < 0:
            rest = bytes(self._view[self._at : self._end])
            if len(rest) > _LONGEST_LINE:
                raise ValueError("the size of a chunk has too many digits")
            self._view[: len(rest)] = rest
            more = self._source.readinto1(self._view[len(rest) :])
            if not more:
                raise ConnectionError("the reply ended early")
            self._at, self._end = 0, len(rest) + more
        line = bytes(self._view[self._at : end])
        self._at = end + len(_END_OF_LINE)
        return line


def body_of(raw: Any) -> Stream:
    """Return the body of a reply that the SDK has not begun to read, as fast as it can be read.

    ``raw`` is urllib3's reply. What is in it may change, and then it is read as it is.
    """
    inner = getattr(raw, "_fp", None)
    is_new = isinstance(inner, HTTPResponse) and inner.chunked and inner.chunk_left is None
    source: Any = getattr(inner, "fp", None) if is_new else None
    body: Stream = ChunkedBody(source) if hasattr(source, "readinto1") else raw
    return body
