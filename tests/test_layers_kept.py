"""What is kept of a file's content while its layer is read: heads, texts, marks, libraries."""

from __future__ import annotations

import io
from hashlib import blake2b
from pathlib import Path

import pytest

from hcreport.collect.layers.tar import read_layer
from hcreport.contents.evidence import Want
from hcreport.contents.layer import UNREAD
from hcreport.units import KIB, MIB
from tests.image_archives import file, folder, layer
from tests.layers_tar_case import STREAMS, nothing, read

CONTENT = bytes(range(256)) * 512  # 128 KiB
ALL = Want.HEAD | Want.TEXT | Want.NEEDS


@pytest.mark.parametrize(
    ("size", "want"),
    [
        (0, Want.NOTHING),
        (0, ALL),
        (100, Want.HEAD),
        (100, Want.TEXT),
        (513, ALL),
        (64 * KIB - 1, Want.NOTHING),
        (64 * KIB, Want.NOTHING),
        (64 * KIB + 7, Want.HEAD),
        (len(CONTENT), ALL),
        (len(CONTENT), Want.NEEDS),
    ],
)
@pytest.mark.parametrize("stream", STREAMS)
def test_what_is_wanted_is_kept(size: int, want: Want, stream: str) -> None:
    content = CONTENT[:size]
    asked: list[tuple[bytes, int]] = []

    def wanted(path: bytes, size: int) -> Want:
        asked.append((path, size))
        return want if path == b"f" else Want.NOTHING

    archive = layer(file("before", b"1"), folder("d"), file("./f", content), file("after", b"2"))
    found = read_layer(STREAMS[stream](archive), wanted=wanted)
    assert asked == [(b"before", 1), (b"f", size), (b"after", 1)]
    assert found.heads == ({2: content[:512]} if want & Want.HEAD else {})
    assert found.texts == ({2: content} if want & Want.TEXT else {})
    ends = content[: 4 * KIB] + content[-4 * KIB :]
    mark = {2: blake2b(ends, digest_size=16).digest()}
    assert found.marks == (mark if size >= 64 * KIB else {})
    assert found.paths == [b"before", b"d", b"f", b"after"]


def program() -> bytes:
    """Return a real program, which names libraries."""
    return Path("/proc/self/exe").resolve().read_bytes()


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("before", [0, 3, 300 * KIB])
def test_the_libraries_of_a_program_are_read(stream: str, before: int) -> None:
    archive = layer(
        file("x", bytes(before)), file("p", program()), file("q", program()), file("z", b"1")
    )
    most = {} if stream == "file" else {"most": 40 * KIB}
    found = read_layer(STREAMS[stream](archive, **most), wanted=lambda path, size: Want.NEEDS)
    assert found.needs[1] == found.needs[2]
    assert any(name.startswith(b"libc.so") for name in found.needs[1])
    assert found.paths == [b"x", b"p", b"q", b"z"]


def far_program(gap: int) -> bytes:
    """Return a program whose dynamic section lies that many bytes after its beginning.

    64 bits, little endian: a header, one table with two entries, the names, a gap, the section.
    """
    names = b"\0libfar.so.1\0"
    table, start = 64, 64 + 2 * 56
    at = start + gap
    section = b"".join(
        tag.to_bytes(8, "little") + value.to_bytes(8, "little")
        for tag, value in ((1, 1), (5, start), (0, 0))
    )

    def entry(kind: int, offset: int, size: int) -> bytes:
        fields = (offset, offset, offset, size, size, 1)
        return (
            kind.to_bytes(4, "little")
            + bytes(4)
            + b"".join(each.to_bytes(8, "little") for each in fields)
        )

    head = bytearray(64)
    head[:6] = b"\x7fELF\2\1"
    head[32:40] = table.to_bytes(8, "little")
    head[54:58] = (56).to_bytes(2, "little") + (2).to_bytes(2, "little")
    entries = entry(1, 0, at + len(section)) + entry(2, at, len(section))
    return (bytes(head) + entries + names).ljust(at, b"\0") + section


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("gap", [100 * KIB, MIB, 32 * MIB, 32 * MIB + 3 * KIB, 33 * MIB])
def test_a_section_that_lies_far_away_is_found(stream: str, gap: int) -> None:
    content = far_program(gap) + b"end" * KIB
    archive = layer(file("p", content), file("z", b"1"))
    most = {} if stream == "file" else {"most": MIB}
    found = read_layer(STREAMS[stream](archive, **most), wanted=lambda path, size: Want.NEEDS)
    assert found.needs == {0: (b"libfar.so.1",)}
    ends = content[: 4 * KIB] + content[-4 * KIB :]
    assert found.marks == {0: blake2b(ends, digest_size=16).digest()}
    assert found.paths == [b"p", b"z"]


def test_a_damaged_program_is_unread() -> None:
    found = read(file("p", b"\x7fELF\2\1" + b"\xff" * 900), wanted=lambda path, size: Want.NEEDS)
    assert found.needs == {0: (UNREAD,)}


def test_a_reader_never_reads_what_it_can_pass_over() -> None:
    """In a file of 64 MB only the headers are read, and a piece after each."""

    class Counting(io.BytesIO):
        total = 0

        def read(self, count: int | None = -1, /) -> bytes:
            found = super().read(count)
            self.total += len(found)
            return found

    stream = Counting(layer(*(file(f"f{number}", bytes(16 * MIB)) for number in range(4))))
    found = read_layer(stream, wanted=nothing)
    assert found.size == 64 * MIB
    assert len(found.marks) == 4
    assert stream.total < MIB
