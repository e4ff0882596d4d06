"""Archives that are made to take all memory end at a stated bound."""

from __future__ import annotations

import zlib

import pytest

from hcreport.collect.layers import content as content_module
from hcreport.collect.layers import packed as packed_module
from hcreport.collect.layers.content import Bounds
from hcreport.contents.evidence import Want
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, MIB
from tests.hostile_archives_case import IMAGE, STREAMS, at_most, read, read_one, streams, with_layer
from tests.image_archives import (
    Image,
    archive,
    docker_archive,
    docker_members,
    file,
    layer,
    pack,
    symlink,
    zstd_modules,
)


def bomb(count: int) -> bytes:
    """Return a layer of one file of zeros in gzip, a thousand times smaller."""
    packer = zlib.compressobj(9, wbits=31)
    block = layer(file("zeros", b""))[:512]
    header = bytearray(block)
    header[124:136] = b"%011o\0" % (count * MIB)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    zeros = bytes(MIB)
    pieces = [packer.compress(bytes(header)), *(packer.compress(zeros) for _ in range(count))]
    return b"".join((*pieces, packer.flush()))


@streams
def test_zeros_are_counted_and_not_held(stream: str) -> None:
    content = with_layer(bomb(100))
    with at_most(8 * MIB):
        (image,) = read(content, stream)
    assert image.size == 100 * MIB


@streams
def test_a_stream_that_unpacks_without_end_is_left(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = with_layer(bomb(64))
    monkeypatch.setattr(packed_module, "_SUSPICIOUS", 32 * MIB)
    with pytest.raises(ImageError, match=r"unpacks from .* to more than 32\.\d MiB"):
        read(content, stream)


def test_a_stream_may_not_unpack_to_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "MOST_UNPACKED", 4 * MIB)
    with pytest.raises(ImageError, match="to more than 4"):
        read(with_layer(bomb(64)))


@pytest.mark.parametrize("module", zstd_modules())
def test_zstd_unpacks_no_more_than_is_asked_for(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes of it may be gigabytes of zeros."""
    packed = pack(layer(file("zeros", bytes(64 * MIB))), "zstd")
    assert len(packed) < 20 * KIB
    monkeypatch.setattr(packed_module, "_ZSTD_MODULES", (module,))
    with at_most(12 * MIB):
        (image,) = read(with_layer(packed), wanted=lambda path, size: Want.NOTHING)
    assert image.size == 64 * MIB


def test_more_entries_than_the_limit_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "_MOST_ENTRIES", 100)
    names = [file(f"f{number}") for number in range(60)]
    assert len(read_one(layer(*names))) == 60
    with pytest.raises(ImageError, match="more than 100 files"):
        read(docker_archive(Image(layers=[layer(*names), layer(*names, file("x"))])))


def test_longer_names_than_the_limit_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "_MOST_NAMES", 10 * KIB)
    names = [symlink(f"f{number}", "t" * KIB) for number in range(11)]
    with pytest.raises(ImageError, match="10 KiB of names"):
        read_one(layer(*names))


def test_more_bytes_than_the_limit_are_an_error() -> None:
    bounds = Bounds(size=64 * GIB * KIB)
    with pytest.raises(ImageError, match="claims to hold more than 64 TiB"):
        bounds.count(1, 1)


@streams
def test_more_evidence_than_the_limit_is_not_kept(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_module, "_MOST_KEPT", 100 * KIB)
    names = [file(f"f{number}", b"x" * 30 * KIB) for number in range(5)]
    (image,) = read(docker_archive(Image(layers=[layer(*names)])), stream)
    assert len(image.layers[0].texts) == 3
    assert image.notes == ("2 files were not looked into, because there are too many.",)


def test_names_of_the_longest_kind_are_bounded() -> None:
    """What a longer header holds is dropped with it."""
    names = [file(f"{number}" + "n" * 900_000) for number in range(40)]
    content = layer(*names, file("a"))
    with at_most(8 * MIB):
        found = read_one(content)
    assert (found.paths, found.left_out) == ([b"a"], 40)


def test_a_large_program_is_not_held_whole() -> None:
    content = layer(file("p", b"\x7fELF\2\1" + b"\xff" * 80 * MIB))
    with at_most(40 * MIB):
        found = read_one(content, wanted=lambda path, size: Want.NEEDS)
    assert found.size == 80 * MIB + 6


@streams
def test_texts_without_end_are_not_held(stream: str) -> None:
    texts = [(f"{number}.json", b"{" + b" " * 7 * MIB) for number in range(20)]
    content = archive([*docker_members(IMAGE), *texts])
    with at_most(90 * MIB):
        assert len(read(content, stream)) == 1


def test_a_long_text_about_the_build_does_not_count() -> None:
    texts = [(f"{number}.json", b'{"_type": "x' + b" " * 7 * MIB) for number in range(20)]
    assert len(read(archive([*texts, *docker_members(IMAGE)]))) == 1


def test_more_members_than_the_limit_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hcreport.collect.layers.members._MOST_MEMBERS", 50)
    content = archive([(f"f{number}", b"") for number in range(51)])
    for stream in STREAMS:
        with pytest.raises(ImageError, match="more than 50 members"):
            read(content, stream)
