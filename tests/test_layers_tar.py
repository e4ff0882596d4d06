"""Layers are read from tar archives of every form, as Python's own module reads them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.collect.layers.header import clean
from hcreport.collect.layers.tar import read_layer
from hcreport.contents.evidence import Want
from hcreport.contents.layer import Kind, owner_of
from hcreport.units import KIB, LARGEST_COUNT, MIB
from tests.image_archives import (
    Entry,
    device,
    file,
    folder,
    hardlink,
    layer,
    opaque,
    symlink,
    whiteout,
)
from tests.layers_tar_case import STREAMS, listed, nothing, read

LONG = "/".join(["folder-with-a-long-name"] * 12)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (file("a/b", b"123"), (b"a/b", Kind.FILE, 3)),
        (file("./a/b", b"123"), (b"a/b", Kind.FILE, 3)),
        (file("/a//./c/../b", b"1"), (b"a/b", Kind.FILE, 1)),
        (file("a/b/"), (b"a/b", Kind.FILE, 0)),
        (file("old/", type=tarfile.AREGTYPE), (b"old", Kind.FOLDER, 0)),
        (file("old", b"12", type=tarfile.AREGTYPE), (b"old", Kind.FILE, 2)),
        (file("tight", b"12", type=tarfile.CONTTYPE), (b"tight", Kind.FILE, 2)),
        (file("odd", b"12", type=b"Q"), (b"odd", Kind.FILE, 2)),
        (folder("d/"), (b"d", Kind.FOLDER, 0)),
        (folder(LONG), (LONG.encode(), Kind.FOLDER, 0)),
        (file(f"{LONG}/{'n' * 200}", b"1"), (f"{LONG}/{'n' * 200}".encode(), Kind.FILE, 1)),
        (file("ü/\udcff", b"1"), ("ü/".encode() + b"\xff", Kind.FILE, 1)),
        (symlink("s", "../x"), (b"s", Kind.SYMLINK, 0)),
        (device("dev/null"), (b"dev/null", Kind.OTHER, 0)),
        (file("pipe", type=tarfile.FIFOTYPE), (b"pipe", Kind.OTHER, 0)),
        (whiteout("a/gone"), (b"a/.wh.gone", Kind.WHITEOUT, 0)),
        (whiteout("gone", content=b"123"), (b".wh.gone", Kind.WHITEOUT, 0)),
        (whiteout("gone", type=tarfile.CHRTYPE), (b".wh.gone", Kind.WHITEOUT, 0)),
        (opaque("a"), (b"a/.wh..wh..opq", Kind.OPAQUE, 0)),
        (file(".wh..wh..opq"), (b".wh..wh..opq", Kind.OPAQUE, 0)),
        (file(".wh..wh.aufs", b"123"), (b".wh..wh.aufs", Kind.WHITEOUT, 0)),
        (file(".wh..wh.plnk/12.34", b"123"), (b".wh..wh.plnk/12.34", Kind.WHITEOUT, 0)),
        (file("a/.wh..wh.orph/x", b"123"), (b"a/.wh..wh.orph/x", Kind.WHITEOUT, 0)),
        (file("a.wh.b", b"1"), (b"a.wh.b", Kind.FILE, 1)),
        (file(".wh.a/b", b"1"), (b".wh.a/b", Kind.FILE, 1)),
        (file("zero", b"1", attributes={"SCHILY.xattr.user.x": "y" * 900}), (b"zero", 0, 1)),
    ],
)
@pytest.mark.parametrize("form", ["gnu", "pax"])
@pytest.mark.parametrize("stream", STREAMS)
def test_an_entry_is_read(entry: Entry, expected: Any, form: Any, stream: str) -> None:
    archive = layer(entry, file("last", b"x" * 600), form=form)
    found = read_layer(STREAMS[stream](archive), wanted=nothing)
    assert listed(found) == [expected, (b"last", Kind.FILE, 600)]
    assert found.left_out == 0


@pytest.mark.parametrize(
    ("entry", "left_out"),
    [
        (folder("."), 0),
        (folder("./"), 0),
        (folder("/"), 0),
        (file("../out", b"123"), 1),
        (file("a/../../out", b"123"), 1),
        (folder(".."), 1),
        (hardlink("a", "../../etc/passwd"), 1),
        (file("n" * 65 * KIB, b"123"), 1),
        (symlink("s", "n" * 65 * KIB), 1),
    ],
)
def test_an_entry_has_no_place(entry: Entry, left_out: int) -> None:
    found = read(entry, file("last", b"x"))
    assert listed(found) == [(b"last", Kind.FILE, 1)]
    assert found.left_out == left_out
    assert not found.links


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_the_rest_of_an_entry_is_read(form: Any) -> None:
    far = "../" + "t" * 300
    archive = layer(
        file("a", mode=0o104755, user=1001, group=1002, time=1_600_000_000),
        file("big", user=3_000_000, group=5_000_000, time=-5),
        symlink("s", far),
        hardlink("h", "./a//b"),
        hardlink("h2", "/" + "t" * 300),
        form=form,
    )
    found = read_layer(io.BytesIO(archive), diff_id="sha256:1", wanted=nothing)
    assert found.diff_id == "sha256:1"
    assert list(found.modes)[:2] == [0o4755, 0o644]
    assert list(found.owners)[:2] == [owner_of(1001, 1002), owner_of(3_000_000, 5_000_000)]
    assert list(found.times)[:3] == [1_600_000_000, -5, 1_700_000_000]
    assert found.links == {2: far.encode(), 3: b"a/b", 4: b"t" * 300}


@pytest.mark.parametrize(
    ("time", "expected"),
    [(1.5, 1), (-1.5, -2), (1_700_000_000.999, 1_700_000_000), (9e18, LARGEST_COUNT // 2)],
)
def test_a_time_has_digits_after_the_point(time: float, expected: int) -> None:
    entry = file("a", attributes={"mtime": f"{time:f}"})
    assert list(read(entry).times) == [expected]


def test_a_global_header_changes_nothing() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", pax_headers={"path": "other", "comment": "x"}) as tar:
        tar.addfile(tarfile.TarInfo("a"))
    assert listed(read_layer(io.BytesIO(made.getvalue()), wanted=nothing)) == [(b"a", 0, 0)]


def test_a_prefix_belongs_to_the_name() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("p" * 90 + "/" + "n" * 90))
    assert read_layer(io.BytesIO(made.getvalue())).paths == [b"p" * 90 + b"/" + b"n" * 90]


def header(archive: bytes, changes: dict[int, bytes]) -> bytes:
    """Return an archive whose first header has other bytes, and the checksum of these."""
    block = bytearray(archive[:512])
    for at, content in changes.items():
        block[at : at + len(content)] = content
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + archive[512:]


@pytest.mark.parametrize("stated", [b"  123 \0 ", b"0000123\0", b"123\0    "])
def test_a_number_may_be_padded_anyhow(stated: bytes) -> None:
    found = read_layer(io.BytesIO(header(layer(file("a")), {108: stated})), wanted=nothing)
    assert list(found.owners) == [owner_of(0o123, 0)]


def test_gnu_has_times_where_others_have_a_prefix() -> None:
    archive = header(layer(file("a"), form="gnu"), {345: b"14371573600\0"})
    assert read_layer(io.BytesIO(archive)).paths == [b"a"]


def test_a_checksum_may_be_of_signed_bytes() -> None:
    archive = bytearray(layer(file("ü" * 9)))
    signed = sum(each - 256 if each > 127 else each for each in archive[:148] + archive[156:512])
    archive[148:156] = b"%06o\0 " % (signed + 256)
    assert read_layer(io.BytesIO(archive)).paths == [("ü" * 9).encode()]


def test_a_file_with_holes_has_its_real_size() -> None:
    """GNU's old form: one block of data, and a list that needs one more block."""
    first = layer(file("holes", b"x" * 512, type=tarfile.GNUTYPE_SPARSE), form="gnu")
    # In the header's list: a segment of one block; then that the list goes on; then the real size.
    changes = {386: b"%011o\0%011o\0" % (0, 512), 482: b"\1", 483: b"%011o\0" % (9 * MIB)}
    made = header(first, changes)
    archive = made[:512] + bytes(512) + made[512:1024] + layer(file("last", b"1"))
    found = read_layer(io.BytesIO(archive))
    assert listed(found) == [(b"holes", Kind.FILE, 9 * MIB), (b"last", Kind.FILE, 1)]
    assert not found.marks


def test_the_same_in_the_newer_form() -> None:
    attributes = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "real/name",
        "GNU.sparse.realsize": "1000000",
    }
    found = read(file("GNUSparseFile.0/name", b"x" * 512, attributes=attributes))
    assert listed(found) == [(b"real/name", Kind.FILE, 1_000_000)]


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_it_ends_where_the_archive_does(count: int) -> None:
    archive = layer(file("a", b"123"))[:KIB]
    found = read_layer(io.BytesIO(archive + bytes(512 * count)))
    assert listed(found) == [(b"a", Kind.FILE, 3)]


def test_an_empty_layer() -> None:
    assert len(read_layer(io.BytesIO(b""))) == 0
    assert len(read_layer(io.BytesIO(bytes(KIB)))) == 0


paths = st.lists(
    st.sampled_from(["a", "b", "..", ".", "", "...", ".wh.a", "ü", "x" * 99, ".hidden", "a b"]),
    min_size=1,
    max_size=5,
).map("/".join)


@given(
    st.lists(st.tuples(paths, st.binary(max_size=600)), max_size=8), st.sampled_from(list(STREAMS))
)
def test_it_finds_what_pythons_module_finds(files: list[tuple[str, bytes]], stream: str) -> None:
    archive = layer(*(file(path, content) for path, content in files))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        expected = [(clean(each.name.encode()), each.size) for each in tar]
    found = read_layer(STREAMS[stream](archive), wanted=lambda path, size: Want.TEXT)
    assert found.left_out == sum(path is None for path, _ in expected)
    sizes = [
        (path, 0 if path.rpartition(b"/")[2].startswith(b".wh.") else size)
        for path, size in expected
        if path
    ]
    assert list(zip(found.paths, found.sizes, strict=True)) == sizes
    contents = {clean(path.encode()): content for path, content in files}
    for position, content in found.texts.items():
        assert len(content) == found.sizes[position]
        assert content == contents[found.paths[position]] or len(files) > len(contents)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"", b""),
        (b".", b""),
        (b"/", b""),
        (b"a/..", b""),
        (b"a", b"a"),
        (b"/a/", b"a"),
        (b"//a", b"a"),
        (b"/../a", b"a"),
        (b"a/./b//c/", b"a/b/c"),
        (b"a/b/../c", b"a/c"),
        (b".a/..b/...", b".a/..b/..."),
        (b"..", None),
        (b"../a", None),
        (b"a/../../b", None),
        (b"a\0b", None),
    ],
)
def test_a_path_is_cleaned(path: bytes, expected: bytes | None) -> None:
    assert clean(path) == expected
