"""Layers of images on a real engine: the same in its folder, through its API and from a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect.engine import Connection, connect
from hcreport.collect.layers.archive import read_archive
from hcreport.collect.layers.cache import LayerCache
from hcreport.collect.layers.engine import EngineImages, read_engine_images
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.units import KIB
from tests.engine_fixture import RunningEngine, unavailable
from tests.engine_fixture import engine_of_its_own as engine

__all__ = ["engine"]

pytestmark = pytest.mark.engine

_DOCKERFILE = """\
FROM scratch
ENV SHOP=1
COPY busybox /bin/busybox
COPY files /srv/files
RUN ["/bin/busybox", "sh", "-c", "busybox --install -s /bin; ln /srv/files/large /srv/again"]
RUN ["/bin/busybox", "sh", "-c", "chmod -R a+w /srv/files; chown 7:8 /srv/files/small"]
RUN ["/bin/busybox", "sh", "-c", "rm -r /srv/files; mkdir /srv/files; echo a >/srv/files/b"]
RUN ["/bin/busybox", "sh", "-c", "rm /srv/again; mkfifo /srv/pipe; : >/srv/empty"]
HEALTHCHECK --interval=5s CMD ["/bin/busybox", "true"]
LABEL made=here
CMD ["/bin/busybox", "sleep", "9"]
"""

_SISTER = """\
FROM hcreport-layers/web:1
COPY own /srv/own
USER 7
"""

WEB, API = "hcreport-layers/web:1", "hcreport-layers/api:1"


@pytest.fixture(scope="module")
def connection(engine: RunningEngine) -> Iterator[Connection]:
    """Yield a connection to an engine with two images, of which one is built on the other."""
    files = {"files/large": b"GGUF" + bytes(90 * KIB), "files/small": b"small"}
    engine.build(WEB, _DOCKERFILE, files)
    engine.build(API, _SISTER, {"own": b"own"})
    found = connect(engine.host)
    yield found
    found.client.close()


@pytest.fixture
def requests(connection: Connection) -> Iterator[list[str]]:
    """Yield the addresses of requests for archives."""
    asked: list[str] = []

    def note(reply: Any, *_: object, **__: object) -> None:
        if "/images/get" in reply.url:
            asked.append(reply.url)

    connection.client.hooks["response"].append(note)
    yield asked
    connection.client.hooks["response"].remove(note)


def read(connection: Connection, *references: str, **options: Any) -> EngineImages:
    """Read images, through the API unless the options say otherwise."""
    found = read_engine_images(connection, references, **{"in_place": False, **options})
    assert found.failures == {}
    return found


def entries(layer: LayerFiles) -> set[tuple[object, ...]]:
    """Return all that is known of a layer's entries, in no order."""
    arrays = (layer.kinds, layer.sizes, layer.modes, layer.owners, layer.times)
    tables = (layer.links, layer.heads, layer.texts, layer.needs, layer.marks)
    assert len(arrays) + len(tables) == len(fields(LayerFiles)) - 3
    return {
        (path, *(each[at] for each in arrays), *(each.get(at) for each in tables))
        for at, path in enumerate(layer.paths)
    }


def contents(image: ImageFiles) -> list[object]:
    """Return all that was read of an image, in no order of its files."""
    layers = [(each.diff_id, each.left_out, entries(each)) for each in image.layers]
    return [layers, image.history, image.config, image.notes]


def test_the_ways_agree(connection: Connection, engine: RunningEngine, tmp_path: Path) -> None:
    through_api = read(connection, WEB)
    assert through_api.read == "engine"
    archive = tmp_path / "web.tar"
    with archive.open("wb") as stream:
        for piece in engine.client.images.get(WEB).save(named=WEB):
            stream.write(piece)
    (saved,) = read_archive(archive)
    assert contents(saved) == contents(through_api.images[WEB])
    assert saved.name == WEB
    if not engine.started_here:
        unavailable("the folder of an engine that was not started here cannot be read")
    in_place = read(connection, WEB, in_place=True)
    assert in_place.read == "folder"
    assert contents(in_place.images[WEB]) == contents(through_api.images[WEB])
    assert in_place.images[WEB].id == through_api.images[WEB].id


def test_what_was_read_is_what_is_in_the_image(connection: Connection) -> None:
    image = read(connection, WEB).images[WEB]
    assert image.config.command == ("/bin/busybox", "sleep", "9")
    assert image.config.environment[-1] == "SHOP=1"
    assert image.config.labels == {"made": "here"}
    assert image.config.health_check["Interval"] == 5_000_000_000
    steps = image.steps()
    assert [step is None for step in steps] == [False] * 6
    client: Any = connection.client  # the SDK's calls are typed in part
    details = client.inspect_image(WEB)
    if connection.client.info()["Driver"] == "overlay2":
        # The engine counts the text of a symbolic link, too.
        links = (
            len(link)
            for layer in image.layers
            for at, link in layer.links.items()
            if layer.kinds[at] == Kind.SYMLINK
        )
        assert image.size + sum(links) == details["Size"]
    kinds = [
        {path: Kind(kind) for path, kind in zip(layer.paths, layer.kinds, strict=True)}
        for layer in image.layers
    ]
    assert kinds[2][b"bin/ls"] is Kind.SYMLINK
    assert Kind.HARDLINK in (kinds[2][b"srv/again"], kinds[2][b"srv/files/large"])
    assert kinds[4][b"srv/files/.wh..wh..opq"] is Kind.OPAQUE
    assert kinds[5][b"srv/.wh.again"] is Kind.WHITEOUT
    assert kinds[5][b"srv/pipe"] is Kind.OTHER
    small = image.layers[3].paths.index(b"srv/files/small")
    assert image.layers[3].owners[small] == 7 << 32 | 8


def test_several_images_come_in_one_request(connection: Connection, requests: list[str]) -> None:
    found = read(connection, WEB, API)
    assert len(requests) == 1
    web, api = found.images[WEB], found.images[API]
    assert [layer.diff_id for layer in api.layers[:-1]] == [layer.diff_id for layer in web.layers]
    assert all(one is other for one, other in zip(web.layers, api.layers[:-1], strict=True))
    assert contents(web) == contents(read(connection, WEB).images[WEB])


def test_a_second_time_the_engine_is_not_asked(
    connection: Connection, requests: list[str], tmp_path: Path
) -> None:
    first = read(connection, WEB, API, cache=LayerCache(tmp_path))
    again = read(connection, WEB, API, cache=LayerCache(tmp_path))
    assert len(requests) == 1
    for name in (WEB, API):
        assert contents(again.images[name]) == contents(first.images[name])
    in_place = read(connection, WEB, cache=LayerCache(tmp_path / "other"), in_place=True)
    assert contents(in_place.images[WEB]) == contents(first.images[WEB])


def test_an_image_that_is_gone_is_one_sentence(
    connection: Connection, engine: RunningEngine, tmp_path: Path
) -> None:
    gone = "hcreport-layers/gone:1"
    engine.build(gone, _SISTER, {"own": b"gone"})

    class Removing(LayerCache):
        """Removes the image after the engine told of it, and before it is asked to hand it out."""

        def load(self, diff_id: str) -> LayerFiles | None:
            if gone in engine.images:
                engine.client.images.remove(gone, force=True)
                engine.images.remove(gone)
            return super().load(diff_id)

    found = read_engine_images(
        connection, [gone, WEB, "hcreport-layers/never:1"], cache=Removing(tmp_path), in_place=False
    )
    assert found.images.keys() == {WEB}
    assert found.failures == {
        gone: "The image was removed while it was read; pull it or build it again.",
        "hcreport-layers/never:1": "The engine has no image of this name; pull it or build it "
        "first.",
    }


def test_layers_of_buildkit_are_read_in_place(
    connection: Connection, engine: RunningEngine, tmp_path: Path
) -> None:
    if not engine.started_here:
        unavailable("the folder of an engine that was not started here cannot be read")
    (tmp_path / "file").write_bytes(b"file")
    (tmp_path / "Dockerfile").write_text("FROM hcreport-layers/web:1\nCOPY file /srv/\n")
    tag = "hcreport-layers/buildkit:1"
    done = subprocess.run(
        ["docker", "--host", engine.host, "build", "--quiet", "--tag", tag, tmp_path],
        env={"DOCKER_BUILDKIT": "1", "PATH": "/usr/bin:/usr/local/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        unavailable(f"there is no BuildKit: {done.stderr.strip()[-200:]}")
    engine.images.add(tag)
    in_place = read(connection, tag, in_place=True)
    assert in_place.read == "folder"
    assert contents(in_place.images[tag]) == contents(read(connection, tag).images[tag])
