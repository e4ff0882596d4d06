"""Archives that are damaged end in a clear error, and no archive makes us write a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hcreport.collect.layers.archive import read_archive
from hcreport.collect.layers.tar import read_layer
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, MIB
from tests.hostile_archives_case import (
    BASE,
    IMAGE,
    STREAMS,
    everything,
    read,
    read_one,
    streams,
    with_layer,
)
from tests.image_archives import (
    Image,
    Packed,
    archive,
    docker_archive,
    docker_members,
    file,
    hardlink,
    layer,
    oci_archive,
    pack,
    symlink,
)


def field(*changes: tuple[int, bytes]) -> bytes:
    """Return a layer whose first header has other bytes at some places, and their checksum."""
    block = bytearray(BASE[:512])
    for at, value in changes:
        block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + BASE[512:]


DAMAGED = {
    "checksum": (bytes([BASE[0] ^ 1]) + BASE[1:], "wrong checksum"),
    "no checksum": (BASE[:148] + b"12z4567\0" + BASE[156:], "number that is none"),
    "text": (b"no archive at all" * 100, "number that is none"),
    "negative size": (field((124, b"\xff" * 12)), "absurd size"),
    "signed size": (field((124, b"-0000000001\0")), "absurd size"),
    "size of all bits": (field((124, b"\x80" + b"\xff" * 11)), "absurd size"),
    "two TiB": (field((124, b"\x80\0\0\0" + (2 * GIB * KIB).to_bytes(8, "big"))), "absurd size"),
    "size that is none": (field((124, b"0000009\0")), "number that is none"),
    "size beyond the end": (field((124, b"77777777777\0")), "ends too early"),
    "end within": (BASE[:700], "ends too early"),
    "end within a header": (BASE[:4100], "ends too early"),
    "goes on": (BASE[:3584] + bytes(512) + BASE[:3584], "goes on after its end"),
    "long name": (layer(file("a", bytes(2 * MIB), type=b"L")), "absurdly long"),
    "long link": (layer(file("a", bytes(2 * MIB), type=b"K")), "absurdly long"),
    "long extension": (layer(file("a", bytes(2 * MIB), type=b"x")), "absurdly long"),
    "no record": (layer(file("a", b"12 path", type=b"x"), file("b")), "extended header"),
    "record of nothing": (layer(file("a", b"0 path=x\n", type=b"x"), file("b")), "extended header"),
    "record without key": (layer(file("a", b"7 path\n", type=b"x"), file("b")), "extended header"),
    "long record": (layer(file("a", b"99 path=x\n", type=b"x")), "extended header"),
    "length that is none": (layer(file("a", b"-9 path=x\n", type=b"x")), "number that is none"),
    "extended size": (layer(file("a", attributes={"size": "9" * 20})), "absurd size"),
    "endless size": (layer(file("a", attributes={"size": "9" * 9999})), "number that is none"),
    "real size": (layer(file("a", attributes={"GNU.sparse.realsize": "9" * 20})), "absurd size"),
    "endless holes": (field((156, b"S"), (482, b"\1")), "number|checksum|too early"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_layer_is_an_error(name: str) -> None:
    content, message = DAMAGED[name]
    for make in STREAMS.values():
        with pytest.raises(ImageError, match=message) as caught:
            read_layer(make(content), wanted=everything)
        assert caught.value.hint
    for stream in STREAMS:
        with pytest.raises(ImageError, match=f"{message}|is no archive"):
            read(with_layer(content), stream)


@streams
def test_a_damaged_layer_nobody_needs_is_no_error(stream: str) -> None:
    damaged = DAMAGED["end within"][0]
    strays = [("0/layer.tar", damaged), ("1/layer.tar", pack(damaged, "gzip"))]
    assert len(read(archive([*strays, *docker_members(IMAGE)]), stream)) == 1


@pytest.mark.parametrize("more", [-256, -1, 1, 7, 64, 255, 256])
def test_a_checksum_must_be_exact(more: int) -> None:
    stated = int(BASE[148:154], 8) + more
    with pytest.raises(ImageError, match="wrong checksum"):
        read_one(BASE[:148] + b"%06o\0 " % stated + BASE[156:])


@pytest.mark.parametrize("form", [docker_archive, oci_archive])
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("cut", [1, 300, 511, 512, 700, 1025, 5000, 50_000, 105_000])
def test_an_archive_that_ends_early_is_an_error(form: Any, stream: str, cut: int) -> None:
    content = form(IMAGE)
    with pytest.raises(ImageError):
        read(content[:cut], stream)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@streams
def test_a_packed_layer_that_ends_early_is_an_error(kind: Packed, stream: str) -> None:
    packed = pack(layer(*(file(f"f{number}", b"x" * number) for number in range(999))), kind)
    for cut in (7, len(packed) // 2, len(packed) - 9):
        with pytest.raises(ImageError, match="ends too early"):
            read(with_layer(packed[:cut]), stream)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@streams
def test_a_damaged_packed_layer_is_an_error(kind: Packed, stream: str) -> None:
    packed = pack(BASE, kind)
    with pytest.raises(ImageError, match=r"cannot be unpacked|too early|checksum|number"):
        read(with_layer(packed[:20] + b"\xff" * 40 + packed[60:]), stream)


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    evil = layer(
        file("../out", b"1"),
        file("/etc/out", b"1"),
        symlink("link", "/etc"),
        file("link/out", b"1"),
        hardlink("hard", "/etc/passwd"),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(archive([("../../out", b"{}"), *docker_members(Image(layers=[evil]))]))
    (image,) = read_archive(path)
    assert image.layers[0].paths == [b"etc/out", b"link", b"link/out", b"hard"]
    assert list(inside.iterdir()) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["image.tar", "inside"]


@pytest.mark.parametrize("path", [".", "missing.tar"])
def test_what_is_no_file_is_an_error(path: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="could not be read"):
        read_archive(tmp_path / path)


def test_errors_of_the_stream_are_the_callers() -> None:
    class Broken:
        def read(self, count: int, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        read_layer(Broken())


WHOLE = docker_archive(Image(layers=[layer(file("a", b"12"), symlink("s" * 120, "t" * 120))]))


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4))
@example([])
def test_any_byte_may_be_wrong(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    for stream in STREAMS:
        try:
            images = read(bytes(content), stream)
        except ImageError:
            assert changes
        else:
            assert changes or len(images[0].layers[0]) == 2


@given(st.binary(max_size=3000))
def test_any_bytes_are_an_error_or_an_empty_layer(content: bytes) -> None:
    for read_bytes in (read_one, read):
        try:
            read_bytes(content)
        except ImageError:
            continue
        assert not any(content)
