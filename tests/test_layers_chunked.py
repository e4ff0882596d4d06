"""The body of a reply in chunks is the same however it is read, and its end is never missed."""

from __future__ import annotations

import http.client
import io
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.collect.layers.chunked import ChunkedBody, body_of
from hcreport.units import KIB

CONTENT = bytes(range(256)) * 1500


class Source:
    """A connection that gives as many bytes at once as it pleases."""

    def __init__(self, content: bytes, sizes: Iterable[int] = ()) -> None:
        self._stream, self._sizes = io.BytesIO(content), iter(sizes)

    def readinto1(self, buffer: memoryview, /) -> int:
        size = next(self._sizes, len(buffer))
        return self._stream.readinto(buffer[:size])


def in_chunks(content: bytes, sizes: Iterable[int], extension: bytes = b"") -> bytes:
    """Return a body as it is sent; what no size is given for is one chunk."""
    sent, at = b"", 0
    for size in (*sizes, len(content)):
        part = content[at : at + size]
        at += size
        if part:
            sent += b"%x%s\r\n%s\r\n" % (len(part), extension, part)
    return sent + b"0\r\n\r\n"


def whole(body: ChunkedBody) -> bytes:
    return b"".join(iter(lambda: body.read(7000), b""))


SIZES = st.lists(st.integers(1, 70 * KIB), max_size=9)


@given(chunks=SIZES, pieces=SIZES, steps=st.lists(st.integers(0, 90_000), max_size=12))
def test_however_it_comes_it_is_the_same(
    chunks: list[int], pieces: list[int], steps: list[int]
) -> None:
    body = ChunkedBody(Source(in_chunks(CONTENT, chunks), pieces))
    at = 0
    for number, step in enumerate(steps):
        if number % 2:
            found = body.read(step)
            assert found == CONTENT[at : at + len(found)]
            assert found or not step or at == len(CONTENT)
            at += len(found)
        elif at + step <= len(CONTENT):
            body.skip(step)
            at += step
    assert whole(body) == CONTENT[at:]
    assert body.read(1) == b""


def test_nothing_is_a_body_too() -> None:
    body = ChunkedBody(Source(b"0\r\n\r\n"))
    assert body.read(10) == b""
    body.skip(0)
    with pytest.raises(EOFError):
        body.skip(1)


def test_extensions_of_chunks_are_passed_over() -> None:
    assert whole(ChunkedBody(Source(in_chunks(CONTENT, [5], b";a=b")))) == CONTENT


@pytest.mark.parametrize("end", [1, 2, 6, 1000, -6])
@pytest.mark.parametrize("skipped", [False, True])
def test_a_connection_that_breaks_is_an_error(end: int, skipped: bool) -> None:
    body = ChunkedBody(Source(in_chunks(CONTENT, [30_000])[:end]))
    with pytest.raises(ConnectionError):
        body.skip(len(CONTENT) + 1) if skipped else whole(body)


@pytest.mark.parametrize("sent", [b"x\r\n", b"-5\r\nabcde\r\n", b"\r\n", b"1" * 300 * KIB])
def test_a_size_that_is_none_is_an_error(sent: bytes) -> None:
    with pytest.raises(ValueError, match=r"invalid|below|many"):
        ChunkedBody(Source(sent)).read(1)


def reply(head: bytes, body: bytes) -> http.client.HTTPResponse:
    """Return a reply as Python's own client has it."""
    stream = io.BytesIO(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
    found = http.client.HTTPResponse(SimpleNamespace(makefile=lambda _: io.BufferedReader(stream)))  # type: ignore[arg-type]
    found.begin()
    return found


def test_a_reply_in_chunks_is_read_directly() -> None:
    inner = reply(b"Transfer-Encoding: chunked", in_chunks(CONTENT, [30_000, 9]))
    body = body_of(SimpleNamespace(_fp=inner))
    assert isinstance(body, ChunkedBody)
    assert whole(body) == CONTENT


@pytest.mark.parametrize("begun", [False, True])
def test_any_other_reply_is_read_as_it_is(begun: bool) -> None:
    inner = reply(b"Content-Length: 3", b"abc")
    if begun:
        inner = reply(b"Transfer-Encoding: chunked", in_chunks(CONTENT, []))
        inner.read(1)
    raw = SimpleNamespace(_fp=inner)
    assert body_of(raw) is raw
    assert body_of(io.BytesIO()).read(1) == b""
