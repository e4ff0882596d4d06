"""Images are read from archives of every form that engines write, as a stream and as a file."""

from __future__ import annotations

import gzip
import io
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hcreport.collect.layers import packed as packed_module
from hcreport.collect.layers.archive import read_archive, read_images
from hcreport.contents.evidence import Want
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.errors import ImageError
from hcreport.units import KIB, MIB
from tests.image_archives import (
    Image,
    Packed,
    archive,
    docker_archive,
    docker_members,
    file,
    layer,
    oci_archive,
    oci_members,
    pack,
    zstd_modules,
)
from tests.layers_archive_case import APP, BASE, EMPTY, IMAGE, OTHER, read, streams


def shape(image: ImageFiles) -> list[list[bytes]]:
    return [each.paths for each in image.layers]


FORMS: dict[str, Callable[..., bytes]] = {
    "legacy": docker_archive,
    "oci": oci_archive,
    "oci gzip": lambda *images: oci_archive(*images, packed="gzip"),
    "oci zstd": lambda *images: oci_archive(*images, packed="zstd"),
    "layout": lambda *images: oci_archive(*images, manifest=False),
    "layout zstd": lambda *images: oci_archive(*images, packed="zstd", manifest=False),
    "attested": lambda *images: archive(oci_members(*images, manifest=False, attested=True)),
    "legacy in gzip": lambda *images: gzip.compress(docker_archive(*images), 1),
    "oci in zstd": lambda *images: pack(oci_archive(*images), "zstd"),
    "lists first": lambda *images: archive(
        sorted(docker_members(*images), key=lambda member: not member[0].endswith(".json"))
    ),
    "from a folder": lambda *images: archive(
        (f"./{name}", content) for name, content in docker_members(*images)
    ),
}


@streams
@pytest.mark.parametrize("form", FORMS)
def test_images_are_read(form: str, stream: str) -> None:
    images = read(FORMS[form](IMAGE, OTHER), stream)
    assert [image.name for image in images] == ["shop:1", "other:2"]
    assert [image.id for image in images] == [IMAGE.id, OTHER.id]
    for image, expected in zip(images, (IMAGE, OTHER), strict=True):
        assert [each.diff_id for each in image.layers] == expected.diff_ids
        assert [step.text for step in image.history] == [
            f"RUN step {number}" for number in range(len(expected.layers))
        ]
        assert None not in image.steps()
        assert not image.notes
    base = [b"etc", b"etc/os-release", b"big"]
    app = [b"app", b"app/main.py", b".wh.big"]
    assert [shape(image) for image in images] == [[base, app], [base, [], app, app]]
    assert images[0].layers[0].texts == {1: b"ID=debian\n"}
    assert images[0].config.environment == ("A=1",)
    assert images[0].size == 10 + 100 * KIB + 7
    # Layers that images share are read once.
    assert images[0].layers[0] is images[1].layers[0]


class Seen(list[bytes]):
    """The files that were looked at; wants nothing of them."""

    def __call__(self, path: bytes, size: int) -> Want:
        self.append(path)
        return Want.NOTHING


@streams
@pytest.mark.parametrize("form", ["legacy", "oci", "layout"])
def test_each_layer_is_read_once(form: str, stream: str) -> None:
    seen = Seen()
    read(FORMS[form](OTHER, IMAGE), stream, wanted=seen)
    assert sorted(seen) == [b"app/main.py", b"big", b"etc/os-release"]


@pytest.mark.parametrize(
    ("form", "stream", "is_skipped"),
    [
        ("legacy", "file", True),
        ("legacy", "pipe", False),  # which layer it is stands at the end of the stream
        ("lists first", "pipe", True),
        ("oci", "file", True),
        ("oci", "pipe", True),
        ("oci gzip", "file", True),
        ("oci gzip", "pipe", False),
        ("layout", "pipe", True),
    ],
)
def test_a_known_layer_is_not_read_again(form: str, stream: str, is_skipped: bool) -> None:
    base = LayerFiles(diff_id=IMAGE.diff_ids[0], paths=[b"from-the-cache"])
    known = {base.diff_id: base}.get
    seen = Seen()
    (image,) = read(
        FORMS[form](IMAGE),
        stream,
        known=known,
        wanted=seen,
    )
    assert (image.layers[0] is base) == is_skipped
    assert (b"big" in seen) != is_skipped
    assert image.layers[1].paths == [b"app", b"app/main.py", b".wh.big"]


def test_all_layers_may_be_known(tmp_path: Path) -> None:
    """Then they may even be missing."""
    layers = {each: LayerFiles(diff_id=each) for each in IMAGE.diff_ids}
    members = [each for each in docker_members(IMAGE) if not each[0].endswith("layer.tar")]
    (image,) = read(archive(members), "file", known=layers.get)
    assert image.layers == tuple(layers.values())


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "riscv64"])
@streams
def test_of_several_platforms_this_machines_is_taken(
    machine: str, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    images = [
        Image(layers=[BASE], architecture="s390x"),
        Image(layers=[BASE, APP], architecture="amd64"),
        Image(layers=[APP], architecture="arm64"),
    ]
    members = oci_members(*images, manifest=False, platforms=True, attested=True)
    (image,) = read(archive(members), stream)
    expected = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, "s390x")
    assert (image.name, image.config.architecture) == ("example:latest", expected)


@streams
def test_a_platform_whose_layers_are_missing_is_not_taken(stream: str) -> None:
    """An engine with containerd's store lists all platforms and saves the one that it has."""
    images = [
        Image(layers=[BASE], architecture="amd64"),
        Image(layers=[APP], architecture="s390x"),
        Image(layers=[EMPTY], architecture="arm64"),
    ]
    gone = {
        f"blobs/{image.diff_ids[0].replace(':', '/')}" for image in images if image.layers[0] != APP
    }
    members = oci_members(*images, manifest=False, platforms=True)
    (image,) = read(archive(each for each in members if each[0] not in gone), stream)
    assert image.config.architecture == "s390x"


@streams
def test_hard_links_between_layers_are_followed(stream: str) -> None:
    """That is what packing a folder anew makes of them."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in docker_members(OTHER):
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.LNKTYPE, content.removeprefix("../")
            else:
                info.size = len(content)
            tar.addfile(info, None if isinstance(content, str) else io.BytesIO(content))
    (image,) = read(made.getvalue(), stream)
    assert len(image.layers[3]) == 3


def test_layers_nobody_lists_are_not_read() -> None:
    members = [("stray/layer.tar", BASE), *docker_members(Image(layers=[APP]))]
    seen = Seen()
    read(archive(members), "file", wanted=seen)
    assert seen == [b"app/main.py"]


@streams
def test_what_was_read_is_told(stream: str) -> None:
    content = docker_archive(Image(layers=[BASE, layer(file("big", bytes(8 * MIB)))]))
    told: list[int] = []
    read(content, stream, on_bytes=told.append)
    assert min(told) > 0
    assert sum(told) == pytest.approx(len(content), rel=0.05)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(IMAGE))
    assert [image.name for image in read_archive(path)] == ["shop:1"]


def test_an_archive_may_start_within_a_stream() -> None:
    stream = io.BytesIO(b"before" + docker_archive(IMAGE))
    stream.seek(6)
    assert [image.name for image in read_images(stream)] == ["shop:1"]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@streams
def test_packed_layers_may_have_several_members(kind: Packed, stream: str) -> None:
    """As pigz and others write them; gzip may have zeros behind."""
    plain = layer(*(file(f"f{number}", b"x" * number) for number in range(500)))
    pieces = [pack(plain[at : at + 70_000], kind) for at in range(0, len(plain), 70_000)]
    content = pack(b"", kind).join([b"", *pieces, b""]) + (bytes(900) if kind == "gzip" else b"")
    members = [
        (name, content if value == plain else value)
        for name, value in docker_members(Image(layers=[plain]))
    ]
    (image,) = read(archive(members), stream)
    assert list(image.layers[0].sizes) == list(range(500))


def test_skippable_frames_of_zstd_are_skipped() -> None:
    frame = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    members = [
        (name, frame + pack(BASE, "zstd") if value == BASE else value)
        for name, value in docker_members(Image(layers=[BASE]))
    ]
    (image,) = read(archive(members), "pipe")
    assert len(image.layers[0]) == 3


@pytest.mark.parametrize("module", zstd_modules())
def test_any_module_for_zstd_will_do(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "_ZSTD_MODULES", ("missing", module))
    assert len(read(oci_archive(OTHER, packed="zstd"), "pipe")[0].layers[0]) == 3


def test_without_zstd_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "_ZSTD_MODULES", ())
    with pytest.raises(ImageError, match="packed with zstd") as caught:
        read(oci_archive(OTHER, packed="zstd"), "pipe")
    assert 'pip install "hcreport[zstd]"' in caught.value.hint


def test_a_stream_of_bytes_is_enough() -> None:
    """What the engine's reply offers is ``read`` alone."""

    class Reply:
        def __init__(self, content: bytes) -> None:
            self.read = io.BytesIO(content).read

    assert len(read_images(Reply(docker_archive(IMAGE)))) == 1
