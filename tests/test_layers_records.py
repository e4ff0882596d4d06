"""What an archive records of an image: its name, history, digests and configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from hcreport.collect.layers.archive import read_config, read_history
from hcreport.contents.image import HistoryEntry, ImageConfig
from tests.image_archives import Image, Member, archive, docker_archive, docker_members, oci_archive
from tests.layers_archive_case import APP, BASE, read, streams


def changed(members: Sequence[Member], name: str, change: Callable[[Any], Any]) -> bytes:
    """Return an archive in which the JSON of a member is another."""
    return archive(
        (each, json.dumps(change(json.loads(cast("bytes", content)))).encode())
        if each == name
        else (each, content)
        for each, content in members
    )


@streams
def test_an_image_without_a_tag_has_its_short_id(stream: str) -> None:
    untagged = Image(layers=[BASE], tags=[])
    for content in (docker_archive(untagged), oci_archive(untagged, manifest=False)):
        assert [image.name for image in read(content, stream)] == [untagged.id[7:19]]
    null = changed(
        docker_members(untagged), "manifest.json", lambda listed: [{**listed[0], "RepoTags": None}]
    )
    assert [image.name for image in read(null, stream)] == [untagged.id[7:19]]


@streams
@pytest.mark.parametrize("steps", [0, 1, 5])
def test_the_history_may_not_match_the_layers(steps: int, stream: str) -> None:
    history = [{"created_by": "RUN x", "empty_layer": False}] * steps
    (image,) = read(docker_archive(Image(layers=[BASE, APP], history=history)), stream)
    assert len(image.history) == steps
    assert image.steps() == (None, None)


@streams
@pytest.mark.parametrize("digests", [[], ["sha256:1"], ["sha256:1"] * 5, None, "x", [1, 2, 3]])
def test_digests_that_do_not_match_the_layers_are_unknown(digests: Any, stream: str) -> None:
    image = Image(layers=[BASE, APP])
    name = f"{image.id[7:]}.json"
    content = changed(
        docker_members(image), name, lambda found: {**found, "rootfs": {"diff_ids": digests}}
    )
    (found,) = read(content, stream)
    assert [each.diff_id for each in found.layers] == ["", ""]


@streams
def test_a_layer_may_be_listed_under_two_digests(stream: str) -> None:
    image = Image(layers=[BASE, BASE])
    name = f"{image.id[7:]}.json"
    digests = {"rootfs": {"diff_ids": ["sha256:1", "sha256:2"]}}
    content = changed(docker_members(image), name, lambda found: {**found, **digests})
    (found,) = read(content, stream)
    assert [each.diff_id for each in found.layers] == ["sha256:1", "sha256:2"]
    assert found.layers[0].paths == found.layers[1].paths


def test_a_configuration_is_read() -> None:
    config = {
        "Env": ["A=1", "B="],
        "Entrypoint": ["/entry"],
        "Cmd": ["serve"],
        "User": "app",
        "WorkingDir": "/srv",
        "ExposedPorts": {"8000/tcp": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30},
        "StopSignal": "SIGINT",
        "Shell": ["/bin/bash", "-c"],
    }
    expected = ImageConfig(
        environment=("A=1", "B="),
        entrypoint=("/entry",),
        command=("serve",),
        user="app",
        folder="/srv",
        ports=("53/udp", "8000/tcp"),
        volumes=("/data",),
        labels={"a": "b"},
        health_check={"Test": ["CMD", "true"], "Interval": 30},
        stop_signal="SIGINT",
        shell=("/bin/bash", "-c"),
        architecture="arm64",
    )
    assert read_config({"config": config, "architecture": "arm64", "os": "linux"}) == expected
    assert read_config({"Config": config, "Architecture": "arm64", "Os": "linux"}) == expected


@pytest.mark.parametrize("value", [None, 1, "x", [1, None], {"a": 1}, "\ud800"])
def test_a_configuration_of_another_form_is_as_none(value: Any) -> None:
    names = ("Env", "Cmd", "ExposedPorts", "Labels", "Healthcheck", "User", "Shell", "Volumes")
    read_config({"config": dict.fromkeys(names, value), "architecture": value})
    read_config({"config": value})
    read_history({"history": value})
    found = read_config({"config": {"Env": [value], "User": value}})
    assert "\ud800" not in found.user + "".join(found.environment)


def test_a_history_is_read() -> None:
    steps = [{"created_by": "RUN a"}, {"created_by": "CMD b", "empty_layer": True}, 7, {}]
    assert read_history({"history": steps}) == (
        HistoryEntry(text="RUN a"),
        HistoryEntry(text="CMD b", empty=True),
        HistoryEntry(text=""),
    )
    assert read_history({}) == ()
