"""Which libraries an ELF file names is read from its own tables, and damage is an answer."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.contents.elf import read_elf
from hcreport.contents.layer import UNREAD

LOADER = b"/lib/ld.so"


def read(content: bytes, size: int | None = None) -> tuple[bytes, ...]:
    """Read a file that is in memory."""
    return read_elf(
        len(content) if size is None else size, lambda at, count: content[at : at + count]
    )


def elf(
    *needed: bytes,
    bits: int = 64,
    order: str = "<",
    loader: bytes = b"",
    base: int = 0x8000,
) -> bytes:
    """Return the smallest file that names these libraries; its address 0 is at ``base``."""
    wide = bits == 64
    header, entry = (64, 56) if wide else (52, 32)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    strings = b"\0" + b"".join(name + b"\0" for name in needed)
    count = 3 if loader else 2
    at = header + entry * count
    loader_at, at = at, at + (len(loader) + 1 if loader else 0)
    strings_at, at = at, at + len(strings)
    pairs, place = [], 1
    for name in needed:
        pairs.append((1, place))
        place += len(name) + 1
    pairs += [(5, base + strings_at), (0, 0)]
    pair = f"{order}qQ" if wide else f"{order}iI"
    dynamic = b"".join(struct.pack(pair, *each) for each in pairs)
    end = at + len(dynamic)

    def segment(kind: int, offset: int, length: int) -> bytes:
        if wide:
            fields = (kind, 4, offset, base + offset, 0, length, length, 8)
            return struct.pack(f"{order}IIQQQQQQ", *fields)
        return struct.pack(f"{order}8I", kind, offset, base + offset, 0, length, length, 4, 4)

    if wide:
        head = struct.pack(f"{order}HHIQQQI6H", 3, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    else:
        head = struct.pack(f"{order}HHIIIII6H", 3, 3, 1, 0, 52, 0, 0, 52, 32, count, 0, 0, 0)
    table = segment(1, 0, end) + segment(2, at, len(dynamic))
    if loader:
        table += segment(3, loader_at, len(loader) + 1)
    return ident + head + table + (loader + b"\0" if loader else b"") + strings + dynamic


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("needed", "loader", "expected"),
    [
        ((), b"", ()),
        ((b"libc.so.6",), b"", (b"libc.so.6",)),
        ((b"libpq.so.5", b"libc.so.6"), LOADER, (b"libpq.so.5", b"libc.so.6", LOADER)),
        ((), LOADER, (LOADER,)),
        ((b"libc.so.6", b"libc.so.6"), b"", (b"libc.so.6",)),
    ],
)
def test_names_are_read(
    bits: int, order: str, needed: tuple[bytes, ...], loader: bytes, expected: tuple[bytes, ...]
) -> None:
    assert read(elf(*needed, bits=bits, order=order, loader=loader)) == expected


WHOLE = elf(b"libm.so.6", b"libc.so.6", loader=LOADER)


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"\x7fEL", b"PK\x03\x04" + bytes(99)],
    ids=["empty", "script", "too short", "archive"],
)
def test_what_is_no_elf_file_names_nothing(content: bytes) -> None:
    assert read(content) == ()


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (4, b"\x07"),  # A class that does not exist.
        (5, b"\x07"),  # No byte order.
        (32, b"\xff" * 8),  # The segments are beyond the end.
        (54, b"\x01\x00"),  # A segment of one byte.
        (56, b"\xff\xff"),  # More segments than any file has.
        (64 + 56 + 32, b"\xff" * 7 + b"\0"),  # The dynamic section is longer than the file.
    ],
)
def test_damage_is_said(at: int, value: bytes) -> None:
    assert read(WHOLE[:at] + value + WHOLE[at + len(value) :]) == (UNREAD,)


def test_what_is_cut_off_or_out_of_reach_is_unread() -> None:
    for length in range(5, len(WHOLE)):
        assert read(WHOLE[:length]) == (UNREAD,)
        assert read(WHOLE[:length], size=len(WHOLE)) == (UNREAD,)


def test_a_name_without_end_is_damage() -> None:
    assert read(elf(b"l" * 300)) == (UNREAD,)


@given(st.data())
def test_no_file_makes_it_fail(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(4, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    assert all(isinstance(name, bytes) for name in read(bytes(content)))


@pytest.mark.skipif(sys.platform != "linux", reason="the interpreter is no ELF file here")
def test_the_interpreter_that_runs_this_names_its_own_loader() -> None:
    content = Path(sys.executable).resolve().read_bytes()
    names = read(content)
    assert UNREAD not in names
    assert any(b"libc" in name for name in names)
