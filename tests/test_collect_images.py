"""Which images and volumes are the project's, and how the engine's account of the disk is read."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.collect.images import plain_reference, project_images
from hcreport.collect.volumes import read_disk, read_volumes
from hcreport.model import Build, Container, DeclaredVolume, Disk, Mount, Project, Service, Volume
from hcreport.units import Bytes

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("reference", "plain"),
    [
        ("busybox", "busybox:latest"),
        ("docker.io/library/busybox", "busybox:latest"),
        ("docker.io/team/app:2", "team/app:2"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("app@sha256:00", "app@sha256:00"),
    ],
)
def test_references_are_compared_in_one_form(reference: str, plain: str) -> None:
    assert plain_reference(reference) == plain


def test_images_are_those_of_containers_and_of_services() -> None:
    services = [
        Service(name="web", image="team/web:1"),
        Service(name="api", build=Build()),
        Service(name="other", image="private-registry/app:1"),
        Service(name="none", image="team/none:1"),
    ]
    listed: list[Json] = [
        {"Id": "a", "RepoTags": ["team/web:1"]},
        {"Id": "b", "RepoTags": ["shop-api:latest"]},
        # Two private registries, one name: nobody can tell which one the service means.
        {"Id": "c", "RepoTags": ["registry.one.example/app:1"]},
        {"Id": "d", "RepoTags": ["registry.two.example/app:1"]},
        {"Id": "e", "RepoTags": ["stranger:1"]},
        {"Id": "f", "RepoTags": None},
    ]
    assert project_images("shop", services, ["z"], listed, ()) == ["a", "b", "z"]
    kept = project_images("shop", services, [], listed, ("registry.one.example",))
    assert kept == ["a", "b", "d"]


PROJECT = Project(name="shop", volumes=(DeclaredVolume(name="other_shared", external=True),))


def _volume(name: str, project: str | None = None, users: int = 0, size: int = 0) -> Json:
    labels = {"com.docker.compose.project": project} if project else None
    usage = {"RefCount": users, "Size": size}
    return {"Name": name, "Driver": "local", "Labels": labels, "UsageData": usage}


def test_volumes_are_those_of_the_project_and_what_it_left() -> None:
    nameless = "0123456789abcdef" * 4
    volumes = [
        _volume("shop_data", "shop", users=1, size=5_000),
        _volume("shop_unused", "shop"),
        _volume("other_shared", "other", users=2),
        _volume(nameless, users=1),
        _volume("shop_old", size=7_000),
        _volume("shop_foreign", "foreign"),
        _volume("shop_used", users=1),
        _volume("shopping", size=1),
        _volume("else"),
    ]
    mounts = tuple(Mount(kind="volume", volume=name) for name in ("shop_data", nameless))
    container = Container(name="shop-db-1", state="running", mounts=mounts)
    found = read_volumes(PROJECT, [container], volumes, {"Volumes": volumes})
    assert found == (
        Volume(name=nameless, anonymous=True, used_by=("shop-db-1",), references=1, size=Bytes(0)),
        Volume(name="other_shared", project="other", references=2, size=Bytes(0)),
        Volume(
            name="shop_data",
            project="shop",
            used_by=("shop-db-1",),
            references=1,
            size=Bytes(5_000),
        ),
        Volume(name="shop_old", references=0, size=Bytes(7_000)),
        Volume(name="shop_unused", project="shop", references=0, size=Bytes(0)),
    )


def test_without_an_account_of_disk_use_sizes_are_not_known() -> None:
    volumes = [_volume("shop_data", "shop"), _volume("shop_old")]
    found = read_volumes(PROJECT, [], volumes, None)
    assert found == (Volume(name="shop_data", project="shop"),)


def test_blocks_are_those_of_the_engines_folder() -> None:
    """A volume that is a folder or a server elsewhere has only its empty place there."""
    volumes = [
        _volume("shop_data", "shop"),
        _volume("shop_nfs", "shop"),
        _volume("shop_new", "shop"),
    ]
    volumes[0]["Options"] = {"size": "10G"}
    volumes[1]["Options"] = {"type": "nfs", "device": ":/export", "o": "addr=10.0.0.1"}
    blocks = {"shop_data": Bytes(8192), "shop_nfs": Bytes(4096)}
    found = read_volumes(PROJECT, [], volumes, None, blocks)
    assert {each.name: each.on_disk for each in found} == {
        "shop_data": 8192,
        "shop_new": None,
        "shop_nfs": None,
    }


def test_a_volume_of_another_driver_has_no_size() -> None:
    volumes = [_volume("shop_data", "shop", users=-1, size=-1)]
    volumes[0]["Driver"] = "https://user:secret@nfs"
    found = read_volumes(PROJECT, [], volumes, {"Volumes": volumes})
    assert found == (Volume(name="shop_data", project="shop", driver="other"),)


@pytest.mark.parametrize(
    ("reply", "disk"),
    [
        (
            {
                "LayersSize": 5_000,
                "Images": [{"Id": "a"}],
                "Containers": [{"SizeRw": 10}, {}, {"SizeRw": 5}],
                "Volumes": [_volume("a", size=3), _volume("b", size=4)],
                "BuildCache": [{"Size": 7}, {"Size": 9, "Shared": True}],
            },
            Disk(layers=Bytes(5_000), containers=Bytes(15), volumes=Bytes(7), build_cache=Bytes(7)),
        ),
        (
            {"LayersSize": 0, "Images": [{"Id": "a"}], "Containers": None, "Volumes": None},
            Disk(layers=None, containers=Bytes(0), volumes=Bytes(0), build_cache=Bytes(0)),
        ),
        (
            {"LayersSize": 0, "Images": [], "Containers": [], "Volumes": [_volume("a", size=-1)]},
            Disk(layers=Bytes(0), containers=Bytes(0), volumes=None, build_cache=Bytes(0)),
        ),
    ],
)
def test_disk_use_is_added_up_as_docker_does(reply: Json, disk: Disk) -> None:
    assert read_disk(reply) == disk
