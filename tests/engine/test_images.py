"""Images, volumes and disk use of a real Compose project are what its engine says."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.collect.history import read_layers
from hcreport.model import Snapshot
from hcreport.units import Bytes, total
from tests.engine.stack import Stack

pytestmark = pytest.mark.engine


def test_images_are_as_large_as_their_layers(snapshot: Snapshot, stack: Stack) -> None:
    sizes = {each.name: each.size for each in snapshot.images}
    assert list(sizes) == ["hcreport-test/api:1", "hcreport-test/base:1", "hcreport-test/web:1"]
    if snapshot.engine is not None and snapshot.engine.containerd_store is False:
        for image in snapshot.images:
            assert image.size == stack.engine.client.images.get(image.name).attrs["Size"]


def test_shared_layers_count_once(snapshot: Snapshot, stack: Stack) -> None:
    """The chains of all images of the engine together are what it keeps on disk."""
    api: Any = stack.engine.client.api
    by_chain: dict[str, Bytes] = {}
    for image in api.images():
        diff_ids = api.inspect_image(image["Id"])["RootFS"]["Layers"]
        layers = read_layers(api.history(image["Id"]), diff_ids)
        assert all(layer.chain for layer in layers if layer.size), image["RepoTags"]
        by_chain |= {layer.chain: layer.size for layer in layers if layer.chain is not None}
    assert total(by_chain.values()) == api.df()["LayersSize"]
    ours = {layer.chain for image in snapshot.images for layer in image.layers if layer.chain}
    assert ours <= by_chain.keys()
    together = total(by_chain[chain] for chain in ours)
    assert together < total(image.size for image in snapshot.images)


def test_layers_say_what_made_them(snapshot: Snapshot) -> None:
    layers = {each.name: each.layers for each in snapshot.images}
    api, web = layers["hcreport-test/api:1"], layers["hcreport-test/web:1"]
    assert "chmod" in {each.detail for each in api}
    assert {each.instruction for each in api} >= {"COPY", "RUN", "ENV", "ARG", "LABEL"}
    assert web[-1].detail == "directory"
    assert not any(each.whole_context for each in (*api, *web))


def test_volumes_are_the_projects_own(snapshot: Snapshot, stack: Stack) -> None:
    data, old, *rest = (
        *(each for each in snapshot.volumes if each.name == f"{stack.name}_data"),
        *(each for each in snapshot.volumes if each.name == f"{stack.name}_old"),
        *(each for each in snapshot.volumes if each.anonymous),
    )
    assert data.used_by == tuple(
        stack.container(*each) for each in (("db",), ("worker", 1), ("worker", 2))
    )
    assert (data.project, data.references, data.size) == (stack.name, 3, 0)
    assert (old.references, old.used_by) == (0, ())
    assert [each.used_by for each in rest] == [(stack.container("db"),)]


def test_disk_use_is_what_docker_counts(snapshot: Snapshot, stack: Stack) -> None:
    counted = stack.engine.client.df()
    assert snapshot.disk is not None
    assert snapshot.disk.layers == counted["LayersSize"]
    if stack.engine.started_here:
        written = sum(each.get("SizeRw", 0) for each in counted["Containers"])
        assert snapshot.disk.containers == written
        assert snapshot.disk.volumes == sum(
            each["UsageData"]["Size"] for each in counted["Volumes"]
        )
