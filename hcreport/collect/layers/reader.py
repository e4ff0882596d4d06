"""Reads a stream in large pieces, and passes over what nobody wants without copying it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

from hcreport.units import KIB, LARGEST_COUNT, MIB

_PIECE = 256 * KIB
"""How much is read at once; it fits a processor's cache."""

_PIECE_OF_FILE = 64 * KIB
"""The same where a file can be read at any place: less to read between two jumps."""

_STEP = 8 * MIB
"""How much a stream passes over at once."""

_NO_LIMIT = LARGEST_COUNT
_MOST_AHEAD = 64 * KIB
"""The most that :meth:`Reader.peek` returns."""


class Stream(Protocol):
    """What can be read: a file, a reply of an engine, a pipe.

    It may have more methods. ``seek``, ``tell`` and ``seekable`` as those of a file: then nothing
    is read that nobody wants. ``skip(count)`` passes over bytes, and raises EOFError where there
    are not so many. ``look(offset, count)`` returns bytes from a place that many bytes after the
    next one, which stays the next one; fewer where they cannot be had.
    """

    def read(self, count: int, /) -> bytes:
        """Return up to ``count`` bytes; none only at the end."""


class EndOfDataError(Exception):
    """Fewer bytes are left than are needed."""

    def __init__(self, left: int, *, limited: bool) -> None:
        super().__init__("the data end too early")
        self.left = left
        """How many bytes are left."""
        self.limited = limited
        """It was the part that ended, and not the stream."""


def nothing(_: int) -> None:
    """Take a number of bytes, for callers that do not ask."""


class Reader:
    """A stream with a place in it, and a limit where a part of it ends."""

    def __init__(self, stream: Stream, *, on_bytes: Callable[[int], None] = nothing) -> None:
        self._stream = stream
        self.on_bytes = on_bytes
        """Told how many more bytes of the stream were read or passed over."""
        self._buffer = b""
        self._at = 0
        self._stop = 0
        """End of what may be taken of the buffer: all of it, or up to the limit."""
        self._before = 0
        """Bytes of the stream before the buffer."""
        self._limit = _NO_LIMIT
        can_seek: Callable[[], bool] | None = getattr(stream, "seekable", None)
        is_file = can_seek is not None and can_seek()
        self._file = cast("BinaryIO", stream) if is_file else None
        self._skip: Callable[[int], None] | None = getattr(stream, "skip", None)
        self._look: Callable[[int, int], bytes] | None = getattr(stream, "look", None)
        self._piece = _PIECE if self._file is None else _PIECE_OF_FILE
        self._start = self._length = 0
        if self._file is not None:
            self._start, self._length = _extent(self._file)

    @property
    def position(self) -> int:
        """Bytes of the stream that were taken or passed over."""
        return self._before + self._at

    @property
    def random_access(self) -> bool:
        """:meth:`read_at` reads any place."""
        return self._file is not None or self._look is not None

    @property
    def can_return(self) -> bool:
        """:meth:`go_to` goes to any place."""
        return self._file is not None

    def limit(self, count: int | None) -> None:
        """Let no more than the next ``count`` bytes be taken; None: all."""
        self._limit = _NO_LIMIT if count is None else self.position + count
        self._stop = min(len(self._buffer), self._limit - self._before)

    def take(self, count: int) -> bytes:
        """Return exactly the next ``count`` bytes. Raises EndOfDataError."""
        at = self._at
        stop = at + count
        if stop > self._stop:
            return self._gather(count)
        self._at = stop
        return self._buffer[at:stop]

    def take_into(self, space: memoryview) -> None:
        """Fill a space with the next bytes. Raises EndOfDataError."""
        count, at = len(space), 0
        if count > self._limit - self.position:
            raise EndOfDataError(self._limit - self.position, limited=True)
        while at < count:
            if self._at >= self._stop and not self._fill():
                raise EndOfDataError(at, limited=False)
            piece = self._buffer[self._at : min(self._at + count - at, self._stop)]
            space[at : at + len(piece)] = piece
            self._at += len(piece)
            at += len(piece)

    def peek(self, count: int) -> bytes:
        """Return up to the next ``count`` bytes, and stay before them."""
        count = min(count, _MOST_AHEAD)
        while self._stop - self._at < count and self._fill():
            pass
        return self._buffer[self._at : min(self._at + count, self._stop)]

    def next_piece(self) -> bytes:
        """Return the next bytes, as many as there are; none at the end."""
        if self._at >= self._stop and not self._fill():
            return b""
        found = self._buffer[self._at : self._stop]
        self._at = self._stop
        return found

    def skip(self, count: int) -> None:
        """Pass over the next ``count`` bytes. Raises EndOfDataError."""
        at = self._at + count
        if at <= self._stop:
            self._at = at
        else:
            self._skip_far(count)

    def go_to(self, position: int) -> None:
        """Go on at a place in a file, from 0, without a limit."""
        if self._file is None:
            raise io.UnsupportedOperation("this stream cannot return")
        self._file.seek(self._start + position)
        self._drop(position)
        self.limit(None)

    def read_at(self, position: int, count: int) -> bytes:
        """Return bytes from a place that is not before the next one, and stay; fewer at the end."""
        at = position - self._before
        if at >= 0 and at + count <= len(self._buffer):
            return self._buffer[at : at + count]
        count = max(min(count, self._limit - position), 0)
        unread = self._before + len(self._buffer)
        if self._file is None:
            return self._look(position - unread, count) if self._look is not None else b""
        self._file.seek(self._start + position)
        found = _read_fully(self._file, count)
        self._file.seek(self._start + unread)
        return found

    def _gather(self, count: int) -> bytes:
        """Return bytes of which not all are in the buffer."""
        left = self._limit - self.position
        if count > left:
            raise EndOfDataError(left, limited=True)
        if count <= self._piece:
            while self._stop - self._at < count:
                if not self._fill():
                    raise EndOfDataError(self._stop - self._at, limited=False)
            return self.take(count)
        whole = io.BytesIO()
        while whole.tell() < count:
            missing = count - whole.tell()
            if self._at >= self._stop and not self._fill():
                raise EndOfDataError(whole.tell(), limited=False)
            whole.write(self.take(min(missing, self._stop - self._at)))
        return whole.getvalue()

    def _fill(self) -> bool:
        """Read the next piece; False at the end of the stream or at the limit."""
        if self._before + len(self._buffer) >= self._limit:
            return False
        more = self._stream.read(self._piece)
        if not more:
            return False
        self.on_bytes(len(more))
        rest = self._buffer[self._at :]
        self._before += self._at
        self._at = 0
        self._buffer = rest + more if rest else more
        self._stop = min(len(self._buffer), self._limit - self._before)
        return True

    def _skip_far(self, count: int) -> None:
        left = self._limit - self.position
        if count > left:
            raise EndOfDataError(left, limited=True)
        target = self.position + count
        rest = target - self._before - len(self._buffer)
        if self._file is not None:
            self._seek(self._file, target, rest)
        elif self._skip is not None:
            self._skip_there(self._skip, rest)
        else:
            self._read_past(rest)

    def _seek(self, file: BinaryIO, target: int, rest: int) -> None:
        if self._start + target > self._length:
            raise EndOfDataError(self._length - self._start - self.position, limited=False)
        file.seek(self._start + target)
        self._drop(target)
        self.on_bytes(rest)

    def _skip_there(self, skip: Callable[[int], None], rest: int) -> None:
        """Let the stream pass over bytes, and tell of it now and then."""
        self._drop(self._before + len(self._buffer))
        while rest:
            step = min(rest, _STEP)
            try:
                skip(step)
            except EOFError as error:
                raise EndOfDataError(0, limited=False) from error
            self.on_bytes(step)
            self._before += step
            rest -= step

    def _read_past(self, rest: int) -> None:
        """Read on until ``rest`` bytes beyond the buffer are passed."""
        read, piece, on_bytes = self._stream.read, self._piece, self.on_bytes
        self._drop(self._before + len(self._buffer))
        while rest > 0:
            more = read(piece)
            if not more:
                raise EndOfDataError(0, limited=False)
            on_bytes(len(more))
            if len(more) > rest:
                self._buffer, self._at = more, rest
                self._stop = min(len(more), self._limit - self._before)
                return
            rest -= len(more)
            self._before += len(more)

    def _drop(self, position: int) -> None:
        """Forget the buffer; the next byte of the stream is at a place."""
        self._before, self._buffer, self._at, self._stop = position, b"", 0, 0


def _extent(file: BinaryIO) -> tuple[int, int]:
    """Return where a file stands, and where it ends."""
    start = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(start)
    return start, end


def _read_fully(stream: Stream, count: int) -> bytes:
    found = stream.read(count)
    while len(found) < count:
        more = stream.read(count - len(found))
        if not more:
            break
        found += more
    return found
