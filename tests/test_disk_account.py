"""What is on Docker's disk: parts that add up to what `docker system df` counts, each byte once."""

from __future__ import annotations

import pytest

from hcreport.estimate.disk_account import (
    ALONE,
    CACHE,
    IMAGES,
    OTHERS,
    SHARED,
    VOLUMES,
    WRITTEN,
    disk_account,
)
from hcreport.model import DiskNeed
from tests.fragments import snapshot_of

_ENGINE = """
    engine: {}
    images:
      - tags: [a]
        size: 30
        layers: [{instruction: A, size: 20, chain: x}, {instruction: B, size: 10, chain: y}]
      - tags: [b]
        size: 25
        layers: [{instruction: A, size: 20, chain: x}, {instruction: C, size: 5, chain: z}]
    disk: {layers: 100, containers: 3, volumes: 40, build_cache: 7}
"""


def sizes(account: DiskNeed) -> dict[str, float]:
    return {part.name: part.size.value for part in account.parts if part.size is not None}


def reasons(account: DiskNeed) -> dict[str, str]:
    return {part.name: part.reason for part in account.parts if part.size is None}


def test_the_parts_add_up_to_what_docker_counts() -> None:
    found = disk_account(snapshot_of(_ENGINE))
    assert sizes(found) == {
        ALONE: 15,
        SHARED: 20,
        OTHERS: 65,
        WRITTEN: 3,
        VOLUMES: 40,
        CACHE: 7,
    }
    assert found.total is not None
    assert found.total.value == 100 + 3 + 40 + 7
    assert found.total.origin.kind == "measured"


@pytest.mark.parametrize(
    ("old", "new", "lost", "reason"),
    [
        ("engine: {}", "engine: {containerd_store: true}", OTHERS, "packed copies"),
        ("layers: 100, ", "layers: 34, ", OTHERS, "counts less"),
        ("layers: 100, ", "", OTHERS, "did not say"),
        ("volumes: 40, ", "", VOLUMES, "did not say"),
        (", build_cache: 7", "", CACHE, "did not say"),
    ],
)
def test_what_is_not_known_has_a_reason_and_no_size(
    old: str, new: str, lost: str, reason: str
) -> None:
    assert old in _ENGINE
    found = disk_account(snapshot_of(_ENGINE.replace(old, new)))
    assert reason in reasons(found)[lost]
    assert found.total is not None
    assert found.total.value == sum(sizes(found).values())


def test_where_sharing_is_not_known_images_are_one_part() -> None:
    found = disk_account(snapshot_of(_ENGINE.replace(", chain: z", "")))
    assert sizes(found)[IMAGES] == 35
    assert ALONE not in sizes(found)
    assert sizes(found)[OTHERS] == 65


def test_without_an_engine_nothing_is_known() -> None:
    found = disk_account(snapshot_of(""))
    assert found.total is None
    assert set(reasons(found).values()) == {"the snapshot was taken without an engine"}
