"""An image that an engine cannot give ends in one sentence, and keeps no other from being read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

import pytest
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as BrokenConnection

from hcreport.units import GIB
from tests.engine_images_case import API, WEB, Client, Json, read, root
from tests.image_archives import Image, docker_archive

__all__ = ["root"]


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ("inspect", APIError("canary", cast("Any", None), None), "engine answered with error"),
        ("inspect", BrokenConnection("canary"), "connection to the engine broke"),
        ("get", BrokenConnection("canary"), "connection to the engine broke"),
        ("get", APIError("x", None, "write /a: no space left on device canary"), "became full"),
        ("get", NotFound("canary"), "removed while it was read; pull it or build it again"),
    ],
)
def test_what_goes_wrong_is_one_sentence(question: str, error: Exception, words: str) -> None:
    found = read(Client([WEB], errors={question: error}))
    assert found.images == {}
    (reason,) = found.failures.values()
    assert words in reason
    assert "canary" not in reason
    assert reason.count(".") == 1


def test_a_missing_image_does_not_keep_others_from_being_read() -> None:
    client = Client([WEB])
    found = read(client, "shop/gone:1", "shop/web:1")
    assert found.images.keys() == {"shop/web:1"}
    assert found.failures == {
        "shop/gone:1": "The engine has no image of this name; pull it or build it first."
    }
    assert client.asked == [["shop/web:1"]]


def test_an_image_that_is_gone_in_between_does_not_either() -> None:
    client = Client([WEB, API], removed_before_archive="shop/api:1")
    found = read(client, "shop/api:1", "shop/web:1")
    assert found.images.keys() == {"shop/web:1"}
    assert "removed while it was read" in found.failures["shop/api:1"]


def test_nor_does_one_that_is_damaged() -> None:
    def archive(*images: Image) -> bytes:
        whole = docker_archive(*images)
        return whole if images == (WEB,) else whole[: len(whole) // 2]

    client = Client([WEB, API], archive=archive)
    found = read(client, "shop/web:1", "shop/api:1")
    assert found.images.keys() == {"shop/web:1"}
    assert found.failures.keys() == {"shop/api:1"}
    assert all(reply.closed for reply in client.replies)


def test_another_image_than_was_asked_for_is_not_taken() -> None:
    found = read(Client([WEB], archive=lambda *_: docker_archive(API)))
    assert found.failures == {"shop/web:1": "The engine's archive does not hold the image."}


HUGE = 1_000_000 * GIB


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, True),
        ({"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}, False),
        ({"OperatingSystem": "Docker Desktop"}, False),
        ({"DockerRootDir": "/nowhere"}, False),
    ],
)
def test_room_for_the_engines_temporary_files_is_looked_for_first(
    root: Path, more: Json, refused: bool
) -> None:
    client = Client([WEB], root=str(root), more=more, layer_size=HUGE)
    found = read(client, in_place=False)
    assert (client.asked == []) is refused
    if refused:
        (reason,) = found.failures.values()
        assert "the engine needs 3.22 PB of disk" in reason
        assert "docker builder prune" in reason


def test_the_folder_of_another_engine_says_nothing_about_room(root: Path) -> None:
    shutil.rmtree(root / "image/overlay2/imagedb/content/sha256")
    (root / "image/overlay2/imagedb/content/sha256" / ("f" * 64)).mkdir(parents=True)
    assert read(Client([WEB], root=str(root), layer_size=HUGE), in_place=False).images
