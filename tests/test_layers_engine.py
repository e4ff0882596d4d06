"""An engine's images are the same from its folder, from the cache and through its API."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from docker.errors import NotFound
from requests.exceptions import ConnectionError as BrokenConnection

from hcreport.collect.engine import Connection
from hcreport.collect.layers.cache import LayerCache
from hcreport.collect.layers.engine import EngineImages, read_engine_images
from hcreport.contents.image import HistoryEntry
from tests.engine_images_case import (
    API,
    FAR,
    HERE,
    ODD,
    OTHER,
    STEPS,
    WEB,
    Client,
    Json,
    kept,
    read,
    root,
)
from tests.image_archives import Image, docker_archive, oci_archive

__all__ = ["kept", "root"]


@pytest.mark.parametrize("packing", [docker_archive, oci_archive])
def test_all_ways_give_the_same(
    root: Path, kept: LayerCache, packing: Callable[..., bytes]
) -> None:
    through_api = read(Client([WEB], archive=packing), address=FAR, cache=kept)
    in_place = read(Client([WEB], root=str(root)))
    from_cache = read(Client([WEB], errors={"get": BrokenConnection()}), address=FAR, cache=kept)
    assert (through_api.read, in_place.read, from_cache.read) == ("engine", "folder", "engine")
    assert not through_api.failures
    assert in_place.images == through_api.images == from_cache.images
    (image,) = through_api.images.values()
    assert (image.name, image.id) == ("shop/web:1", WEB.id)
    assert image.history == tuple(
        HistoryEntry(text=str(step["created_by"]), empty="empty_layer" in step) for step in STEPS
    )
    assert image.config.ports == ("80/tcp",)
    assert [layer.diff_id for layer in image.layers] == WEB.diff_ids
    assert dict(image.layers[0].evidence()) == {b"var/lib/dpkg/status": b"Package: tool\n" * 900}
    assert image.layers[2].needs
    assert len(image.layers[1].marks) == 1


def test_marks_do_not_depend_on_how_a_file_is_read(root: Path) -> None:
    in_place = read(Client([API], root=str(root)), "shop/api:1")
    assert in_place.read == "folder"
    assert in_place.images == read(Client([API]), "shop/api:1").images
    assert len(in_place.images["shop/api:1"].layers[1].marks) == len(ODD)


def test_in_place_nothing_is_asked_for(root: Path) -> None:
    client = Client([WEB, API], root=str(root))
    assert read(client, "shop/web:1", "shop/api:1").images.keys() == {"shop/web:1", "shop/api:1"}
    assert client.asked == []
    assert read(client, in_place=False).read == "engine"
    assert client.asked == [["shop/web:1"]]


def test_several_images_are_one_request_and_shared_layers_are_one_value() -> None:
    client = Client([WEB, API])
    found = read(client, "shop/web:1", "shop/api:1", "shop/web:1", WEB.id)
    assert client.asked in ([["shop/web:1", "shop/api:1"]], [[WEB.id, "shop/api:1"]])
    assert client.replies[0].closed
    web, api = found.images["shop/web:1"], found.images["shop/api:1"]
    assert web.layers[0] is api.layers[0]
    assert found.images[WEB.id].layers == web.layers
    assert found.images[WEB.id].name == WEB.id


@pytest.mark.parametrize("way", ["engine", "folder"])
def test_a_second_time_nothing_is_read(root: Path, kept: LayerCache, way: str) -> None:
    first = Client([WEB, API], root=str(root) if way == "folder" else "/nowhere")
    found = read(first, "shop/web:1", "shop/api:1", cache=kept)
    assert found.read == way
    second = Client([WEB, API])
    assert read(second, "shop/web:1", "shop/api:1", cache=kept).images == found.images
    assert second.asked == []


def test_a_layer_that_is_kept_is_not_read_again(kept: LayerCache) -> None:
    read(Client([API]), "shop/api:1", cache=kept)
    client = Client([WEB, API])
    found = read(client, "shop/api:1", "shop/web:1", cache=kept)
    assert client.asked == [["shop/web:1"]]
    assert found.images["shop/web:1"].layers[0] is found.images["shop/api:1"].layers[0]


def test_slow_engines_have_all_the_time_they_need() -> None:
    client = Client([WEB])
    read(client)
    assert client.timeouts == [(15, None)]


def test_the_progress_is_told(root: Path, kept: LayerCache) -> None:
    told: list[int] = []
    read(Client([WEB]), on_bytes=told.append)
    assert 0 <= len(docker_archive(WEB)) - sum(told) <= tarfile.RECORDSIZE
    told.clear()
    read(Client([WEB], root=str(root)), on_bytes=told.append, cache=kept)
    assert 0 <= sum(map(len, WEB.layers)) - sum(told) <= 3 * tarfile.RECORDSIZE
    told.clear()
    (image,) = read(Client([WEB]), on_bytes=told.append, cache=kept).images.values()
    assert sum(told) == image.size


def test_the_ids_of_another_store_are_no_obstacle(kept: LayerCache) -> None:
    """In containerd's store an image's id is the digest of a list, which no archive names."""

    class Containerd(Client):
        def _details(self, image: Image) -> Json:
            return {**super()._details(image), "Id": f"sha256:{'9' * 64}", "Size": 1}

        def _image(self, reference: str) -> Image:
            return self.images[0]

    found = read(Containerd([WEB], archive=oci_archive), cache=kept)
    image = found.images["shop/web:1"]
    assert (image.id, len(image.layers)) == (f"sha256:{'9' * 64}", 3)
    again = Containerd([WEB], errors={"get": BrokenConnection()})
    assert read(again, cache=kept).images == found.images


@pytest.mark.parametrize(
    ("steps", "matched"),
    [
        (STEPS, True),
        # Which of two steps without a size made the empty layer nobody can tell.
        (({"created_by": "RUN true"}, {"created_by": "RUN false"}), False),
    ],
)
def test_steps_that_nobody_kept_are_matched_where_that_is_certain(
    kept: LayerCache, steps: Sequence[Json], matched: bool
) -> None:
    layers = WEB.layers if matched else (OTHER,)
    image = Image(layers=layers, tags=("shop/web:1",), history=steps)
    read(Client([image]), cache=kept)
    for path in (kept._folder).glob("*.steps"):
        path.unlink()
    client = Client([image], layer_size=1 if matched else 0)
    (found,) = read(client, cache=kept).images.values()
    assert client.asked == []
    assert (None not in found.steps()) is matched


def test_without_a_history_there_is_a_note(kept: LayerCache) -> None:
    read(Client([WEB]), cache=kept)
    (image,) = read(Client([WEB], errors={"history": NotFound("x")}), cache=kept).images.values()
    assert image.history == ()
    assert image.notes == ("The steps that made the image could not be read.",)


def test_no_image_is_no_question() -> None:
    client = Client([], errors={"info": BrokenConnection()})
    assert read_engine_images(
        Connection(address=HERE, client=cast("Any", client), version={}, api_version="1.41"), []
    ) == EngineImages(images={}, read="engine")
