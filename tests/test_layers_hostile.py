"""Archives that are damaged, or made to do harm, end in a clear error or a stated bound."""

from __future__ import annotations

import io
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hcreport.collect.layers import content as content_module
from hcreport.collect.layers import packed as packed_module
from hcreport.collect.layers.archive import read_archive, read_images
from hcreport.collect.layers.content import Bounds
from hcreport.collect.layers.tar import read_layer
from hcreport.contents.evidence import Want
from hcreport.contents.layer import LayerFiles
from hcreport.errors import ImageError
from hcreport.units import GIB, KIB, MIB
from tests.image_archives import (
    Image,
    Member,
    Packed,
    archive,
    docker_archive,
    docker_members,
    file,
    hardlink,
    layer,
    oci_archive,
    oci_members,
    pack,
    symlink,
    zstd_modules,
)

BASE = layer(file("a", b"1" * 3000), file("b", b"2" * 100 * KIB))
IMAGE = Image(layers=[BASE])
GENEROUS = Want.HEAD | Want.TEXT | Want.NEEDS


class Pipe:
    """A stream that is read once."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


STREAMS: dict[str, Callable[[bytes], Any]] = {"file": io.BytesIO, "pipe": Pipe}
streams = pytest.mark.parametrize("stream", STREAMS)


def everything(path: bytes, size: int) -> Want:
    return GENEROUS


def read(content: bytes, stream: str = "pipe", **more: Any) -> Any:
    return read_images(STREAMS[stream](content), **{"wanted": everything, **more})


def read_one(content: bytes, **more: Any) -> LayerFiles:
    return read_layer(Pipe(content), **{"wanted": everything, **more})


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Fail where more memory was taken, in bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def with_layer(content: bytes) -> bytes:
    """Return an archive of an image whose layer is this content, whatever it is."""
    return archive(
        (name, content if value == BASE else value) for name, value in docker_members(IMAGE)
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


def listed(entries: Any, *more: Member) -> bytes:
    return archive([*more, ("manifest.json", json.dumps(entries).encode())])


def index(manifests: Any, *more: Member) -> bytes:
    return archive([*more, ("index.json", json.dumps({"manifests": manifests}).encode())])


CONFIG: Member = ("c.json", b"{}")
SELF = "blobs/sha256/1"

LISTS = {
    "nothing": (archive([]), "neither manifest.json nor index.json"),
    "a file system": (archive([("bin/sh", b"x")]), "neither manifest.json nor index.json"),
    "no list": (listed({}), "no list of images"),
    "a list of lists": (listed([[]]), "names no configuration"),
    "a configuration of numbers": (listed([{"Config": 7}]), "names no configuration"),
    "no configuration": (listed([{"Config": "c.json"}]), "does not hold the configuration"),
    "a configuration without": (listed([{"Config": "c.json"}], ("c.json", b"[]")), "is none"),
    "no JSON": (listed([{"Config": "c.json"}], ("c.json", b'{"a": ')), "no JSON"),
    "deep JSON": (listed([{"Config": "c.json"}], ("c.json", b"[" * 99_999)), "no JSON"),
    "long numbers": (
        listed([{"Config": "c"}], ("c", b"[" + b"9" * 9999 + b"]")),
        "no JSON|is none",
    ),
    "layers of numbers": (listed([{"Config": "c.json", "Layers": [7]}], CONFIG), "is not one"),
    "missing layer": (listed([{"Config": "c.json", "Layers": ["x"]}], CONFIG), "the layer x"),
    "many layers": (listed([{"Config": "c.json", "Layers": ["x"] * 9999}], CONFIG), "is not one"),
    "half characters": (
        listed([{"Config": "c.json", "Layers": ["\ud800"], "RepoTags": ["\ud800"]}], CONFIG),
        r"the layer \?",
    ),
    "layer that is none": (
        listed([{"Config": "c.json", "Layers": ["c.json"]}], CONFIG),
        "is no archive",
    ),
    "links in a circle": (
        listed([{"Config": "c.json", "Layers": ["a"]}], CONFIG, ("a", "b"), ("b", "a")),
        "the layer a",
    ),
    "link outside": (
        listed([{"Config": "c.json", "Layers": ["a"]}], CONFIG, ("a", "/etc/passwd")),
        "the layer a",
    ),
    "empty index": (index([]), "names no image"),
    "index of numbers": (index([7, "x", None]), "names no image"),
    "index of no list": (index({"a": 1}), "list of manifests is not one"),
    "index of nothing": (index([{"digest": "sha256:1"}, {"digest": 7}]), "names no image"),
    "index of itself": (
        index(
            [{"digest": "sha256:1"}] * 2000,
            (SELF, json.dumps({"manifests": [{"digest": "sha256:1"}] * 2000}).encode()),
        ),
        "names no image",
    ),
    "index of one long list": (
        index(
            [
                {"digest": "sha256:1", "annotations": {"io.containerd.image.name": f"{number}"}}
                for number in range(99)
            ],
            (SELF, b'{"manifests": []' + b" " * 4 * MIB + b"}"),
        ),
        "have no end",
    ),
    "manifest of numbers": (
        index([{"digest": "sha256:1"}], (SELF, b'{"config": {"digest": 7}, "layers": [7]}')),
        "does not hold the configuration",
    ),
    "manifest without layers": (
        index([{"digest": "sha256:1"}], (SELF, b'{"config": {}, "layers": 7}')),
        "list of layers is not one",
    ),
    "only statements": (
        archive(
            each
            for each in oci_members(IMAGE, manifest=False, attested=True)
            if each[0] != "index.json" and "blobs" not in each[0]
        ),
        "neither manifest.json nor index.json",
    ),
}


@streams
@pytest.mark.parametrize("name", LISTS)
def test_lists_that_are_none_are_an_error(name: str, stream: str) -> None:
    content, message = LISTS[name]
    with pytest.raises(ImageError, match=message) as caught:
        read(content, stream)
    caught.value.message.encode()


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
