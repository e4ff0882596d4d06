"""Collecting from recorded engines: newer ones, other stores, Podman, and sources that fail."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import collection as collection_module
from hcreport.collect.engine_containers import FOLDER_LABEL, ONEOFF_LABEL, PROJECT_LABEL
from hcreport.model import Container, Gap, Snapshot
from hcreport.snapshot import format_snapshot
from tests.engine_fixture import CANARY
from tests.recorded_engine import Hangs, RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]


def named(snapshot: Snapshot, service: str) -> Container:
    return next(each for each in snapshot.containers if each.service == service)


def without_past(snapshot: Snapshot) -> list[Container]:
    return [each.model_copy(update={"past": None}) for each in snapshot.containers]


def test_a_recorded_engine_is_read_without_gaps(take: Take) -> None:
    snapshot = take()
    assert snapshot.gaps == ()
    assert snapshot.engine is not None
    assert snapshot.engine.memory_total == 25_276_514_304
    assert snapshot.engine.cgroup_version == "1"
    assert snapshot.engine.containerd_store is False
    assert [each.name for each in snapshot.containers] == [
        *("shop-db-1", "shop-done-1", "shop-llm-1", "shop-web-1")
    ]
    assert [each.name for each in snapshot.images] == ["shop/api:1", "shop/base:1", "shop/web:1"]
    assert CANARY not in format_snapshot(snapshot)


def test_limits_are_what_the_engine_enforces(take: Take) -> None:
    limits = named(take(), "web").limits
    assert limits.memory == 64 * 1024**2
    assert limits.memory_reservation == 48 * 1024**2
    assert limits.memory_swap == 96 * 1024**2
    assert limits.shm_size == 64 * 1024**2
    assert limits.cpus is None


def test_a_stopped_container_has_no_memory_and_no_gap(take: Take, recorded: RecordedEngine) -> None:
    """It may stop between the list and its sample, which is then empty."""
    done = recorded.container("shop-done-1")
    for entry in recorded.replies["/containers/json"]:
        if entry["Id"] == done:
            entry["State"] = "running"
    snapshot = take()
    assert ("1.41", f"/containers/{done}/stats") in recorded.asked
    assert named(snapshot, "done").state == "exited"
    assert named(snapshot, "done").memory is None
    assert snapshot.gaps == ()


@pytest.mark.parametrize(
    ("oldest", "newest", "spoken"),
    [("1.12", "1.41", "1.41"), ("1.44", "1.52", "1.47"), ("1.48", "1.52", "1.48")],
)
def test_the_api_version_is_one_both_know(
    take: Take, recorded: RecordedEngine, oldest: str, newest: str, spoken: str
) -> None:
    recorded.replies["/version"] |= {"ApiVersion": newest, "MinAPIVersion": oldest}
    snapshot = take()
    assert {version for version, path in recorded.asked if path != "/version"} == {spoken}
    assert snapshot.engine is not None
    assert snapshot.engine.api_version == spoken


REMOVED = "It was removed while it was read."
EMPTY = "The engine's answer was empty or not of the expected form."


@pytest.mark.parametrize(
    ("leaf", "reply", "gap"),
    [
        ("stats", b"", Gap(source="stats", subject="shop-db-1", reason=EMPTY)),
        ("stats", 404, Gap(source="stats", subject="shop-db-1", reason=REMOVED)),
        (
            "stats",
            500,
            Gap(source="stats", subject="shop-db-1", reason="The engine answered with error 500."),
        ),
        (
            "stats",
            {"memory_stats": {}},
            Gap(
                source="stats",
                subject="shop-db-1",
                reason="The engine reported no memory use for it.",
            ),
        ),
        (
            "stats",
            {"memory_stats": {"usage": -5}},
            Gap(
                source="stats",
                subject="shop-db-1",
                reason="The engine's answer was not of the expected form.",
            ),
        ),
        ("json", 404, Gap(source="inspect", subject="shop-db-1", reason=REMOVED)),
        (
            "json",
            409,
            Gap(
                source="inspect", subject="shop-db-1", reason="The engine answered with error 409."
            ),
        ),
        (
            "json",
            {"Id": "x"},
            Gap(
                source="inspect",
                subject="shop-db-1",
                reason="The engine's answer was not of the expected form.",
            ),
        ),
    ],
)
def test_a_container_that_vanishes_is_a_gap(
    take: Take, recorded: RecordedEngine, leaf: str, reply: Any, gap: Gap
) -> None:
    path = recorded.of_container("shop-db-1", leaf)
    if isinstance(reply, int):
        recorded.errors[path] = reply
    else:
        recorded.replies[path] = reply
    snapshot = take()
    assert gap in snapshot.gaps
    assert {each.subject for each in snapshot.gaps} == {"shop-db-1"}
    assert named(snapshot, "web").memory is not None
    if leaf == "json":
        assert "db" not in {each.service for each in snapshot.containers}
    else:
        assert named(snapshot, "db").memory is None
    assert CANARY not in format_snapshot(snapshot)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/info", "engine"),
        ("/containers/json", "containers"),
        ("/images/json", "images"),
        ("/volumes", "volumes"),
        ("/system/df", "disk"),
        ("/events", "events"),
    ],
)
def test_a_source_that_fails_is_a_gap(
    take: Take, recorded: RecordedEngine, path: str, source: str
) -> None:
    whole = take()
    recorded.errors[path] = 500
    snapshot = take()
    assert snapshot.gaps == (Gap(source=source, reason="The engine answered with error 500."),)
    parts = {"engine", "containers", "images", "volumes", "disk"} - {source}
    if source == "containers":
        parts -= {"images", "volumes"}
    if source == "disk":
        parts -= {"volumes", "containers"}  # their sizes stand in the same answer
    if source in ("engine", "events"):
        # Without the engine's own time it cannot be asked for the past.
        assert {each.past for each in snapshot.containers} == {None}
        assert without_past(snapshot) == without_past(whole)
        parts -= {"containers"}
    for part in sorted(parts):
        assert getattr(snapshot, part) == getattr(whole, part), part


def test_a_slow_account_of_disk_use_does_not_hold_up_the_rest(
    take: Take, recorded: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_module, "_DISK_PATIENCE", 0.1)
    recorded.replies["/system/df"] = Hangs()
    snapshot = take()
    reason = "The engine did not answer within 10 seconds."
    assert snapshot.gaps == (Gap(source="disk", reason=reason),)
    assert snapshot.disk is None
    assert len(snapshot.containers) == 4


def test_podman_reports_usage_alone(take: Take, recorded: RecordedEngine) -> None:
    """Podman 4.3: no cache figures, ``Health.Log`` null, layers of no size, no CPU periods."""
    recorded.replies["/version"]["Components"] = [{"Name": "Podman Engine", "Version": "4.3.1"}]
    recorded.replies["/system/df"]["LayersSize"] = 0
    for name in ("shop-web-1", "shop-db-1", "shop-llm-1"):
        stats = recorded.replies[recorded.of_container(name, "stats")]
        stats["memory_stats"] = {"usage": 5_000_000, "limit": 25_276_514_304}
        recorded.replies[recorded.of_container(name, "json")]["State"]["Health"] = {
            "Status": "",
            "FailingStreak": 0,
            "Log": None,
        }
    snapshot = take()
    memory = named(snapshot, "llm").memory
    assert snapshot.gaps == ()
    assert snapshot.engine is not None
    assert snapshot.engine.components == ("Podman Engine",)
    assert memory is not None
    assert memory.usage == memory.shown == 5_000_000
    assert (memory.limit, memory.inactive_file, memory.shared) == (None, None, None)
    assert named(snapshot, "llm").health is None
    assert snapshot.disk is not None
    assert snapshot.disk.layers is None


def test_an_image_in_containerds_store_is_as_large_as_its_history(
    take: Take, recorded: RecordedEngine
) -> None:
    before = take()
    recorded.replies["/info"]["DriverStatus"] = [["driver-type", "io.containerd.snapshotter.v1"]]
    for image in recorded.replies["/images/json"]:
        recorded.replies[f"/images/{image['Id']}/json"]["Size"] = 1
    snapshot = take()
    assert snapshot.images == before.images
    assert snapshot.engine is not None
    assert snapshot.engine.containerd_store is True


def test_without_history_a_classic_store_still_knows_the_size(
    take: Take, recorded: RecordedEngine
) -> None:
    before = {each.name: each.size for each in take().images}
    recorded.errors[recorded.of_image("shop/web:1", "history")] = 500
    snapshot = take()
    assert {each.name: each.size for each in snapshot.images} == before
    assert [(each.source, each.subject) for each in snapshot.gaps] == [("history", "shop/web:1")]


def test_without_history_containerds_store_does_not(take: Take, recorded: RecordedEngine) -> None:
    recorded.replies["/info"]["DriverStatus"] = [["driver-type", "io.containerd.snapshotter.v1"]]
    recorded.errors[recorded.of_image("shop/web:1", "history")] = 500
    snapshot = take()
    assert [each.name for each in snapshot.images] == ["shop/api:1", "shop/base:1"]
    assert [(each.source, each.subject) for each in snapshot.gaps] == [
        ("history", "shop/web:1"),
        ("images", "shop/web:1"),
    ]


def test_containers_of_others_leave_no_trace(
    take: Take, recorded: RecordedEngine, folder: Path
) -> None:
    """Another project that was started from this folder is guessed first, and fails."""
    web = recorded.container("shop-web-1")
    stranger = copy.deepcopy(recorded.replies["/containers/json"][0])
    stranger |= {"Id": "f" * 64, "Names": ["/stranger"], "State": "running"}
    stranger["Labels"] |= {PROJECT_LABEL: "stranger", FOLDER_LABEL: str(folder)}
    run = copy.deepcopy(stranger) | {"Id": "e" * 64, "Names": ["/shop-run"]}
    run["Labels"] |= {PROJECT_LABEL: "shop", ONEOFF_LABEL: "True", FOLDER_LABEL: "/elsewhere"}
    recorded.replies["/containers/json"] += [stranger, run]
    snapshot = take()
    assert (snapshot.engine and snapshot.engine.api_version, f"/containers/{'f' * 64}/stats") in (
        recorded.asked
    )
    assert [each.id for each in snapshot.containers if each.id == web[:12]] == [web[:12]]
    assert len(snapshot.containers) == 4
    assert snapshot.gaps == ()
    assert "stranger" not in format_snapshot(snapshot)
